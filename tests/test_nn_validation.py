"""What torch layers refuse, in which words, and that nothing has changed by then."""

import pytest
import torch
from torch.testing import assert_close

from normlib.nn import BatchRenorm1d, BatchRenorm2d, BatchRenorm3d
from normlib.nn.validation import (
    require_batch,
    require_finite_statistics,
    require_settings,
    require_two_per_channel,
)

RENORM = [BatchRenorm1d, BatchRenorm2d, BatchRenorm3d]
SHAPES = [(5, 4), (5, 4, 3, 3), (5, 4, 2, 3, 3)]


@pytest.mark.parametrize(
    ("layer", "x", "error", "words"),
    [
        (BatchRenorm1d, torch.ones(5, 4, 3, 3), ValueError,
         r"expected 2D or 3D input \(got 4D input\).*channels on axis 1.*\(5, 4, 3, 3"),
        (BatchRenorm2d, torch.ones(5, 4), ValueError, r"expected 4D input \(got 2D in"),
        (BatchRenorm3d, torch.ones(5, 4), ValueError, r"expected 5D input \(got 2D in"),
        (BatchRenorm1d, torch.ones(5, 3), ValueError,
         r"should contain 3 elements not 4: axis 1 of x, shape \(5, 3\), has 3 channels"
         r" and the layer was built with num_features = 4"),
        (BatchRenorm1d, torch.ones(1, 4), ValueError,
         r"Expected more than 1 value per channel when training, got 1: .*eval\(\).*"
         r"drop_last=True.*nn\.GroupNorm"),
        (BatchRenorm2d, torch.ones(1, 4, 1, 1), ValueError, "training, got 1"),
        (BatchRenorm1d, torch.ones(0, 4), ValueError, "training, got 0"),
        (BatchRenorm2d, torch.ones(5, 4, 0, 3), ValueError, "training, got 0"),
        (BatchRenorm1d, torch.ones(5, 4, dtype=torch.int64), TypeError,
         r"expected a floating dtype, got int64; try x\.float\(\)"),
        (BatchRenorm1d, torch.ones(5, 4, dtype=torch.bool), TypeError, "got bool"),
        (BatchRenorm1d, torch.ones(5, 4) * 1j, TypeError, "got complex64"),
    ],
)  # fmt: skip
def test_bad_input_raises_and_changes_nothing(layer, x, error, words):
    layer = layer(4)
    before = {name: t.clone() for name, t in layer.state_dict().items()}
    with pytest.raises(error, match=words):
        layer(x)
    assert_close(dict(layer.state_dict()), before, rtol=0, atol=0)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf, 1e30])
@pytest.mark.parametrize(("kind", "shape"), list(zip(RENORM, SHAPES, strict=True)))
def test_bad_numbers_raise_and_change_no_bit(kind, shape, value, rng):
    layer, x = kind(4), torch.tensor(rng.normal(0, 1, shape), dtype=torch.float32)
    layer(x)
    before = {name: t.clone() for name, t in layer.state_dict().items()}
    x[2, 1] = x[3, 3] = value
    with pytest.raises(FloatingPointError, match="in channel 1, 3: nothing was upd"):
        layer(x)
    assert_close(dict(layer.state_dict()), before, rtol=0, atol=0)


def test_one_value_per_channel_is_fine_in_inference():
    assert BatchRenorm1d(4).eval()(torch.ones(1, 4)).shape == (1, 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"eps": 0.0}, "eps must be positive, got 0.0"),
        ({"eps": -1.0}, "eps must be positive, got -1.0"),
        ({"eps": float("nan")}, "eps must be positive, got nan"),
        ({"momentum": 1.1}, r"in \[0, 1\] or None, got 1.1"),
        ({"momentum": -0.1}, r"in \[0, 1\] or None, got -0.1"),
        ({"r_max": 0.9}, "need r_max >= 1 and d_max >= 0 .* got r_max = 0.9"),
        ({"d_max": -0.1}, "need r_max >= 1 and d_max >= 0 .* d_max = -0.1"),
        ({"r_end": 4999}, "r_end = 4999 and d_end = 25000 must be >= start=5000"),
        ({"d_end": 9}, "r_end = 40000 and d_end = 9 must be >= start=5000"),
        ({"track_running_stats": False}, "track_running_stats must be True; without"),
    ],
)
@pytest.mark.parametrize("kind", RENORM)
def test_bad_arguments_raise_at_construction(kind, arguments, words):
    with pytest.raises(ValueError, match=words):
        kind(4, **arguments)


def test_settings_at_their_bounds_pass():
    for momentum in (0, 1, None):
        require_settings(1e-30, momentum)


def test_synchronized_layers_may_take_ranks_2_to_5_and_nothing():
    for shape in [(0, 4), (2, 4, 1), (2, 4, 1, 1), (2, 4, 1, 1, 1)]:
        require_batch(torch.ones(shape), 4, (2, 3, 4, 5))
    require_two_per_channel(2)


def test_statistics_that_are_large_but_finite_pass():
    require_finite_statistics(torch.full((9,), -3e38), torch.full((9,), 3e38))


def test_many_bad_channels_are_cut_short():
    bad = torch.full((12,), torch.nan)
    with pytest.raises(FloatingPointError, match=r"channel 0, 1, .*, 8, 9, \.\.\.: no"):
        require_finite_statistics(torch.zeros(12), bad)
