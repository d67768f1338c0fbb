"""A folded layer against the layer and torch's batch norm at inference."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import EPS, TOLERANCE
from hypothesis import given
from hypothesis import strategies as st

from normlib import RunningStats, batch_norm_inference, fold_batch_norm

# The map, shapes of its weight and input, whether transposed, groups.
MAPS = {
    "linear": (F.linear, (6, 4), (5, 4), False, 1),
    "conv1d": (F.conv1d, (6, 4, 3), (5, 4, 7), False, 1),
    "conv2d-groups": (F.conv2d, (6, 2, 3, 2), (5, 4, 7, 8), False, 2),
    "conv2d-depthwise": (F.conv2d, (4, 1, 3, 3), (5, 4, 7, 8), False, 4),
    "conv3d": (F.conv3d, (6, 4, 1, 2, 3), (5, 4, 3, 4, 5), False, 1),
    "transposed1d": (F.conv_transpose1d, (4, 6, 3), (5, 4, 7), True, 1),
    "transposed2d-groups": (F.conv_transpose2d, (4, 3, 3, 2), (5, 4, 7, 8), True, 2),
    "transposed3d-groups": (
        F.conv_transpose3d,
        (6, 2, 1, 2, 3),
        (5, 6, 3, 4, 5),
        True,
        3,
    ),
}
each_map = pytest.mark.parametrize("case", MAPS.values(), ids=MAPS)


def draw(case, rng):
    """Return the map as a function of (x, weight, bias), and numbers for it."""
    f, shape, x_shape, transposed, groups = case
    channels = shape[1] * groups if transposed else shape[0]
    gamma, beta, bias, mean = rng.normal(1, 0.5, (4, channels))
    stats = RunningStats(mean, rng.uniform(0.1, 4, channels))
    options = {} if f is F.linear else {"groups": groups}

    def apply(x, weight, bias):
        tensors = [None if a is None else torch.tensor(a) for a in (x, weight, bias)]
        return f(*tensors, **options)

    x, weight = rng.standard_normal(x_shape), rng.standard_normal(shape)
    return apply, x, weight, bias, gamma, beta, stats


@pytest.mark.parametrize("has_bias", [True, False])
@each_map
def test_folded_layer_matches_torch_batch_norm_after_it(case, has_bias, rng):
    apply, x, weight, bias, gamma, beta, stats = draw(case, rng)
    bias = bias if has_bias else None
    folded = fold_batch_norm(
        weight, bias, gamma, beta, stats, EPS, transposed=case[3], groups=case[4]
    )
    tensors = map(torch.tensor, (stats.mean, stats.var, gamma, beta))
    expected = F.batch_norm(apply(x, weight, bias), *tensors, training=False, eps=EPS)
    np.testing.assert_allclose(apply(x, *folded), expected, **TOLERANCE["float64"])


@given(st.integers(0, 2**32 - 1))
def test_folded_linear_map_is_the_map_and_our_inference(seed):
    rng = np.random.default_rng(seed)
    _, x, weight, bias, gamma, beta, stats = draw(MAPS["linear"], rng)
    new_weight, new_bias = fold_batch_norm(weight, bias, gamma, beta, stats, EPS)
    unfolded = batch_norm_inference(x @ weight.T + bias, gamma, beta, stats, EPS)
    np.testing.assert_allclose(
        x @ new_weight.T + new_bias, unfolded, **TOLERANCE["float64"]
    )


def test_folding_a_batch_norm_that_does_nothing_changes_nothing(rng):
    weight, bias = rng.standard_normal((6, 4, 3)), rng.standard_normal(6)
    nothing = np.ones(6), np.zeros(6), RunningStats(np.zeros(6), np.ones(6) - EPS)
    folded = fold_batch_norm(weight, bias, *nothing, EPS)
    np.testing.assert_allclose(folded[0], weight, **TOLERANCE["float64"])
    np.testing.assert_allclose(folded[1], bias, **TOLERANCE["float64"])


@each_map
def test_result_has_the_dtype_of_the_weight_and_inputs_never_change(case, rng):
    _, _, weight, *vectors, stats = draw(case, rng)
    arrays = (weight.astype(np.float32), *vectors, stats.mean, stats.var)
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    options = {"transposed": case[3], "groups": case[4]}
    folded = fold_batch_norm(*arrays[:4], stats, EPS, **options)
    assert [a.dtype for a in folded] == [np.float32] * 2
    assert folded[0].shape == weight.shape
    exact = fold_batch_norm(arrays[0].astype(float), *vectors, stats, EPS, **options)
    for ours, theirs in zip(folded, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7)
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_allclose(a, copy, rtol=0)


def test_memory_layout_does_not_matter(rng):
    _, _, weight, *rest = draw(MAPS["transposed2d-groups"], rng)
    options = {"transposed": True, "groups": 2}
    expected, _ = fold_batch_norm(weight, *rest, **options)
    for other in (np.asfortranarray(weight), np.repeat(weight, 2, axis=-1)[..., ::2]):
        folded, _ = fold_batch_norm(other, *rest, **options)
        np.testing.assert_allclose(folded, expected, rtol=0)


@pytest.mark.parametrize("name", ["bias", "gamma", "beta", "stats.mean"])
def test_vector_of_the_wrong_length_raises(name):
    vectors = dict.fromkeys(("bias", "gamma", "beta", "stats.mean"), np.ones(6))
    vectors[name] = np.ones(1)
    bias, gamma, beta, mean = vectors.values()
    stats = RunningStats(mean, np.ones(len(mean)))
    words = rf"{name} must have shape \(6,\), .* of weight \(6, 4\) .*; got \(1,\)"
    with pytest.raises(ValueError, match=words):
        fold_batch_norm(np.ones((6, 4)), bias, gamma, beta, stats)


@pytest.mark.parametrize(
    ("weight", "options", "error", "words"),
    [
        (np.ones((6, 4), int), {}, TypeError, "weight: expected a floating dtype, got"),
        (np.ones((6, 4)), {"eps": 0.0}, ValueError, "eps must be positive, got 0.0"),
        (
            np.ones(6),
            {},
            ValueError,
            r"weight must have at least 2 axes, got shape \(6",
        ),
        (
            np.ones((5, 3, 2)),
            {"transposed": True, "groups": 2},
            ValueError,
            r"5 input channels of weight \(5, 3, 2\) .* 2 groups",
        ),
    ],
)
def test_bad_weight_or_eps_raises(weight, options, error, words):
    with pytest.raises(error, match=words):
        fold_batch_norm(
            weight, None, np.ones(6), np.ones(6), RunningStats.initial(6), **options
        )


@pytest.mark.parametrize("stats", [None, (np.zeros(6), np.ones(6))], ids=str)
def test_statistics_other_than_those_of_inference_raise(stats):
    words = "stats must be RunningStats.* a batch's own statistics change with the"
    with pytest.raises(ValueError, match=words):
        fold_batch_norm(np.ones((6, 4)), None, np.ones(6), np.ones(6), stats)
