"""The kernel: against torch, against its own laws, on arrays and on tensors."""

import numpy as np
import pytest
import torch
from conftest import EPS, SHAPES, TOLERANCE
from hypothesis import given
from hypothesis import strategies as st

from normlib import merge_moments, moments, normalize, normalize_vjp

SEEDS = st.integers(0, 2**32 - 1)
SHAPE = st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple)

# Leading, trailing, middle, scattered and negative axes.
AXES = [
    ((7, 4), (0,)),
    ((7, 4), (1,)),
    ((3, 4, 5), (1,)),
    ((3, 4, 5), (0, 2)),
    ((3, 4, 5), (2, 1)),
    ((3, 4, 5), (-1,)),
    ((5, 6, 2, 3), (0, 2, 3)),
    ((5, 6, 2, 3), (2, 3)),
    ((5, 6, 2, 3), (0, 1, 2, 3)),
    ((5, 6, 2, 3), (0, 2)),
    ((1030, 3), (0,)),  # more rows than 32 blocks of 32
]


def autograd(x, dx_hat, axes, center):
    """Return x_hat and dx of torch's own operations."""
    x = torch.tensor(x, requires_grad=True)
    if center:
        var, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
        x_hat = (x - mean) / torch.sqrt(var + EPS)
    else:
        x_hat = x / torch.sqrt((x * x).mean(axes, keepdim=True) + EPS)
    x_hat.backward(torch.tensor(dx_hat))
    return x_hat.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize(("shape", "axes"), AXES)
def test_moments_match_torch(shape, axes, rng):
    x = rng.normal(3, 2, shape)
    var, mean = torch.var_mean(torch.tensor(x), axes, correction=0, keepdim=True)
    np.testing.assert_allclose(moments(x, axes)[0], mean, **TOLERANCE["float64"])
    np.testing.assert_allclose(moments(x, axes)[1], var, **TOLERANCE["float64"])


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("shape", "axes"), AXES)
def test_normalize_and_its_vjp_match_autograd(shape, axes, center, rng):
    x, dx_hat = rng.normal(3, 2, shape), rng.standard_normal(shape)
    x_hat, inv_std = normalize(x, axes, EPS, center=center)
    dx = normalize_vjp(dx_hat, x_hat, inv_std, axes, center=center)
    expected_x_hat, expected_dx = autograd(x, dx_hat, axes, center)
    np.testing.assert_allclose(x_hat, expected_x_hat, **TOLERANCE["float64"])
    np.testing.assert_allclose(dx, expected_dx, **TOLERANCE["float64"])


def test_merged_moments_match_numpy_on_unequal_groups(rng):
    groups = [rng.normal(i, 1 + i, (n, 3)) for i, n in enumerate((2, 7, 1, 30))]
    counts = np.array([len(g) for g in groups])
    means = np.array([g.mean(axis=0) for g in groups])
    variances = np.array([g.var(axis=0) for g in groups])
    count, mean, var = merge_moments(counts, means, variances)
    whole = np.concatenate(groups)
    assert count == 40
    np.testing.assert_allclose(mean, whole.mean(axis=0), **TOLERANCE["float64"])
    np.testing.assert_allclose(var, whole.var(axis=0), **TOLERANCE["float64"])


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("shape", "axes"), AXES[:-1])
def test_kernel_gives_the_same_numbers_on_tensors(shape, axes, center, rng):
    x, dx_hat = rng.normal(3, 2, shape), rng.standard_normal(shape)
    on_arrays = normalize(x, axes, EPS, center=center)
    on_tensors = normalize(torch.tensor(x), axes, EPS, center=center)
    on_arrays += (normalize_vjp(dx_hat, *on_arrays, axes, center=center),)
    dx = normalize_vjp(torch.tensor(dx_hat), *on_tensors, axes, center=center)
    for array, tensor in zip(on_arrays, (*on_tensors, dx), strict=True):
        torch.testing.assert_close(tensor, torch.tensor(array), rtol=0, atol=1e-13)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("shape", "axes"), AXES[:-1])
def test_autograd_through_normalize_gives_its_vjp(shape, axes, center, rng):
    x = torch.tensor(rng.normal(3, 2, shape), requires_grad=True)
    dx_hat = torch.tensor(rng.standard_normal(shape))
    x_hat, inv_std = normalize(x, axes, EPS, center=center)
    (dx,) = torch.autograd.grad(x_hat, x, dx_hat)
    by_hand = normalize_vjp(
        dx_hat, x_hat.detach(), inv_std.detach(), axes, center=center
    )
    torch.testing.assert_close(by_hand, dx, **TOLERANCE["float64"])


def test_merge_moments_gives_the_same_numbers_on_tensors(rng):
    groups = np.array([2, 7, 4]), rng.normal(9, 2, (3, 5)), rng.random((3, 5))
    for array, tensor in zip(
        merge_moments(*groups), merge_moments(*map(torch.tensor, groups)), strict=True
    ):
        np.testing.assert_allclose(tensor, array, **TOLERANCE["float64"])


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_vjp_passes_gradcheck(shape, center, rng):
    class Normalize(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x_hat, ctx.inv_std = normalize(x, (0,), EPS, center=center)
            ctx.save_for_backward(x_hat)
            return x_hat

        @staticmethod
        def backward(ctx, dx_hat):
            (x_hat,) = ctx.saved_tensors
            return normalize_vjp(dx_hat, x_hat, ctx.inv_std, (0,), center=center)

    x = torch.tensor(rng.standard_normal(shape), requires_grad=True)
    assert torch.autograd.gradcheck(Normalize.apply, x)


@given(SEEDS, SHAPE, st.floats(1e-6, 10))
def test_x_hat_has_mean_0_and_variance_v_over_v_plus_eps(seed, shape, eps):
    x = np.random.default_rng(seed).normal(3, 2, shape)
    x_hat, inv_std = normalize(x, (0, len(shape) - 1), eps)
    var = x.var(axis=(0, -1), keepdims=True)
    np.testing.assert_allclose(x_hat.mean(axis=(0, -1)), 0, atol=1e-12)
    np.testing.assert_allclose(
        x_hat.var(axis=(0, -1), keepdims=True), var / (var + eps), atol=1e-12
    )
    np.testing.assert_allclose(inv_std, 1 / np.sqrt(var + eps), rtol=1e-12)


@given(SEEDS, SHAPE, st.floats(1e-6, 10))
def test_vjp_loses_the_constant_and_keeps_eps_of_x_hat(seed, shape, eps):
    rng = np.random.default_rng(seed)
    x, dx_hat = rng.normal(3, 2, shape), rng.standard_normal(shape)
    x_hat, inv_std = normalize(x, (0,), eps)
    dx = normalize_vjp(dx_hat, x_hat, inv_std, (0,))
    kept = eps * inv_std**3 * (dx_hat * x_hat).sum(axis=0, keepdims=True)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose((dx * x_hat).sum(axis=0), kept[0], atol=1e-10)


@given(SEEDS, SHAPE)
def test_vjp_is_symmetric(seed, shape):
    rng = np.random.default_rng(seed)
    x, u, v = rng.standard_normal((3, *shape))
    x_hat, inv_std = normalize(x, (0,), EPS)
    u_jv = (u * normalize_vjp(v, x_hat, inv_std, (0,))).sum()
    v_ju = (v * normalize_vjp(u, x_hat, inv_std, (0,))).sum()
    np.testing.assert_allclose(u_jv, v_ju, atol=1e-10)


@given(SEEDS, st.floats(-5, 5), st.floats(0.1, 10), st.sampled_from([-1, 1]))
def test_without_eps_only_the_sign_of_an_affine_map_is_left(seed, shift, scale, sign):
    x = np.random.default_rng(seed).standard_normal((7, 4))
    x_hat = normalize(x, (1,), 0.0)[0]
    mapped = normalize(sign * scale * x + shift, (1,), 0.0)[0]
    np.testing.assert_allclose(mapped, sign * x_hat, atol=1e-9)


@given(SEEDS, st.permutations(range(4)), st.sampled_from([0.0, 1e8]))
def test_merging_is_associative_in_any_order(seed, order, offset):
    rng = np.random.default_rng(seed)
    counts, variances = rng.integers(1, 9, 4), rng.random((4, 3))
    means = offset + rng.standard_normal((4, 3))
    at_once = merge_moments(counts, means, variances)
    merged = counts[order[0]], means[order[0]], variances[order[0]]
    for i in order[1:]:
        pair = zip(merged, (counts[i], means[i], variances[i]), strict=True)
        merged = merge_moments(*map(np.array, pair))
    for one, other in zip(merged, at_once, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7 if offset else 1e-12)


@pytest.mark.parametrize("offset", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("shape", [(16384, 4), (16, 4, 32, 32)])
def test_float32_variance_is_right_at_any_offset(shape, offset, rng):
    x = (offset + rng.standard_normal(shape)).astype(np.float32)
    axes = (0, *range(2, len(shape)))
    mean, var = moments(x, axes)
    exact_mean, exact_var = moments(x.astype(np.float64), axes)
    assert mean.dtype == var.dtype == np.float32
    np.testing.assert_allclose(mean, exact_mean, rtol=1e-7)
    np.testing.assert_allclose(var, exact_var, rtol=1e-6)


def test_merged_variance_is_right_at_a_large_offset(rng):
    x = 1e9 + rng.standard_normal((4, 1000))
    _, _, var = merge_moments(np.full(4, 1000), x.mean(axis=1), x.var(axis=1))
    np.testing.assert_allclose(var, (x - 1e9).var(), rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [2, 3, 100, 1023, 16384])
def test_variance_of_constants_is_exactly_0(count, dtype):
    x = np.full((count, 3), 1e4 + 1 / 3, dtype)
    np.testing.assert_allclose(moments(x, (0,))[1], 0, atol=0)
    np.testing.assert_allclose(moments(x.T.copy(), (1,))[1], 0, atol=0)


def test_kernel_leaves_its_inputs_alone(rng):
    x, dx_hat = rng.standard_normal((2, 7, 4))
    x_hat, inv_std = normalize(x, (0,), EPS)
    arrays = (x, dx_hat, x_hat, inv_std)
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    moments(x, (0,))
    normalize(x, (0,), EPS)
    normalize(x, (0,), EPS, center=False)
    normalize_vjp(dx_hat, x_hat, inv_std, (0,))
    merge_moments(np.arange(1, 8), x, x**2)
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_allclose(a, copy, rtol=0)


@given(SEEDS, SHAPE)
def test_x_hat_against_x_gives_the_deviation(seed, shape):
    x = np.random.default_rng(seed).standard_normal(shape)
    x_hat, inv_std = normalize(x, (0,), EPS)
    share = inv_std * moments(x, (0,))[1]  # the deviation, if eps is 0
    np.testing.assert_allclose((x_hat * x).mean(axis=0, keepdims=True), share)
