"""The exercise on updating running statistics."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, tables
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.kernel import moments

__all__ = ["running_statistics", "running_update"]


def running_statistics(rng: np.random.Generator, x: np.ndarray) -> Arrays:
    """Return a running mean and variance near those of `x`, never equal to them."""
    d = x.shape[1]
    mean = x.mean(axis=0) + rng.uniform(0.2, 0.9, d) * rng.choice([-1, 1], d)
    return mean.round(1), (rng.uniform(1.3, 2.5, d) * (x.var(axis=0) + 0.1)).round(2)


def _update_reference(
    running_mean: np.ndarray, running_var: np.ndarray, x: np.ndarray, momentum: float
) -> Arrays:
    mean, var = (s[0] for s in moments(x, (0,)))
    var = var * (len(x) / (len(x) - 1))
    return (
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (var - running_var),
    )


def _update_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, _ in tables(rng):
        momentum = 0.1 if label == "by hand" else round(rng.uniform(0.1, 0.4), 2)
        cases.append(Case(label, (*running_statistics(rng, x), x, momentum)))
    mean, var, x, momentum = cases[1].args
    small = Case("small spread", (mean, 1e-4 * var, 0.01 * x, momentum))
    return [*cases, small, float32(cases[1])]


running_update = Exercise(
    "running-update",
    "inference",
    "sec-inference",
    _solutions.running_update,
    ("mean", "var"),
    _update_reference,
    _update_cases,
    (
        "Each new value lies between the old one and that of the batch. `momentum` "
        "says how far to go towards the batch.",
        "As in PyTorch, `momentum` is the weight of the new batch: 0.1 means a tenth "
        "of the way. Keras and JAX count the other way.",
        "`(1 - momentum) * old + momentum * new`, for both. The new variance is the "
        "unbiased one, which divides by $N - 1$: `x.var(axis=0, ddof=1)`.",
    ),
)


def _updated(running_mean, running_var, mean, var, momentum) -> Arrays:
    """Return both, moved by `momentum` towards `mean` and `var`."""
    return (
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (var - running_var),
    )


@running_update.mistake(
    "`momentum` was given to the old value: the new batch weighs 1 - momentum.",
    "That is the convention of Keras and JAX. With 0.1 in torch's sense, nine tenths "
    "of what was learned is thrown away at each step.",
    "eq-running-update",
)
def _momentum_reversed(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0, ddof=1)
    return _updated(running_mean, running_var, mean, var, 1 - momentum)


@running_update.mistake(
    "The variance that is stored is the biased one, over N.",
    "It is too small on average by (N - 1)/N, which for a batch of two is one half; "
    "training normalizes with the biased one, but inference should not.",
    "eq-running-update",
)
def _biased_variance_stored(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0)
    return _updated(running_mean, running_var, mean, var, momentum)


@running_update.mistake(
    "Two things: `momentum` was given to the old value, and the variance is biased.",
    "It is the convention of Keras and JAX on both counts; torch's is the other way.",
    "eq-running-update",
)
def _momentum_reversed_and_biased(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0)
    return _updated(running_mean, running_var, mean, var, 1 - momentum)


@running_update.mistake(
    "The correction of the variance is the wrong way up: (N - 1)/N.",
    "The biased variance is too small, so it must be multiplied by N/(N - 1).",
    "eq-running-update",
)
def _correction_inverted(running_mean, running_var, x, momentum):
    var = x.var(axis=0) * (len(x) - 1) / len(x)
    return _updated(running_mean, running_var, x.mean(axis=0), var, momentum)


@running_update.mistake(
    "The standard deviation is stored in place of the variance.",
    "Inference takes the square root itself; it would be taken twice.",
    "eq-running-update",
)
def _deviation_stored(running_mean, running_var, x, momentum):
    mean, std = x.mean(axis=0), x.std(axis=0, ddof=1)
    return _updated(running_mean, running_var, mean, std, momentum)


@running_update.mistake(
    "The standard deviation, and the biased one, is stored in place of the variance.",
    "Inference takes the square root itself; it would be taken twice.",
    "eq-running-update",
)
def _biased_deviation_stored(running_mean, running_var, x, momentum):
    mean, std = x.mean(axis=0), x.std(axis=0)
    return _updated(running_mean, running_var, mean, std, momentum)


@running_update.mistake(
    "The statistics of this batch replace the old ones; `momentum` is not used.",
    "Inference would rest on whichever batch came last.",
    "eq-running-update",
)
def _old_value_lost(running_mean, running_var, x, momentum):
    return x.mean(axis=0), x.var(axis=0, ddof=1)


@running_update.mistake(
    "The old statistics come back unchanged.",
    "An update that ends in a local variable is lost.",
    "eq-running-update",
)
def _nothing_updated(running_mean, running_var, x, momentum):
    return running_mean.copy(), running_var.copy()


@running_update.mistake(
    "The new statistics were added to the old ones, which kept their full weight.",
    "The sum grows with every step; the two weights must add up to 1.",
    "eq-running-update",
)
def _old_value_not_reduced(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0, ddof=1)
    return running_mean + momentum * mean, running_var + momentum * var


@running_update.mistake(
    "Old and new were averaged with equal weight.",
    "`momentum` says how much the new batch weighs.",
    "eq-running-update",
)
def _plain_average(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0, ddof=1)
    return _updated(running_mean, running_var, mean, var, 0.5)


@running_update.mistake(
    "The variance was taken around the running mean, not around the batch's own.",
    "The distance between the two means then counts as variance.",
    "eq-running-update",
)
def _variance_around_running_mean(running_mean, running_var, x, momentum):
    var = ((x - running_mean) ** 2).sum(axis=0) / (len(x) - 1)
    return _updated(running_mean, running_var, x.mean(axis=0), var, momentum)


@running_update.mistake(
    "1e-5 was added to the variance before it was stored.",
    "eps belongs to the division; stored, it is added again at each use.",
    "eq-running-update",
)
def _eps_stored(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=0), x.var(axis=0, ddof=1) + 1e-5
    return _updated(running_mean, running_var, mean, var, momentum)
