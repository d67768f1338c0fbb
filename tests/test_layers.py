"""The layers in one table: against torch, by finite differences, by law, at edges."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import EPS, SHAPES, TOLERANCE
from hypothesis import given
from hypothesis import strategies as st

import normlib as nl


class Layer(NamedTuple):
    """A layer, torch's version of it, and the shape of its gamma, given that of x."""

    forward: Callable
    backward: Callable
    torch: Callable
    gamma_shape: Callable
    parameters: int = 2  # gamma and beta


def channels(shape):
    return shape[1:2]


LAYERS = {
    "batch": Layer(
        nl.batch_norm,
        nl.batch_norm_backward,
        lambda x, g, b, eps: F.batch_norm(x, None, None, g, b, training=True, eps=eps),
        channels,
    ),
    "instance": Layer(
        nl.instance_norm,
        nl.instance_norm_backward,
        lambda x, g, b, eps: F.instance_norm(x, weight=g, bias=b, eps=eps),
        channels,
    ),
    "group": Layer(
        lambda x, g, b, eps=1e-5: nl.group_norm(x, g, b, 2, eps),
        nl.group_norm_backward,
        lambda x, g, b, eps: F.group_norm(x, 2, g, b, eps),
        channels,
    ),
    "layer": Layer(
        nl.layer_norm,
        nl.layer_norm_backward,
        lambda x, g, b, eps: F.layer_norm(x, g.shape, g, b, eps),
        lambda shape: shape[-1:],
    ),
    "layer_over_sample": Layer(
        nl.layer_norm,
        nl.layer_norm_backward,
        lambda x, g, b, eps: F.layer_norm(x, g.shape, g, b, eps),
        lambda shape: shape[1:],
    ),
    "rms": Layer(
        nl.rms_norm,
        nl.rms_norm_backward,
        lambda x, g, eps: F.rms_norm(x, g.shape, g, eps),
        lambda shape: shape[-1:],
        parameters=1,
    ),
}
each_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
each_case = pytest.mark.parametrize(
    ("layer", "shape"),
    [
        pytest.param(layer, shape, id=f"{name}-{'x'.join(map(str, shape))}")
        for name, layer in LAYERS.items()
        for shape in SHAPES
        if name != "instance" or len(shape) > 2
    ],
)
SEEDS = st.integers(0, 2**32 - 1)
SHAPE = st.tuples(
    st.integers(2, 6),
    st.sampled_from([2, 4, 6]),  # two groups
    st.integers(2, 5),
    st.integers(1, 4),
)


def draw(layer, shape, rng, dtype=np.float64):
    """Return random x, parameters and dy; no gamma is 1, no beta 0, no mean 0."""
    x, dy = rng.normal(3, 2, shape), rng.standard_normal(shape)
    parameters = rng.normal(2, 1, (layer.parameters, *layer.gamma_shape(shape)))
    return x.astype(dtype), list(parameters.astype(dtype)), dy.astype(dtype)


def plain(layer, x, eps=1e-5):
    """Return what the layer gives with gamma = 1 and beta = 0."""
    shape = layer.gamma_shape(x.shape)
    parameters = [np.ones(shape), np.zeros(shape)][: layer.parameters]
    return layer.forward(x, *parameters, eps)[0]


def assert_agrees_with_torch(layer, x, parameters, dy):
    """Compare y, and the gradients of x and the parameters, with torch's."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, *parameters)]
    expected = layer.torch(*leaves, EPS)
    y, cache = layer.forward(x, *parameters, EPS)
    np.testing.assert_allclose(y, expected.detach(), **TOLERANCE["float64"])
    gradients = torch.autograd.grad(expected, leaves, torch.tensor(dy))
    for ours, theirs in zip(layer.backward(dy, cache), gradients, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, **TOLERANCE["float64"])


# oracle


@each_case
def test_forward_matches_torch(layer, shape, rng):
    x, parameters, _ = draw(layer, shape, rng)
    y, _ = layer.forward(x, *parameters, EPS)
    expected = layer.torch(*map(torch.tensor, (x, *parameters)), EPS)
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])


@each_case
def test_backward_matches_autograd(layer, shape, rng):
    assert_agrees_with_torch(layer, *draw(layer, shape, rng))


@each_layer
@given(seed=SEEDS, shape=SHAPE)
def test_forward_and_backward_match_torch_for_any_shape(layer, seed, shape):
    assert_agrees_with_torch(layer, *draw(layer, shape, np.random.default_rng(seed)))


@each_layer
def test_default_eps_is_that_of_torch(layer, rng):
    x, parameters, _ = draw(layer, (5, 6, 2, 3), rng)
    y, _ = layer.forward(x / 100, *parameters)
    expected = layer.torch(*map(torch.tensor, (x / 100, *parameters)), 1e-5)
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])


# gradient


@each_case
def test_backward_passes_gradcheck(layer, shape, rng):
    class ByHand(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            arrays = [tensor.detach().numpy() for tensor in inputs]
            y, ctx.cache = layer.forward(*arrays, EPS)
            return torch.from_numpy(y)

        @staticmethod
        def backward(ctx, dy):
            return tuple(map(torch.from_numpy, layer.backward(dy.numpy(), ctx.cache)))

    x, parameters, _ = draw(layer, shape, rng)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, *parameters)]
    assert torch.autograd.gradcheck(ByHand.apply, leaves)


# law


@given(SEEDS, SHAPE, st.floats(1e-6, 1))
def test_each_channel_gets_mean_beta_and_deviation_gamma(seed, shape, eps):
    x, (gamma, beta), _ = draw(LAYERS["batch"], shape, np.random.default_rng(seed))
    y, _ = nl.batch_norm(x, gamma, beta, eps)
    var = x.var(axis=(0, 2, 3))
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), beta, atol=1e-12)
    np.testing.assert_allclose(
        y.var(axis=(0, 2, 3)), gamma**2 * var / (var + eps), atol=1e-12
    )


@pytest.mark.parametrize("name", ["layer", "layer_over_sample", "group", "instance"])
@given(
    seed=SEEDS,
    shape=SHAPE.filter(lambda shape: shape[-1] > 1),
    scale=st.floats(0.1, 10),
    sign=st.sampled_from([-1, 1]),
    shift=st.floats(-9, 9),
)
def test_affine_map_of_a_sample_leaves_only_its_sign(
    name, seed, shape, scale, sign, shift
):
    x = np.random.default_rng(seed).standard_normal(shape)
    x[..., 0] += 30 * np.arange(shape[2])  # keeps every variance far from 0
    x[..., 1] -= 30
    y = plain(LAYERS[name], x, eps=1e-14)
    mapped = plain(LAYERS[name], sign * scale * x + shift, eps=1e-14)
    np.testing.assert_allclose(mapped, sign * y, atol=1e-8)


@given(SEEDS, st.floats(0.1, 10), st.sampled_from([-1, 1]))
def test_rms_norm_ignores_scale_but_not_shift(seed, scale, sign):
    x = np.random.default_rng(seed).normal(1, 1, (7, 4))
    y = plain(LAYERS["rms"], x, eps=1e-14)
    mapped = plain(LAYERS["rms"], sign * scale * x, eps=1e-14)
    np.testing.assert_allclose(mapped, sign * y, atol=1e-9)
    assert np.abs(plain(LAYERS["rms"], x + 9, eps=1e-14) - y).max() > 0.1


@pytest.mark.parametrize("name", ["batch", "instance"])
@given(seed=SEEDS, shape=SHAPE)
def test_gradient_of_a_channel_sums_to_0(name, seed, shape):
    layer = LAYERS[name]
    x, parameters, dy = draw(layer, shape, np.random.default_rng(seed))
    _, cache = layer.forward(x, *parameters, EPS)
    dx = layer.backward(dy, cache)[0]
    np.testing.assert_allclose(dx.sum(axis=cache.axes), 0, atol=1e-11)


@pytest.mark.parametrize("eps", [1e-2, 1e-5, 1e-8])
def test_gradient_is_orthogonal_to_x_hat_up_to_eps(eps, rng):
    x, (gamma, beta), dy = draw(LAYERS["batch"], (50, 3), rng)
    _, cache = nl.batch_norm(x, gamma, beta, eps)
    dx = nl.batch_norm_backward(dy, cache)[0]
    along = np.abs((dx * cache.x_hat).sum(axis=0))
    assert (along < 20 * eps).all()
    assert (along > 0).all()


@given(SEEDS, SHAPE)
def test_batch_norm_of_one_sample_is_instance_norm(seed, shape):
    x, parameters, _ = draw(LAYERS["batch"], shape, np.random.default_rng(seed))
    together = nl.instance_norm(x, *parameters, EPS)[0]
    alone = [nl.batch_norm(x[[i]], *parameters, EPS)[0] for i in range(len(x))]
    np.testing.assert_allclose(together, np.concatenate(alone), **TOLERANCE["float64"])


@given(SEEDS, SHAPE)
def test_one_group_is_layer_norm_and_one_channel_a_group_is_instance_norm(seed, shape):
    x, (gamma, beta), _ = draw(LAYERS["batch"], shape, np.random.default_rng(seed))
    over_sample = [np.broadcast_to(p[:, None, None], shape[1:]) for p in (gamma, beta)]
    for num_groups, expected in {
        1: nl.layer_norm(x, *over_sample, EPS)[0],
        shape[1]: nl.instance_norm(x, gamma, beta, EPS)[0],
    }.items():
        y, _ = nl.group_norm(x, gamma, beta, num_groups, EPS)
        np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])


@pytest.mark.parametrize("name", sorted(set(LAYERS) - {"batch"}))
def test_sample_does_not_see_its_neighbors(name, rng):
    layer = LAYERS[name]
    x, parameters, _ = draw(layer, (5, 6, 2, 3), rng)
    together, _ = layer.forward(x, *parameters, EPS)
    alone, _ = layer.forward(x[:1], *parameters, EPS)
    np.testing.assert_allclose(together[:1], alone, **TOLERANCE["float64"])


# edge: numbers

LARGE = {  # 4,096 to 16,384 values per statistic, and the two-dimensional batches
    "batch": [(16384, 4), (16, 4, 32, 32)],
    "instance": [(2, 4, 64, 64)],
    "group": [(2, 4, 64, 64), (64, 4096)],
    "layer": [(16384, 4), (4, 16384), (4, 16381)],  # 16381 is prime
    "layer_over_sample": [(4, 8, 32, 32)],
    "rms": [(16384, 4), (4, 16384)],
}
each_large = pytest.mark.parametrize(
    ("layer", "shape"),
    [
        pytest.param(LAYERS[name], shape, id=f"{name}-{'x'.join(map(str, shape))}")
        for name, shapes in LARGE.items()
        for shape in shapes
    ],
)


@pytest.mark.parametrize("offset", [0, 1e2, 1e4, 1e6])
@each_large
def test_float32_is_right_at_any_offset(layer, shape, offset, rng):
    x = (offset + rng.standard_normal(shape)).astype(np.float32)
    y = plain(layer, x)
    assert y.dtype == np.float32
    exact = plain(layer, x.astype(np.float64))
    np.testing.assert_allclose(y, exact, rtol=0, atol=2e-6)


@each_large
def test_float32_gradients_are_right_at_offset_1e6(layer, shape, rng):
    x, parameters, dy = draw(layer, shape, rng, np.float32)
    x += np.float32(1e6)
    _, cache = layer.forward(x, *parameters, EPS)
    wide = [a.astype(np.float64) for a in (x, *parameters)]
    _, exact_cache = layer.forward(*wide, EPS)
    exact = layer.backward(dy.astype(np.float64), exact_cache)
    for ours, theirs in zip(layer.backward(dy, cache), exact, strict=True):
        assert ours.dtype == np.float32
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(set(LAYERS) - {"rms"}))
def test_constant_channel_gives_exactly_beta(name, dtype):
    layer, x = LAYERS[name], np.full((37, 4, 5, 3), 1e4 + 1 / 3, dtype)
    shape = layer.gamma_shape(x.shape)
    beta = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    y, _ = layer.forward(x, np.full(shape, 7.0), beta)
    per_channel = name in ("batch", "instance", "group")
    expected = beta[:, None, None] if per_channel else beta
    np.testing.assert_allclose(y, np.broadcast_to(expected, x.shape), rtol=0)


def test_two_values_become_plus_and_minus_1():
    y = plain(LAYERS["batch"], np.array([[3.0], [9.0]]), eps=1e-12)
    np.testing.assert_allclose(y, [[-1], [1]], rtol=1e-12)


# edge: arrays


@each_case
def test_memory_layout_does_not_matter(layer, shape, rng):
    x, parameters, dy = draw(layer, shape, rng)
    y, cache = layer.forward(x, *parameters, EPS)
    expected = [y, *layer.backward(dy, cache)]
    strided = [np.repeat(a, 2, axis=-1)[..., ::2] for a in (x, dy)]
    for other_x, other_dy in (map(np.asfortranarray, (x, dy)), strided):
        y, cache = layer.forward(other_x, *parameters, EPS)
        for ours, theirs in zip(
            [y, *layer.backward(other_dy, cache)], expected, strict=True
        ):
            np.testing.assert_allclose(ours, theirs, **TOLERANCE["float64"])


@each_case
def test_inputs_and_cache_never_change(layer, shape, rng):
    x, parameters, dy = draw(layer, shape, rng)
    copies = [a.copy() for a in (x, *parameters, dy)]
    for a in (x, *parameters, dy):
        a.setflags(write=False)
    y, cache = layer.forward(x, *parameters, EPS)
    for a in cache[:3]:
        a.setflags(write=False)
    once, twice = layer.backward(dy, cache), layer.backward(dy, cache)
    for ours, again in zip(once, twice, strict=True):
        np.testing.assert_allclose(ours, again, rtol=0)
    for a, copy in zip((x, *parameters, dy), copies, strict=True):
        np.testing.assert_allclose(a, copy, rtol=0)
        assert not np.shares_memory(a, y)


def test_lists_and_float32_parameters_are_welcome(rng):
    x = rng.standard_normal((7, 2))
    y, _ = nl.batch_norm(x, [2, 3], np.float32([0.5, 1]), EPS)
    expected, _ = nl.batch_norm(x, np.array([2.0, 3.0]), np.array([0.5, 1.0]), EPS)
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])
    assert y.dtype == np.float64


# edge: errors


@each_layer
@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "complex128"])
def test_other_dtypes_raise(layer, dtype):
    with pytest.raises(TypeError, match=f"x: expected a floating dtype, got {dtype}"):
        plain(layer, np.ones((5, 6, 2, 3), dtype))


@each_layer
@pytest.mark.parametrize("shape", [(0, 6, 2, 3), (5, 6, 0, 3)])
def test_empty_batch_raises(layer, shape):
    with pytest.raises(ValueError, match="expected a batch with values in it, got sha"):
        plain(layer, np.ones(shape))


@each_layer
@pytest.mark.parametrize("eps", [0, -1e-5, float("nan")])
def test_eps_that_is_not_positive_raises(layer, eps):
    with pytest.raises(ValueError, match=f"eps must be positive, got {eps}"):
        plain(layer, np.ones((5, 6, 2, 3)), eps)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("batch", (1, 4), "per channel when training, got 1: .* batch_norm_inference"),
        ("batch", (1, 4, 1, 1), "per channel when training, got 1: .* group_norm"),
        ("instance", (5, 4, 1), "per channel of a sample when training, got 1"),
        ("group", (5, 2), "per group of a sample when training, got 1: .* fewer grou"),
    ],
)
def test_one_value_per_statistic_raises(name, shape, words):
    with pytest.raises(ValueError, match=f"Expected more than 1 value {words}"):
        plain(LAYERS[name], np.ones(shape))


@pytest.mark.parametrize(
    ("name", "shape", "ndim"),
    [("batch", (4,), 2), ("instance", (7, 4), 3), ("group", (4,), 2), ("layer", (), 1)],
)
def test_too_few_axes_raise(name, shape, ndim):
    gamma, beta = np.ones(4), np.zeros(4)
    with pytest.raises(ValueError, match=rf"expected at least {ndim}D input, got \dD"):
        LAYERS[name].forward(np.ones(shape), gamma, beta)


@pytest.mark.parametrize("num_groups", [0, -2, 4, 12])
def test_groups_that_do_not_divide_the_channels_raise(num_groups):
    words = rf"got 6 channels and {num_groups} groups; try one of \[1, 2, 3, 6\]"
    with pytest.raises(ValueError, match=words):
        nl.group_norm(np.ones((5, 6, 2)), np.ones(6), np.zeros(6), num_groups)


@pytest.mark.parametrize("wrong", [(), (1,), (5,), (4, 1)])
@pytest.mark.parametrize("which", [0, 1])
@each_layer
def test_parameter_of_the_wrong_shape_raises(layer, which, wrong, rng):
    x, parameters, _ = draw(layer, (7, 4, 2, 6), rng)
    which = min(which, layer.parameters - 1)
    parameters[which] = np.ones(wrong)
    with pytest.raises(ValueError, match=f"{('gamma', 'beta')[which]} must have .*sha"):
        layer.forward(x, *parameters)


@each_layer
def test_gradient_of_the_wrong_shape_or_dtype_raises(layer, rng):
    x, parameters, dy = draw(layer, (5, 6, 2, 3), rng)
    _, cache = layer.forward(x, *parameters)
    with pytest.raises(ValueError, match=r"dy must have the shape of y, \(.*\); got"):
        layer.backward(dy[:1], cache)
    with pytest.raises(TypeError, match="dy: expected a floating dtype, got int64"):
        layer.backward(dy.astype(int), cache)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("batch", "in channel 4: nothing was updated"),
        ("instance", r"in the groups \(indices on axes \[0, 1\]\) \(3, 4\): nothing"),
        ("group", r"in the groups \(indices on axes \[0, 1\]\) \(3, 1\): nothing"),
        ("layer", r"in the groups .* \[0, 1, 2\]\) \(3, 4, 1\): nothing"),
        ("layer_over_sample", "in sample 3: nothing was updated"),
        ("rms", r"in the groups .* \[0, 1, 2\]\) \(3, 4, 1\): nothing"),
    ],
)
def test_bad_numbers_raise_and_are_located(name, value, words, rng):
    x = rng.standard_normal((5, 6, 2, 3))
    x[3, 4, 1, 2] = value
    with pytest.raises(FloatingPointError, match=f"NaN, infinity or overflow {words}"):
        plain(LAYERS[name], x)


def test_at_most_ten_bad_channels_are_listed():
    x = np.full((3, 12), np.nan)
    with pytest.raises(FloatingPointError, match=r"channel 0, 1, .* 8, 9, \.\.\.: not"):
        plain(LAYERS["batch"], x)
