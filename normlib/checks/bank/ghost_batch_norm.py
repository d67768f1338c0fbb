"""The exercise on batch norm in groups of a few rows, as in an accumulated step."""

import numpy as np

from normlib.checks.bank import _solutions_training
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Case, Exercise
from normlib.kernel import normalize

__all__ = ["ghost_batch_norm"]


def _reference(x, gamma, beta, size, eps) -> np.ndarray:
    groups = np.split(x, len(x) // size)
    return gamma * np.concatenate([normalize(g, (0,), eps)[0] for g in groups]) + beta


def _rows(rng: np.random.Generator, count: int, size: int, c: int) -> np.ndarray:
    """Return groups that differ in level and spread, no two rows of one too close."""
    level = rng.uniform(-3, 3, (count, 1, c))
    spread = rng.uniform(0.5, 3, (count, 1, c))
    noise = rng.uniform(-1, 1, (count, size, c))
    noise[:, 0], noise[:, 1] = 1.2, -0.8
    return (level + spread * rng.permuted(noise, axis=1)).reshape(-1, c)


def _case(rng, label: str, x: np.ndarray, size: int, eps: float) -> Case:
    return Case(label, (x, *parameters(rng, x.shape[1]), size, eps))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Return batches of several groups; rows, groups and channels are never as many."""
    tiny = _rows(rng, 4, 3, 2)
    tiny[3:6, 0] *= 1e-3
    constant = _rows(rng, 2, 4, 3)
    constant[4:, 1] = 2.5
    ordinary = _case(rng, "ordinary", _rows(rng, 3, 5, 4), 5, 1e-5)
    return [
        _case(rng, "by hand", _rows(rng, 3, 2, 1).round(1), 2, 0.1),
        ordinary,
        _case(rng, "pairs", _rows(rng, 5, 2, 3), 2, 1e-3),
        _case(rng, "large eps", _rows(rng, 2, 6, 3), 6, 0.5),
        _case(rng, "as many rows as groups", _rows(rng, 4, 4, 3), 4, 1e-4),
        _case(rng, "one group", _rows(rng, 1, 7, 3), 7, 1e-5),
        _case(rng, "tiny variance in one group", tiny, 3, 1e-5),
        _case(rng, "constant in one group", constant, 4, 1e-5),
        _case(rng, "mean of 3e3", _rows(rng, 2, 5, 3) + 3e3, 5, 1e-5),
        _case(rng, "mean of 1e7", _rows(rng, 3, 4, 2) + 1e7, 4, 1e-5),
        float32(ordinary),
    ]


ghost_batch_norm = Exercise(
    "ghost-batch-norm",
    "failures",
    "sec-failures",
    _solutions_training.ghost_batch_norm,
    ("y",),
    _reference,
    _cases,
    (
        "Batch norm of each group by itself. Which reshape gives the groups an axis of "
        "their own, and leaves consecutive rows together?",
        "`groups = x.reshape(-1, size, x.shape[1])` has the shape (groups, rows, "
        "channels). Over which of the three axes does a mean go?",
        "Center by `groups.mean(axis=1, keepdims=True)`, divide by the root of the "
        "mean square plus eps over the same axis, and `reshape(x.shape)` before "
        "`gamma` and `beta`.",
    ),
)

mistake = ghost_batch_norm.mistake


@mistake(
    "The statistics are those of the whole batch: this is batch norm.",
    "An accumulated step never sees the whole batch at once, and its noise is that of "
    "a group.",
    "eq-ghost",
)
def _whole_batch(x, gamma, beta, size, eps):
    return _affine(x - x.mean(axis=0), x.var(axis=0) + eps, gamma, beta)


@mistake(
    "Every group is normalized with the statistics of the first one.",
    "A group has a mean and a variance of its own; only the first comes out centered.",
    "eq-ghost",
)
def _first_group_for_all(x, gamma, beta, size, eps):
    first = x[:size]
    return _affine(x - first.mean(axis=0), first.var(axis=0) + eps, gamma, beta)


@mistake(
    "The means and variances of the groups were averaged, and shared by all groups.",
    "Gradients are averaged over groups; each group keeps its own statistics.",
    "eq-ghost",
)
def _statistics_averaged(x, gamma, beta, size, eps):
    groups = _split(x, size)
    mean, var = groups.mean(axis=(0, 1)), groups.var(axis=1).mean(axis=0)
    return _affine(x - mean, var + eps, gamma, beta)


@mistake(
    "Each group has its own mean, but is divided by the deviation of the batch.",
    "Both statistics belong to the group.",
    "eq-ghost",
)
def _deviation_of_batch(x, gamma, beta, size, eps):
    return _affine(_centered(x, size).reshape(x.shape), x.var(0) + eps, gamma, beta)


@mistake(
    "The mean of the batch is subtracted; only the variance is that of the group.",
    "Both statistics belong to the group.",
    "eq-ghost",
)
def _mean_of_batch(x, gamma, beta, size, eps):
    square = _split(x, size).var(axis=1, keepdims=True) + eps
    return _affine(_split(x - x.mean(axis=0), size), square, gamma, beta, x)


@mistake(
    "The groups are interleaved: each takes every so many rows, not consecutive ones.",
    "A reshape keeps neighbors together along its last axes: the group comes first, "
    "`(groups, size, channels)`.",
    "eq-ghost",
)
def _interleaved(x, gamma, beta, size, eps):
    groups = x.reshape(size, -1, x.shape[1])
    return _normalized(groups, 0, gamma, beta, x, eps)


@mistake(
    "The mean was taken over the groups (`axis=0`), for each place within a group.",
    "In `(groups, size, channels)` the rows of one group lie along axis 1.",
    "eq-ghost",
)
def _over_groups(x, gamma, beta, size, eps):
    return _normalized(_split(x, size), 0, gamma, beta, x, eps)


@mistake(
    "`size` was taken for the number of groups.",
    "It is the number of rows in each; eight rows in groups of 2 make four groups.",
    "eq-ghost",
)
def _size_as_count(x, gamma, beta, size, eps):
    groups = x.reshape(size, -1, x.shape[1])
    return _normalized(groups, 1, gamma, beta, x, eps)


@mistake(
    "The channels of a group share one mean and one variance.",
    "Batch norm treats each channel by itself: the mean goes over the rows alone.",
    "eq-ghost",
)
def _channels_together(x, gamma, beta, size, eps):
    return _normalized(_split(x, size), (1, 2), gamma, beta, x, eps)


@mistake(
    "The reshape mixes channels: `(groups, channels, size)` without a transpose.",
    "A reshape reads row after row; it never exchanges axes.",
    "eq-ghost",
)
def _channels_scrambled(x, gamma, beta, size, eps):
    groups = x.reshape(-1, x.shape[1], size)
    return _normalized(groups, 2, gamma, beta, x, eps)


@mistake(
    "Each row was normalized by itself, over its channels.",
    "That is layer norm; groups then make no difference.",
    "eq-ghost",
)
def _each_row(x, gamma, beta, size, eps):
    return _normalized(_split(x, size), 2, gamma, beta, x, eps)


@mistake(
    "The rows come back in another order: axes were exchanged and not exchanged back.",
    "Row i of `y` must belong to row i of `x`; labels are matched by row.",
    "eq-ghost",
)
def _order_lost(x, gamma, beta, size, eps):
    std = np.sqrt(_split(x, size).var(axis=1, keepdims=True) + eps)
    x_hat = _centered(x, size) / std
    return gamma * x_hat.swapaxes(0, 1).reshape(x.shape) + beta


@mistake(
    "The variance is divided by size - 1.",
    "Batch norm normalizes with the biased variance; in pairs the two differ by √2.",
    "eq-moments",
)
def _unbiased(x, gamma, beta, size, eps):
    square = _split(x, size).var(axis=1, keepdims=True, ddof=1) + eps
    return _affine(_centered(x, size), square, gamma, beta, x)


@mistake(
    "`eps` was added to the standard deviation, outside the root.",
    "In a small group a tiny variance is common; the gain is then 1/ε, not 1/√ε.",
    "eq-x-hat",
)
def _eps_outside_root(x, gamma, beta, size, eps):
    std = _split(x, size).std(axis=1, keepdims=True)
    return _affine(_centered(x, size), (std + eps) ** 2, gamma, beta, x)


@mistake(
    "`eps` is not used.",
    "A channel that is constant within one group gives 0/0, which is NaN; the smaller "
    "the groups, the likelier that is.",
    "eq-x-hat",
)
def _eps_missing(x, gamma, beta, size, eps):
    return _normalized(_split(x, size), 1, gamma, beta, x, 0.0)


@mistake(
    "`gamma` is not applied.",
    "All groups share one learned scale for each channel.",
    "eq-batch-norm",
)
def _gamma_forgotten(x, gamma, beta, size, eps):
    return _normalized(_split(x, size), 1, 1.0, beta, x, eps)


@mistake(
    "`beta` is not added.",
    "All groups share one learned shift for each channel.",
    "eq-batch-norm",
)
def _beta_forgotten(x, gamma, beta, size, eps):
    return _normalized(_split(x, size), 1, gamma, 0.0, x, eps)


def _split(x: np.ndarray, size: int) -> np.ndarray:
    return x.reshape(-1, size, x.shape[1])


def _centered(x: np.ndarray, size: int) -> np.ndarray:
    groups = _split(x, size)
    return groups - groups.mean(axis=1, keepdims=True)


def _affine(centered, square, gamma, beta, x=None) -> np.ndarray:
    """Return y, in the shape of `x` where the groups have an axis of their own."""
    x_hat = centered / np.sqrt(square)
    return gamma * (x_hat if x is None else x_hat.reshape(x.shape)) + beta


def _normalized(groups, axis, gamma, beta, x, eps) -> np.ndarray:
    centered = groups - groups.mean(axis=axis, keepdims=True)
    square = (centered**2).mean(axis=axis, keepdims=True) + eps
    return _affine(centered, square, gamma, beta, x)
