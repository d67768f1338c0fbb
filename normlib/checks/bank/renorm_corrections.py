"""The exercise on the corrections r and d of batch renormalization."""

from dataclasses import replace

import numpy as np

from normlib.checks.bank import _solutions_statistics
from normlib.checks.bank._renorm import Parts
from normlib.checks.bank.batch_renorm import corrected, inputs
from normlib.checks.cases import float32
from normlib.checks.exercise import Arrays, Case, Exercise, Law

__all__ = ["renorm_corrections"]


def _reference(x, running_mean, running_std, r_max, d_max, eps) -> Arrays:
    return corrected(x, running_mean, running_std, r_max, d_max, eps)[2:]


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case(label, (x, *rest)) for label, (x, _, _, *rest) in inputs(rng)]
    return [*cases, float32(cases[1])]


def _r_within(args: tuple, r: np.ndarray) -> np.ndarray:
    r_max = args[3] * (1 + 1e-4)
    return ((r >= 1 / r_max) & (r <= r_max)).astype(float)


def _d_within(args: tuple, d: np.ndarray) -> np.ndarray:
    return (np.abs(d) <= args[4] * (1 + 1e-4)).astype(float)


renorm_corrections = Exercise(
    "renorm-corrections",
    "batch-renorm",
    "sec-batch-renorm",
    _solutions_statistics.renorm_corrections,
    ("r", "d"),
    _reference,
    _cases,
    (
        "Both compare this batch with the running statistics: one its deviation, the "
        "other its mean. What is the unit of each?",
        "$r$ is a ratio of two deviations, $d$ a difference of two means in running "
        "deviations. `eps` belongs into the batch's deviation; in `running_std` it is "
        "already.",
        "`np.clip(std / running_std, 1 / r_max, r_max)` and `np.clip((mean - "
        "running_mean) / running_std, -d_max, d_max)`, with `std = "
        "np.sqrt(x.var(axis=0) + eps)`.",
    ),
    (
        Law("r", "1/r_max <= r <= r_max", _r_within),
        Law("d", "-d_max <= d <= d_max", _d_within),
    ),
)


def _parts(x, running_mean, running_std, r_max, d_max, eps) -> Parts:
    one, zero = np.ones(x.shape[1]), np.zeros(x.shape[1])
    return Parts(x, one, zero, running_mean, running_std, r_max, d_max, eps)


def _with_std(p: Parts, std: np.ndarray) -> Arrays:
    """Return r and d for another deviation of the batch."""
    return p.clipped_r(std / p.running_std), p.d


mistake = renorm_corrections.mistake


@mistake(
    "r and d are not clipped.",
    "Without limits the layer computes the map of inference, and the first batches, "
    "far from the running statistics, come out enormous.",
    "eq-r-d",
)
def _limits_missing(*args):
    p = _parts(*args)
    return p.ratio, p.shift


@mistake(
    "r is not clipped.",
    "A batch with an unusual spread is then stretched without limit.",
    "eq-r-d",
)
def _r_not_clipped(*args):
    p = _parts(*args)
    return p.ratio, p.d


@mistake(
    "r has no lower limit.",
    "A batch much narrower than usual is limited like one much wider: at 1/r_max.",
    "eq-r-d",
)
def _r_not_clipped_below(*args):
    p = _parts(*args)
    return np.minimum(p.ratio, p.r_max), p.d


@mistake(
    "d is not clipped.",
    "A batch with an unusual mean is then shifted without limit.",
    "eq-r-d",
)
def _d_not_clipped(*args):
    p = _parts(*args)
    return p.r, p.shift


@mistake(
    "d is clipped from above only.",
    "Batches lie below the usual mean as often as above it.",
    "eq-r-d",
)
def _d_not_clipped_below(*args):
    p = _parts(*args)
    return p.r, np.minimum(p.shift, p.d_max)


@mistake(
    "d is clipped from below at 0.",
    "A batch that lies below the usual mean needs a negative d.",
    "eq-r-d",
)
def _d_never_negative(*args):
    p = _parts(*args)
    return p.r, np.clip(p.shift, 0, p.d_max)


@mistake(
    "The limits of r and d were swapped.",
    "r lies between 1/r_max and r_max, d between -d_max and d_max.",
    "eq-r-d",
)
def _limits_swapped(*args):
    p = _parts(*args)
    return replace(p, r_max=p.d_max).r, replace(p, d_max=p.r_max).d


@mistake(
    "What was clipped is a deviation and a difference, before the division by σ_R.",
    "The limits are pure numbers; they limit the corrections themselves.",
    "eq-r-d",
)
def _clipped_before_division(*args):
    p = _parts(*args)
    difference = p.clipped_d(p.mean - p.running_mean)
    return p.clipped_r(p.std) / p.running_std, difference / p.running_std


@mistake(
    "r is upside down: the running deviation over that of the batch.",
    "x̂ was divided by the batch's deviation; multiplying by r replaces that by the "
    "running one.",
    "eq-r-d",
)
def _r_inverted(*args):
    p = _parts(*args)
    return p.clipped_r(1 / p.ratio), p.d


@mistake(
    "r is a ratio of variances.",
    "x̂ was divided by a deviation, so deviations must be compared.",
    "eq-r-d",
)
def _ratio_of_variances(*args):
    p = _parts(*args)
    return p.clipped_r(p.ratio**2), p.d


@mistake(
    "d is divided by the batch's deviation.",
    "d is added after r has brought x̂ to running deviations, so it is in those too.",
    "eq-r-d",
)
def _d_over_batch_deviation(*args):
    p = _parts(*args)
    return p.r, p.clipped_d((p.mean - p.running_mean) / p.std)


@mistake(
    "d is not divided by the running deviation.",
    "It would be in the units of x; it is added to a number without units.",
    "eq-r-d",
)
def _d_not_divided(*args):
    p = _parts(*args)
    return p.r, p.clipped_d(p.mean - p.running_mean)


@mistake(
    "d has the wrong sign.",
    "d > 0 says that the batch lies above the usual mean: batch minus running.",
    "eq-r-d",
)
def _d_sign(*args):
    p = _parts(*args)
    return p.r, -p.d


@mistake(
    "`running_std` was used as a variance: its square root was taken.",
    "The paper averages the standard deviation, with eps inside; it is used as it is.",
    "eq-r-d",
)
def _root_of_running_std(*args):
    p = _parts(*args)
    p = replace(p, running_std=np.sqrt(p.running_std))
    return p.r, p.d


@mistake(
    "`eps` is missing in the batch's deviation.",
    "The running deviation contains it; in a constant column r would be 0.",
    "eq-r-d",
)
def _eps_missing(*args):
    p = _parts(*args)
    return _with_std(p, p.x.std(axis=0))


@mistake(
    "`eps` was added to the standard deviation, outside the square root.",
    "At low variance that is far from √(σ² + ε).",
    "eq-r-d",
)
def _eps_outside_root(*args):
    p = _parts(*args)
    return _with_std(p, p.x.std(axis=0) + p.eps)


@mistake(
    "The batch's variance divides by N - 1.",
    "The running deviation averages biased ones; r would exceed 1 on average.",
    "eq-moments",
)
def _bessel(*args):
    p = _parts(*args)
    return _with_std(p, np.sqrt(p.x.var(axis=0, ddof=1) + p.eps))
