"""Channel statistics of tensors, against float64, in every layout and at any offset."""

import pytest
import torch
from torch.testing import assert_close

from normlib.nn.statistics import channel_moments

# Columns: no positions, few, channels last. Rows: many positions, contiguous or not.
LAYOUTS = {
    "matrix": lambda x: x.flatten(2).movedim(1, -1).reshape(-1, x.shape[1]),
    "sequence": lambda x: x.flatten(2),
    "tiny map": lambda x: x.reshape(-1, 2, 2, x.shape[1]).movedim(-1, 1).contiguous(),
    "map": lambda x: x,
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(0, 1).contiguous().transpose(0, 1),
    "volume": lambda x: x.reshape(*x.shape[:2], 2, -1, x.shape[3]),
}
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def draw(rng, offset=0.0, shape=(16, 3, 32, 32)):
    x = torch.tensor(rng.standard_normal(shape))
    return offset + x * torch.tensor([1.0, 2.0, 0.1]).view(1, 3, 1, 1)


def exact(x):
    var, mean = torch.var_mean(x.double(), (0, *range(2, x.ndim)), correction=0)
    return mean, var


@each_layout
@pytest.mark.parametrize(
    ("dtype", "out", "tolerance"),
    [
        (torch.float64, torch.float64, 1e-12),
        (torch.float32, torch.float32, 3e-5),
        (torch.bfloat16, torch.float32, 3e-5),
        (torch.float16, torch.float32, 3e-5),
    ],
)
def test_moments_are_those_of_float64(layout, dtype, out, tolerance, rng):
    x = layout(draw(rng, 0.5).to(dtype))
    mean, var = channel_moments(x)
    assert (mean.dtype, var.dtype) == (out, out)
    for ours, theirs in zip((mean, var), exact(x), strict=True):
        assert_close(ours.double(), theirs, rtol=tolerance, atol=tolerance)


@each_layout
@pytest.mark.parametrize("offset", [30.0, 1e3, 1e5])
def test_offset_costs_few_digits(layout, offset, rng):
    x = layout(draw(rng, offset).float())
    mean, var = channel_moments(x)
    exact_mean, exact_var = exact(x)
    assert_close(mean.double(), exact_mean, rtol=2e-7, atol=1e-5)
    assert_close(var.double(), exact_var, rtol=1e-6 * offset, atol=0)


@pytest.mark.parametrize("layout", ["matrix", "channels last"])
def test_columns_far_from_0_are_better_than_torchs(layout, rng):
    x = LAYOUTS[layout](draw(rng, 1e5).float())
    theirs, _ = torch.batch_norm_update_stats(x, None, None, 0.0)
    ours, _ = channel_moments(x)
    expected, _ = exact(x)
    assert (ours - expected).abs().max() < 0.02
    assert (theirs - expected).abs().max() > 0.2


@each_layout
def test_constant_channel_has_variance_0(layout):
    x = layout(torch.full((16, 3, 32, 32), 1e4 + 1 / 3))
    mean, var = channel_moments(x)
    assert_close(mean, x.flatten()[:3], rtol=1e-6, atol=0)
    assert_close(var, torch.zeros(3), rtol=0, atol=0)


@each_layout
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf, 1e30])
def test_one_bad_number_reaches_the_statistics_of_its_channel_only(layout, value, rng):
    x = draw(rng, 100.0).float()
    x[3, 1, 2, 2] = value
    mean, var = channel_moments(layout(x))
    finite = (mean.isfinite() & var.isfinite()).tolist()
    assert finite == [True, False, True]


@each_layout
def test_statistics_are_outside_of_the_graph_and_x_is_kept(layout, rng):
    x = draw(rng).float()
    before = x.clone()
    mean, var = channel_moments(layout(x.requires_grad_()))
    assert not mean.requires_grad
    assert not var.requires_grad
    assert_close(x.detach(), before, rtol=0, atol=0)
