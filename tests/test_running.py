"""Running statistics, inference and recalibration, against torch's modules."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from conftest import EPS, SHAPES, TOLERANCE
from hypothesis import given
from hypothesis import strategies as st

from normlib import RunningStats, batch_norm, batch_norm_inference, moments, recalibrate

SEEDS = st.integers(0, 2**32 - 1)
MODULES = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d}


def axes(x):
    return (0, *range(2, x.ndim))


def observe(stats, x):
    """Return the successor of `stats` after the batch `x`."""
    return stats.update(*moments(x, axes(x)), x.size // x.shape[1])


def some_stats(channels, rng):
    return RunningStats(rng.normal(3, 2, channels), rng.uniform(0.5, 4, channels))


# oracle


@pytest.mark.parametrize("momentum", [0.1, 0.3, 1.0, None])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_five_updates_and_inference_match_torch(shape, momentum, rng):
    module = MODULES[len(shape)](shape[1], EPS, momentum, dtype=torch.float64)
    stats = RunningStats.initial(shape[1], momentum)
    gamma, beta = rng.normal(1, 0.5, (2, shape[1]))
    for i in range(5):
        x = rng.normal(i, 1 + i, shape)
        module(torch.tensor(x))
        stats = observe(stats, x)
    np.testing.assert_allclose(stats.mean, module.running_mean, **TOLERANCE["float64"])
    np.testing.assert_allclose(stats.var, module.running_var, **TOLERANCE["float64"])
    assert stats.num_batches_tracked == module.num_batches_tracked == 5
    module.load_state_dict(
        {"weight": torch.tensor(gamma), "bias": torch.tensor(beta)}, strict=False
    )
    y = batch_norm_inference(x, gamma, beta, stats, EPS)
    expected = module.eval()(torch.tensor(x)).detach()
    np.testing.assert_allclose(y, expected, **TOLERANCE["float64"])


def test_batch_of_two_stores_twice_the_biased_variance():
    stats = observe(RunningStats.initial(1, momentum=1.0), np.array([[3.0], [5.0]]))
    np.testing.assert_allclose([stats.mean, stats.var], [[4], [2]], rtol=1e-15)


@pytest.mark.parametrize("steps", [1, 20])
def test_unbiased_variance_follows_from_the_biased_one_and_the_start(steps, rng):
    stats = biased = RunningStats.initial(3, momentum=0.01)
    for _ in range(steps):
        mean, var = moments(rng.normal(0, 2, (8, 3)), (0,))
        stats = stats.update(mean, var, m=8)
        biased = biased.toward(mean.ravel(), var.ravel())
    start = 0.99**steps
    expected = 8 / 7 * (biased.var - start) + start
    np.testing.assert_allclose(stats.var, expected, **TOLERANCE["float64"])
    assert (stats.var > biased.var).all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_recalibrate_matches_torch_on_one_huge_batch(shape, rng):
    batches = [rng.normal(i, 1 + i, (n, *shape[1:])) for i, n in enumerate((3, 1, 8))]
    whole = torch.tensor(np.concatenate(batches))
    var, mean = torch.var_mean(whole, axes(whole), correction=1)
    stats = recalibrate(iter(batches))
    np.testing.assert_allclose(stats.mean, mean, **TOLERANCE["float64"])
    np.testing.assert_allclose(stats.var, var, **TOLERANCE["float64"])
    assert stats.num_batches_tracked == 3


# gradient: at inference the statistics are constants


def test_inference_has_slope_gamma_over_running_deviation(rng):
    x, dx = rng.standard_normal((2, 5, 3))
    gamma, beta, stats = *rng.normal(1, 0.5, (2, 3)), some_stats(3, rng)
    difference = batch_norm_inference(x + dx, gamma, beta, stats, EPS)
    difference -= batch_norm_inference(x, gamma, beta, stats, EPS)
    slope = gamma / np.sqrt(stats.var + EPS)
    np.testing.assert_allclose(difference, slope * dx, **TOLERANCE["float64"])


# law


@given(SEEDS, st.floats(0.01, 1))
def test_repeated_batch_pulls_statistics_in_geometrically(seed, momentum):
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 2, (7, 4))
    start = stats = RunningStats.initial(4, momentum)
    for _ in range(6):
        stats = observe(stats, x)
    left = (1 - momentum) ** 6
    for now, first, target in (
        (stats.mean, start.mean, x.mean(axis=0)),
        (stats.var, start.var, x.var(axis=0, ddof=1)),
    ):
        np.testing.assert_allclose(now - target, left * (first - target), atol=1e-12)


@pytest.mark.parametrize("n", [2, 10, 1000])
def test_training_tends_to_inference_as_batches_grow(n, rng):
    x, gamma, beta = rng.normal(3, 2, (n, 4)), *rng.normal(1, 0.5, (2, 4))
    trained, _ = batch_norm(x, gamma, beta, 1e-14)
    inferred = batch_norm_inference(x, gamma, beta, recalibrate([x]), 1e-14)
    ratio = (n / (n - 1)) ** 0.5  # inference divides by the unbiased deviation
    np.testing.assert_allclose(trained - beta, ratio * (inferred - beta), atol=1e-9)


@given(SEEDS)
def test_inference_does_not_see_the_neighbors(seed):
    rng = np.random.default_rng(seed)
    x, stats = rng.normal(3, 2, (5, 4, 2)), some_stats(4, rng)
    together = batch_norm_inference(x, np.ones(4), np.zeros(4), stats)
    alone = batch_norm_inference(x[:1], np.ones(4), np.zeros(4), stats)
    np.testing.assert_allclose(together[:1], alone, rtol=0)


@given(SEEDS, st.permutations([2, 1, 3, 6]))
def test_cumulative_mean_of_equal_batches_is_that_of_all(seed, order):
    batches = np.random.default_rng(seed).normal(3, 2, (12, 5, 4))
    stats = RunningStats.initial(4, momentum=None)
    for x in batches:
        stats = observe(stats, x)
    cuts = np.cumsum(order)[:-1]
    exact = recalibrate(np.concatenate(part) for part in np.split(batches, cuts))
    np.testing.assert_allclose(stats.mean, exact.mean, **TOLERANCE["float64"])
    np.testing.assert_allclose(
        exact.var, batches.reshape(-1, 4).var(axis=0, ddof=1), **TOLERANCE["float64"]
    )


# edge: numbers and arrays


@pytest.mark.parametrize("offset", [0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("shape", [(16384, 4), (16, 4, 32, 32)], ids=str)
def test_float32_inference_is_right_at_any_offset(shape, offset, rng):
    x = (offset + rng.standard_normal(shape)).astype(np.float32)
    stats = RunningStats(offset + rng.random(4), rng.uniform(0.5, 2, 4))
    y = batch_norm_inference(x, np.ones(4), np.zeros(4), stats)
    assert y.dtype == np.float32
    wide = x.astype(np.float64)
    exact = batch_norm_inference(wide, np.ones(4), np.zeros(4), stats)
    np.testing.assert_allclose(y, exact, rtol=0, atol=2e-6)


def test_recalibrate_is_exact_for_float32_at_offset_1e6(rng):
    x = (1e6 + rng.standard_normal((16384, 4))).astype(np.float32)
    stats = recalibrate(np.split(x, 8))
    exact = recalibrate([x.astype(np.float64)])
    np.testing.assert_allclose(stats.mean, exact.mean, rtol=1e-14)
    np.testing.assert_allclose(stats.var, exact.var, rtol=1e-9)


def test_constant_channel_at_its_running_mean_gives_exactly_beta():
    x, beta = np.full((9, 3, 2), 1e4 + 1 / 3), np.arange(3.0)
    stats = RunningStats(np.full(3, 1e4 + 1 / 3), np.zeros(3))
    y = batch_norm_inference(x, np.ones(3), beta, stats)
    np.testing.assert_allclose(y, np.broadcast_to(beta[:, None], x.shape), rtol=0)


def test_one_sample_is_enough_at_inference():
    stats = RunningStats(np.array([2.0]), np.array([4.0]))
    y = batch_norm_inference(np.array([[6.0]]), np.ones(1), np.ones(1), stats, 1e-12)
    np.testing.assert_allclose(y, [[3]], rtol=1e-12)


def test_inputs_never_change_and_statistics_are_frozen(rng):
    x, old = rng.normal(3, 2, (7, 4)), some_stats(4, rng)
    gamma, beta = rng.normal(1, 0.5, (2, 4))
    arrays = (x, gamma, beta, old.mean, old.var)
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    new = observe(old, x)
    y = batch_norm_inference(x, gamma, beta, old)
    recalibrate([x])
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_allclose(a, copy, rtol=0)
    assert (old.num_batches_tracked, new.num_batches_tracked) == (0, 1)
    assert not np.shares_memory(x, y)
    with pytest.raises(FrozenInstanceError):
        new.mean = old.mean


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_layout_does_not_matter(order, rng):
    x, stats = rng.normal(3, 2, (7, 8, 3)), some_stats(4, rng)
    part = np.asarray(x, order=order)[:, ::2]
    y = batch_norm_inference(part, np.ones(4), np.zeros(4), stats)
    expected = batch_norm_inference(part.copy("C"), np.ones(4), np.zeros(4), stats)
    np.testing.assert_allclose(y, expected, rtol=0)


# edge: errors


@pytest.mark.parametrize("momentum", [-0.1, 1.1, float("nan")])
def test_momentum_that_is_no_weight_raises(momentum):
    words = rf"weight of the new batch, in \[0, 1\] or None, got {momentum}"
    with pytest.raises(ValueError, match=words):
        RunningStats.initial(3, momentum)


def test_unequal_shapes_of_mean_and_var_raise():
    with pytest.raises(ValueError, match=r"mean has shape \(3,\), var \(4,\)"):
        RunningStats(np.zeros(3), np.ones(4))


@pytest.mark.parametrize("m", [0, 1])
def test_unbiased_variance_of_one_value_raises(m):
    with pytest.raises(ValueError, match=f"needs m >= 2 values, got m = {m}"):
        RunningStats.initial(3).update(np.zeros(3), np.ones(3), m)


@pytest.mark.parametrize("which", ["mean", "var"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bad_batch_names_its_channels_and_leaves_statistics_alone(which, value):
    stats = RunningStats.initial(4)
    batch = {"mean": np.zeros(4), "var": np.ones(4)}
    batch[which][[1, 3]] = value
    words = f"NaN or infinity in the {which} of channel 1, 3: .* stay as they were"
    with pytest.raises(FloatingPointError, match=words):
        stats.update(**batch, m=5)
    np.testing.assert_allclose([stats.mean, stats.var], [[0] * 4, [1] * 4], rtol=0)


def test_batch_with_other_channels_raises():
    words = "var has 1 channels, the running statistics have 3"
    with pytest.raises(ValueError, match=words):
        RunningStats.initial(3).update(np.zeros(3), np.ones(1), 5)


@pytest.mark.parametrize("wrong", [(), (1,), (3,), (4, 1)], ids=str)
@pytest.mark.parametrize("name", ["gamma", "beta"])
def test_parameter_of_the_wrong_shape_raises_at_inference(name, wrong):
    parameters = {"gamma": np.ones(4), "beta": np.zeros(4)} | {name: np.ones(wrong)}
    with pytest.raises(ValueError, match=rf"{name} must have shape \(4,\), one entry"):
        batch_norm_inference(
            np.ones((2, 4)), **parameters, stats=RunningStats.initial(4)
        )


@pytest.mark.parametrize(
    ("x", "eps", "error", "words"),
    [
        (np.ones((2, 4), int), 1e-5, TypeError, "expected a floating dtype, got int64"),
        (np.ones(4), 1e-5, ValueError, "expected at least 2D input, got 1D input of"),
        (np.ones((0, 4)), 1e-5, ValueError, "expected a batch with values in it"),
        (np.ones((2, 4)), 0.0, ValueError, "eps must be positive, got 0"),
        (np.ones((2, 5)), 1e-5, ValueError, r"stats.mean must have shape \(5,\), one"),
    ],
)
def test_bad_input_raises_at_inference(x, eps, error, words):
    with pytest.raises(error, match=words):
        batch_norm_inference(x, np.ones(4), np.zeros(4), RunningStats.initial(4), eps)


@pytest.mark.parametrize(
    ("batches", "error", "words"),
    [
        ([], ValueError, "recalibrate needs at least 2 values, got 0"),
        ([np.ones((1, 4))], ValueError, "recalibrate needs at least 2 values, got 1"),
        ([np.ones((2, 4), int)], TypeError, "expected a floating dtype, got int64"),
        ([np.ones((2, 4)), np.ones((2, 3))], ValueError, "has 3 channels, .* 4"),
        ([np.ones((2, 4)), [[0, 1, np.nan, 1.0]]], FloatingPointError, "channel 2"),
        ([np.ones((2, 4)), [[0, 1, np.inf, 1.0]]], FloatingPointError, "channel 2"),
    ],
)
def test_bad_batches_raise_in_recalibrate(batches, error, words):
    with pytest.raises(error, match=words):
        recalibrate(batches)
