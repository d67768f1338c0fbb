"""Batch renorm, against Algorithm 1 of Ioffe (2017) written out in torch."""

import numpy as np
import pytest
import torch
from conftest import EPS, SHAPES, TOLERANCE
from hypothesis import given
from hypothesis import strategies as st

from normlib import (
    RunningStats,
    batch_norm,
    batch_norm_backward,
    batch_norm_inference,
    batch_renorm,
    batch_renorm_backward,
    renorm_corrections,
    renorm_schedule,
)
from normlib.renorm import RenormCache

SEEDS = st.integers(0, 2**32 - 1)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)

# Nothing clipped, r clipped, d clipped, batch norm.
each_clip = pytest.mark.parametrize(
    ("r_max", "d_max"), [(np.inf, np.inf), (1.1, 5), (3, 0.2), (1, 0)]
)


def algorithm_1(x, gamma, beta, mu, sigma, r_max, d_max, alpha):
    """Return y and the next mu and sigma: the paper's lines, in its order."""
    shape = (1, -1) + (1,) * (x.ndim - 2)
    flat = x.transpose(0, 1).flatten(1)
    mu_b = flat.mean(1)
    sigma_b = torch.sqrt(EPS + ((flat - mu_b[:, None]) ** 2).mean(1))
    r = torch.clamp(sigma_b / sigma, 1 / r_max, r_max).detach()
    d = torch.clamp((mu_b - mu) / sigma, -d_max, d_max).detach()
    x_hat = (x - mu_b.view(shape)) / sigma_b.view(shape) * r.view(shape) + d.view(shape)
    y = gamma.view(shape) * x_hat + beta.view(shape)
    mu = mu + alpha * (mu_b.detach() - mu)
    sigma = sigma + alpha * (sigma_b.detach() - sigma)
    return y, mu, sigma


def draw(shape, rng, momentum=0.1):
    """Return x, gamma, beta, statistics not far from those of x, and dy."""
    x, dy = rng.normal(3, 2, shape), rng.standard_normal(shape)
    gamma, beta, mean = rng.normal([[1], [1], [3]], 0.5, (3, shape[1]))
    stats = RunningStats(mean, rng.uniform(2, 6, shape[1]), momentum)
    return x, gamma, beta, stats, dy


# oracle


@each_clip
@each_shape
def test_five_steps_match_algorithm_1(shape, r_max, d_max, rng):
    _, gamma, beta, stats, _ = draw(shape, rng, momentum=0.3)
    mu, sigma = torch.tensor(stats.mean), torch.sqrt(torch.tensor(stats.var) + EPS)
    for i in range(5):
        x = rng.normal(3 + i / 2, 2 + i / 4, shape)
        y, _, stats = batch_renorm(x, gamma, beta, stats, r_max, d_max, EPS)
        expected, mu, sigma = algorithm_1(
            *map(torch.tensor, (x, gamma, beta)), mu, sigma, r_max, d_max, 0.3
        )
        np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])
        np.testing.assert_allclose(stats.mean, mu, **TOLERANCE["float64"])
        np.testing.assert_allclose(stats.var, sigma**2 - EPS, **TOLERANCE["float64"])
    assert stats.num_batches_tracked == 5
    assert stats.momentum == 0.3


@each_clip
@each_shape
def test_backward_matches_autograd_of_algorithm_1(shape, r_max, d_max, rng):
    x, gamma, beta, stats, dy = draw(shape, rng)
    _, cache, _ = batch_renorm(x, gamma, beta, stats, r_max, d_max, EPS)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    mu, sigma = torch.tensor(stats.mean), torch.sqrt(torch.tensor(stats.var) + EPS)
    y = algorithm_1(*leaves, mu, sigma, r_max, d_max, 0.1)[0]
    expected = torch.autograd.grad(y, leaves, torch.tensor(dy))
    for ours, theirs in zip(batch_renorm_backward(dy, cache), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, **TOLERANCE["float64"])


@pytest.mark.parametrize(
    ("step", "clips"),
    [
        (0, (1, 0)),
        (5_000, (1, 0)),
        (15_000, (1 + 2 * 10 / 35, 2.5)),
        (25_000, (1 + 2 * 20 / 35, 5)),
        (40_000, (3, 5)),
        (10**9, (3, 5)),
    ],
)
def test_schedule_is_that_of_the_paper(step, clips):
    np.testing.assert_allclose(renorm_schedule(step), clips, rtol=1e-15)


# gradient


def renorm_as_function(stats, frozen):
    """Return batch renorm as a torch function, r and d frozen or computed anew."""

    class ByHand(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            x, gamma, beta = (tensor.detach().numpy() for tensor in inputs)
            if frozen is None:
                y, ctx.cache, _ = batch_renorm(x, gamma, beta, stats, 3, 5, EPS)
            else:
                r, d = frozen
                y, batch = batch_norm(x, gamma * r, gamma * d + beta, EPS)
                ctx.cache = RenormCache(batch, r, d)
            return torch.from_numpy(y)

        @staticmethod
        def backward(ctx, dy):
            return tuple(
                map(torch.from_numpy, batch_renorm_backward(dy.numpy(), ctx.cache))
            )

    return ByHand.apply


@each_shape
def test_backward_passes_gradcheck_only_with_r_and_d_frozen(shape, rng):
    x, gamma, beta, stats, _ = draw(shape, rng)
    _, cache, _ = batch_renorm(x, gamma, beta, stats, 3, 5, EPS)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    frozen = renorm_as_function(stats, (cache.r, cache.d))
    assert torch.autograd.gradcheck(frozen, leaves)
    anew = renorm_as_function(stats, None)
    assert not torch.autograd.gradcheck(anew, leaves, raise_exception=False)


# law


@given(SEEDS)
def test_unclipped_renorm_is_the_inference_map(seed):
    x, gamma, beta, stats, _ = draw((5, 4, 3), np.random.default_rng(seed))
    y, _, _ = batch_renorm(x, gamma, beta, stats, np.inf, np.inf, EPS)
    expected = batch_norm_inference(x, gamma, beta, stats, EPS)
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])


@given(SEEDS)
def test_renorm_with_r_1_and_d_0_is_batch_norm(seed):
    x, gamma, beta, stats, dy = draw((5, 4, 3), np.random.default_rng(seed))
    y, cache, _ = batch_renorm(x, gamma, beta, stats, 1, 0, EPS)
    expected, batch_cache = batch_norm(x, gamma, beta, EPS)
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])
    for ours, theirs in zip(
        batch_renorm_backward(dy, cache),
        batch_norm_backward(dy, batch_cache),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, **TOLERANCE["float64"])


@given(SEEDS, st.floats(1, 4), st.floats(0, 4))
def test_corrections_stay_within_the_clips(seed, r_max, d_max):
    rng = np.random.default_rng(seed)
    mean, std = rng.normal(0, 9, 20), rng.uniform(0.1, 9, 20)
    r, d = renorm_corrections(mean, std, RunningStats.initial(20), r_max, d_max, EPS)
    assert (r <= r_max).all()
    assert (r >= 1 / r_max).all()
    assert (np.abs(d) <= d_max).all()


@given(SEEDS)
def test_gradient_of_a_channel_sums_to_0(seed):
    x, gamma, beta, stats, dy = draw((5, 4, 3), np.random.default_rng(seed))
    _, cache, _ = batch_renorm(x, gamma, beta, stats, 3, 5, EPS)
    dx = batch_renorm_backward(dy, cache)[0]
    np.testing.assert_allclose(dx.sum(axis=(0, 2)), 0, atol=1e-11)


def test_momentum_none_averages_the_deviations(rng):
    stats, stds = RunningStats.initial(4, momentum=None), []
    for i in range(3):
        x = rng.normal(0, 1 + i, (7, 4))
        _, _, stats = batch_renorm(x, np.ones(4), np.zeros(4), stats, 3, 5, EPS)
        stds.append(np.sqrt(x.var(axis=0) + EPS))
    np.testing.assert_allclose(np.sqrt(stats.var + EPS), np.mean(stds, axis=0))


# edge


@pytest.mark.parametrize("offset", [0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("shape", [(16384, 4), (16, 4, 32, 32)], ids=str)
def test_float32_is_right_at_any_offset(shape, offset, rng):
    x = (offset + rng.standard_normal(shape)).astype(np.float32)
    stats = RunningStats(offset + rng.random(4), rng.uniform(0.5, 2, 4))
    y, _, after = batch_renorm(x, np.ones(4), np.zeros(4), stats, 3, 5)
    assert y.dtype == np.float32
    exact, _, exact_after = batch_renorm(
        x.astype(np.float64), np.ones(4), np.zeros(4), stats, 3, 5
    )
    np.testing.assert_allclose(y, exact, rtol=0, atol=2e-6)
    np.testing.assert_allclose(after.mean - exact_after.mean, 0, atol=2e-6)
    np.testing.assert_allclose(after.var, exact_after.var, rtol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_channel_at_its_running_mean_gives_exactly_beta(dtype):
    x = np.full((37, 3), 1e4 + 1 / 3, dtype)
    beta = np.arange(3).astype(dtype)
    stats = RunningStats(x[0].astype(np.float64), np.zeros(3))
    y, _, after = batch_renorm(x, np.full(3, 7.0), beta, stats, 3, 5)
    np.testing.assert_allclose(y, np.broadcast_to(beta, x.shape), rtol=0)
    np.testing.assert_allclose(after.var, 0, atol=1e-20)


def test_gradients_keep_the_dtype_of_x(rng):
    x, gamma, beta, stats, dy = draw((7, 4), rng)
    _, cache, _ = batch_renorm(x.astype(np.float32), gamma, beta, stats, 3, 5)
    gradients = batch_renorm_backward(dy, cache)
    assert [g.dtype for g in gradients] == [np.float32] * 3


def test_inputs_never_change(rng):
    x, gamma, beta, stats, dy = draw((5, 4, 3), rng)
    arrays = (x, gamma, beta, stats.mean, stats.var, dy)
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    _, cache, after = batch_renorm(x, gamma, beta, stats, 3, 5, EPS)
    batch_renorm_backward(dy, cache)
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_allclose(a, copy, rtol=0)
    assert (stats.num_batches_tracked, after.num_batches_tracked) == (0, 1)


@pytest.mark.parametrize("make", [np.asfortranarray, lambda a: a[::-1][::-1]])
def test_memory_layout_does_not_matter(make, rng):
    x, gamma, beta, stats, _ = draw((5, 4, 3), rng)
    y, _, _ = batch_renorm(make(x), gamma, beta, stats, 3, 5, EPS)
    expected, _, _ = batch_renorm(x, gamma, beta, stats, 3, 5, EPS)
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])


@pytest.mark.parametrize(("r_max", "d_max"), [(0.9, 1), (2, -0.1), (np.nan, 1)])
def test_clips_out_of_range_raise(r_max, d_max, rng):
    x, gamma, beta, stats, _ = draw((5, 4), rng)
    words = f"need r_max >= 1 and d_max >= 0 .* got r_max = {r_max}, d_max = {d_max}"
    with pytest.raises(ValueError, match=words):
        batch_renorm(x, gamma, beta, stats, r_max, d_max)
    with pytest.raises(ValueError, match=words):
        renorm_schedule(0, r_max, d_max)


def test_schedule_that_ends_before_it_starts_raises():
    with pytest.raises(ValueError, match="r_end = 9 and d_end = 25000 must be >= st"):
        renorm_schedule(0, r_end=9)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_bad_numbers_raise_and_leave_statistics_alone(value, rng):
    x, gamma, beta, stats, _ = draw((5, 4, 3), rng)
    before = stats.mean.copy(), stats.var.copy()
    x[1, 2, 0] = value
    with pytest.raises(FloatingPointError, match="in channel 2: nothing was updated"):
        batch_renorm(x, gamma, beta, stats, 3, 5)
    np.testing.assert_allclose([stats.mean, stats.var], before, rtol=0)


@pytest.mark.parametrize(
    ("x", "channels", "eps", "error", "words"),
    [
        (np.ones((1, 4)), 4, EPS, ValueError, "Expected more than 1 value per channel"),
        (np.ones((0, 4)), 4, EPS, ValueError, "expected a batch with values in it"),
        (np.ones((5, 4), int), 4, EPS, TypeError, "expected a floating dtype, got int"),
        (np.ones(4), 4, EPS, ValueError, "expected at least 2D input, got 1D"),
        (np.ones((5, 4)), 3, EPS, ValueError, r"stats.mean must have shape \(4,\)"),
        (np.ones((5, 4)), 4, -1, ValueError, "eps must be positive, got -1"),
    ],
)
def test_bad_input_raises(x, channels, eps, error, words):
    stats = RunningStats.initial(channels)
    with pytest.raises(error, match=words):
        batch_renorm(x, np.ones(4), np.zeros(4), stats, 3, 5, eps)
