"""The exercise on merging the moments of groups."""

import numpy as np

from normlib.checks.bank import _solutions_statistics
from normlib.checks.cases import float32
from normlib.checks.exercise import Arrays, Case, Exercise, Law
from normlib.kernel import merge_moments as merge

__all__ = ["merge_moments"]


def _reference(counts: np.ndarray, means: np.ndarray, variances: np.ndarray) -> Arrays:
    return merge(counts, means, variances)[1:]


def _groups(
    rng: np.random.Generator, counts: list[int], channels: int, level: float = 0.0
) -> tuple:
    """Return counts, means that lie apart, and variances of the same size."""
    shape = len(counts), channels
    means = rng.uniform(0.4, 1.6, shape) * rng.choice([-1, 1], shape)
    means[0] = np.abs(means[0]) + 0.5
    means[-1] -= 1.0
    variances = rng.uniform(0.3, 2.5, shape)
    return np.array(counts), level + means, variances


def _cases(rng: np.random.Generator) -> list[Case]:
    counts, means, variances = _groups(rng, [2, 6], 2)
    ordinary = Case("ordinary", _groups(rng, [7, 3, 12], 4))
    single = rng.uniform(-2, 2, (2, 3)) + np.array([[2.0], [-2.0]])
    return [
        Case("by hand", (counts, means.round(1), variances.round(1))),
        ordinary,
        Case("as many groups as channels", _groups(rng, [5, 2, 9], 3)),
        Case("more groups than channels", _groups(rng, [4, 2, 8, 3, 6], 2)),
        Case("one large group", _groups(rng, [4000, 3, 2], 3)),
        Case("one element each", (np.array([1, 1]), single, np.zeros((2, 3)))),
        Case("one group", _groups(rng, [8], 3)),
        Case("mean of 3e3", _groups(rng, [3, 8, 4, 2], 3, 3e3)),
        Case("mean of 1e7", _groups(rng, [9, 4], 3, 1e7)),
        float32(ordinary),
    ]


def _balance(args: tuple, mean: np.ndarray) -> np.ndarray:
    counts, means, _ = args
    return (_weights(counts) * (means - mean)).sum(axis=0)


def _at_least_within(args: tuple, var: np.ndarray) -> np.ndarray:
    counts, _, variances = args
    return (var >= (1 - 1e-4) * _mean(counts, variances)).astype(float)


merge_moments = Exercise(
    "merge-moments",
    "inference",
    "sec-inference",
    _solutions_statistics.merge_moments,
    ("mean", "var"),
    _reference,
    _cases,
    (
        "Of how many elements does each group tell? A mean of means has to give each "
        "group that weight.",
        "The groups' variances say how far elements lie from their own group's mean. "
        "What is asked is the distance from the common mean, so the spread of the "
        "means comes on top.",
        "With `w = (counts / counts.sum())[:, None]`: `mean = (w * means).sum(axis=0)`"
        ", and the variance is the sum of `w * (variances + (means - mean) ** 2)`.",
    ),
    (
        Law("mean", "Σ m_k (μ_k - μ) = 0", _balance),
        Law("var", "no less than the mean variance of the groups", _at_least_within),
    ),
)


def _weights(counts) -> np.ndarray:
    return (counts / counts.sum())[:, None]


def _mean(counts, values) -> np.ndarray:
    """Return the mean of `values` over the groups, weighted by their sizes."""
    return (_weights(counts) * values).sum(axis=0)


def _parts(counts, means, variances) -> tuple:
    """Return the common mean, the variance within groups, and that between them."""
    mean = _mean(counts, means)
    return mean, _mean(counts, variances), _mean(counts, (means - mean) ** 2)


@merge_moments.mistake(
    "The variance between the groups is missing: the variances were only averaged.",
    "Elements also differ because their groups do. One digit per group, and half of "
    "the variance is lost.",
    "eq-merge",
)
def _spread_forgotten(counts, means, variances):
    mean, within, _ = _parts(counts, means, variances)
    return mean, within


@merge_moments.mistake(
    "Every group has the same weight, whatever its size.",
    "A last batch of three then counts as much as a full one.",
    "eq-merge",
)
def _sizes_ignored(counts, means, variances):
    return means.mean(axis=0), variances.mean(axis=0) + means.var(axis=0)


@merge_moments.mistake(
    "Two things: sizes are ignored, and the variance between the groups is missing.",
    "Means and variances were averaged as they came; that is right for neither.",
    "eq-merge",
)
def _plain_averages(counts, means, variances):
    return means.mean(axis=0), variances.mean(axis=0)


@merge_moments.mistake(
    "The mean of the means has no weights; the variance around it has.",
    "Groups of different sizes pull the common mean differently.",
    "eq-merge",
)
def _mean_unweighted(counts, means, variances):
    mean = means.mean(axis=0)
    return mean, _mean(counts, variances + (means - mean) ** 2)


@merge_moments.mistake(
    "The mean variance of the groups has no weights.",
    "A variance from 4000 elements then counts as much as one from 2.",
    "eq-merge",
)
def _variances_unweighted(counts, means, variances):
    mean, _, between = _parts(counts, means, variances)
    return mean, variances.mean(axis=0) + between


@merge_moments.mistake(
    "The variance between the means has no weights.",
    "A large group lies near the common mean because it makes that mean.",
    "eq-merge",
)
def _spread_unweighted(counts, means, variances):
    mean, within, _ = _parts(counts, means, variances)
    return mean, within + ((means - mean) ** 2).mean(axis=0)


@merge_moments.mistake(
    "The variance between the means has no weights, nor has the mean it is taken from.",
    "A large group lies near the common mean because it makes that mean.",
    "eq-merge",
)
def _spread_unweighted__around_the_plain_mean(counts, means, variances):
    mean, within, _ = _parts(counts, means, variances)
    return mean, within + means.var(axis=0)


@merge_moments.mistake(
    "The weights are m - 1, in the mean too.",
    "A mean of m elements has weight m; groups of one element would not count at all.",
    "eq-merge",
)
def _weights_less_one(counts, means, variances):
    mean, within, between = _parts(counts - 1, means, variances)
    return mean, within + between


@merge_moments.mistake(
    "This is the pooled variance: weights m - 1, and nothing between the groups.",
    "It estimates a variance that all groups share around means of their own, from "
    "unbiased variances.",
    "eq-merge",
)
def _pooled_variance(counts, means, variances):
    return _mean(counts, means), _mean(counts - 1, variances)


@merge_moments.mistake(
    "This is the formula for unbiased variances: m - 1 inside, m - 1 outside.",
    "Those given are biased, over m, and so must be the one returned.",
    "eq-merge",
)
def _taken_for_unbiased(counts, means, variances):
    mean = _mean(counts, means)
    n = counts[:, None]
    squares = ((n - 1) * variances + n * (means - mean) ** 2).sum(axis=0)
    return mean, squares / (counts.sum() - 1)


@merge_moments.mistake(
    "The merged variance divides by m - 1.",
    "What is asked is the biased variance of all elements together; Bessel's "
    "correction comes later, once.",
    "eq-merge",
)
def _bessel_at_the_end(counts, means, variances):
    mean, within, between = _parts(counts, means, variances)
    return mean, (within + between) * counts.sum() / (counts.sum() - 1)


@merge_moments.mistake(
    "The variance is the sum of squares, not yet divided by the number of elements.",
    "It grows with the data; a variance does not.",
    "eq-merge",
)
def _sum_of_squares(counts, means, variances):
    mean, within, between = _parts(counts, means, variances)
    return mean, counts.sum() * (within + between)


@merge_moments.mistake(
    "`var` holds the standard deviation.",
    "A root belongs where it is used; variances can be merged again, deviations not.",
    "eq-merge",
)
def _deviation_returned(counts, means, variances):
    mean, within, between = _parts(counts, means, variances)
    return mean, np.sqrt(within + between)


@merge_moments.mistake(
    "The variance is the mean square less the square of the mean.",
    "Right on paper; far from 0 both are large, and their difference has few digits.",
    "eq-merge",
)
def _difference_of_squares(counts, means, variances):
    mean = _mean(counts, means)
    return mean, _mean(counts, variances + means**2) - mean**2
