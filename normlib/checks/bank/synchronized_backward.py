"""The exercise on the backward pass of one of several processes."""

import numpy as np

from normlib.checks.bank import _solutions_practice
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.kernel import normalize, project

__all__ = ["synchronized_backward"]


def _reference(dy, x_hat, gamma, inv_std, counts, sums_dy, sums_dy_x_hat) -> Arrays:
    level, along = (s.sum(axis=0) / counts.sum() for s in (sums_dy, sums_dy_x_hat))
    dx = project(gamma * dy, x_hat, gamma * level, gamma * along, inv_std)
    return dx, np.einsum("nc,nc->c", dy, x_hat), np.einsum("nc->c", dy)


def _part(rng: np.random.Generator, counts: list[int], channels: int, mine: int):
    """Return what process `mine` knows, of a batch that is split by `counts`."""
    total = sum(counts)
    x = rng.uniform(-1, 1, (total, channels)) * rng.uniform(0.5, 3, channels)
    x_hat, inv_std = normalize(x, (0,), 0.1)
    x_hat = x_hat.round(1) if total < 8 else x_hat
    tilt = rng.uniform(0.4, 0.9, channels)
    dy = (1 + tilt * x_hat + rng.uniform(-1, 1, (total, channels))).round(1)
    ends = np.cumsum(counts)[:-1]
    dys, x_hats = np.split(dy, ends), np.split(x_hat, ends)
    sums = np.array([d.sum(axis=0) for d in dys])
    products = np.array([(d * h).sum(axis=0) for d, h in zip(dys, x_hats, strict=True)])
    gamma, _ = parameters(rng, channels)
    known = gamma, inv_std[0], np.array(counts), sums, products
    return dys[mine], x_hats[mine], *known


def _cases(rng: np.random.Generator) -> list[Case]:
    ordinary = Case("ordinary", _part(rng, [3, 7, 5], 4, 1))
    return [
        Case("by hand", _part(rng, [2, 3], 2, 1)),
        ordinary,
        Case("equal parts", _part(rng, [6, 6, 6], 2, 2)),
        Case("as many processes as channels", _part(rng, [4, 9, 5], 3, 1)),
        Case("a short part", _part(rng, [40, 3], 3, 1)),
        Case("one sample of its own", _part(rng, [6, 1, 8, 4], 3, 1)),
        Case("another process is empty", _part(rng, [5, 0, 7], 2, 2)),
        Case("one process", _part(rng, [9], 3, 0)),
        float32(ordinary),
    ]


synchronized_backward = Exercise(
    "synchronized-backward",
    "distributed",
    "sec-distributed",
    _solutions_practice.synchronized_backward,
    ("dx", "dgamma", "dbeta"),
    _reference,
    _cases,
    (
        "The mean and the variance are those of all samples. Over how many samples, "
        "then, are the two means in `dx` taken, and who knows their sums?",
        "Add the rows of `sums_dy`, and those of `sums_dy_x_hat`; divide both by "
        "`counts.sum()`. The gradients of γ and β are averaged by the framework "
        "afterwards, so there return this process's own sums.",
        "`dx = gamma * inv_std * (dy - level - x_hat * along)` with `level = "
        "sums_dy.sum(axis=0) / counts.sum()`, and `along` from `sums_dy_x_hat`.",
    ),
)


def _own(dy, x_hat) -> Arrays:
    return dy.sum(axis=0), (dy * x_hat).sum(axis=0)


def _answer(dy, x_hat, scale, level, along) -> Arrays:
    """Return the right gradients, but for the scale and the two means."""
    dbeta, dgamma = _own(dy, x_hat)
    return scale * (dy - level - x_hat * along), dgamma, dbeta


def _means(counts, *sums) -> list:
    return [s.sum(axis=0) / counts.sum() for s in sums]


mistake = synchronized_backward.mistake


@mistake(
    "The sums are this process's own, divided by the number of all samples.",
    "So it comes out if autograd does not see the exchange of the forward pass: the "
    "exact gradient of the loss of this process alone.",
    "eq-sync-dx",
)
def _own_sums_over_all(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (s / counts.sum() for s in _own(dy, x_hat))
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The means are over this process's own samples, as in plain batch norm.",
    "Its samples were normalized with the moments of all, so a change of one of them "
    "moves the outputs of every process.",
    "eq-sync-dx",
)
def _own_means(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (s / len(dy) for s in _own(dy, x_hat))
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The sums of all processes are divided by this process's own number of samples.",
    "A sum over all samples becomes their mean when it is divided by all of them.",
    "eq-sync-dx",
)
def _all_sums_over_own(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (s.sum(axis=0) / len(dy) for s in sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The sums of all processes are divided by K times this process's own count.",
    "That is the number of all samples only if the parts are equal, and the last batch "
    "of an epoch seldom is.",
    "eq-sync-dx",
)
def _equal_parts_assumed(dy, x_hat, gamma, inv_std, counts, *sums):
    total = len(counts) * len(dy)
    level, along = (s.sum(axis=0) / total for s in sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The means of the processes were averaged without weights.",
    "A process with three samples then counts as much as one with forty.",
    "eq-sync-dx",
)
def _mean_of_means(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = ((s / counts[:, None]).mean(axis=0) for s in sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The sums were averaged over the processes, not divided by the number of samples.",
    "An exchange that averages gives 1/K of the sum; what is wanted is 1/m of it.",
    "eq-sync-dx",
)
def _sums_averaged(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (s.mean(axis=0) for s in sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The sums of all processes are not divided by anything.",
    "Subtracted are the means over all samples: the sums over m.",
    "eq-sync-dx",
)
def _sums_not_divided(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (s.sum(axis=0) for s in sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "Only the first process's sums are used.",
    "Copying from the first is what is done with running statistics; these sums have "
    "to be added up.",
    "eq-sync-dx",
)
def _first_process_only(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (s[0] / counts[0] for s in sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The two exchanged sums were swapped.",
    "The sum of dy is subtracted as it is; the sum of dy times x̂ goes with x̂.",
    "eq-sync-dx",
)
def _sums_swapped(dy, x_hat, gamma, inv_std, counts, *sums):
    along, level = _means(counts, *sums)
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "The mean of dy is not subtracted.",
    "A change of one x moves the mean, and with it every output.",
    "eq-sync-dx",
)
def _mean_path_missing(dy, x_hat, gamma, inv_std, counts, *sums):
    _, along = _means(counts, *sums)
    return _answer(dy, x_hat, gamma * inv_std, 0.0, along)


@mistake(
    "The term with x̂ is missing.",
    "A change of one x moves the variance, and with it every output.",
    "eq-sync-dx",
)
def _variance_path_missing(dy, x_hat, gamma, inv_std, counts, *sums):
    level, _ = _means(counts, *sums)
    return _answer(dy, x_hat, gamma * inv_std, level, 0.0)


@mistake(
    "Mean and variance were treated as constants.",
    "That is right at inference; in training both depend on x, in every process.",
    "eq-sync-dx",
)
def _statistics_as_constants(dy, x_hat, gamma, inv_std, counts, *sums):
    return _answer(dy, x_hat, gamma * inv_std, 0.0, 0.0)


@mistake(
    "γ is missing from dx.",
    "y is γ times x̂, so what arrives at x̂ is γ times dy, in all three terms.",
    "eq-sync-dx",
)
def _gamma_forgotten(dy, x_hat, gamma, inv_std, counts, *sums):
    return _answer(dy, x_hat, inv_std, *_means(counts, *sums))


@mistake(
    "γ multiplies dy, but not the exchanged sums.",
    "They are sums of dy, so each of the three terms needs γ.",
    "eq-sync-dx",
)
def _gamma_not_on_the_sums(dy, x_hat, gamma, inv_std, counts, *sums):
    level, along = (mean / gamma for mean in _means(counts, *sums))
    return _answer(dy, x_hat, gamma * inv_std, level, along)


@mistake(
    "`inv_std` is missing from dx.",
    "x̂ is x less the mean, times inv_std; so is its gradient.",
    "eq-sync-dx",
)
def _deviation_forgotten(dy, x_hat, gamma, inv_std, counts, *sums):
    return _answer(dy, x_hat, gamma, *_means(counts, *sums))


@mistake(
    "The gradients of γ and β are those of all processes.",
    "The framework still averages them over the K processes, and each brings the "
    "total: together K times what one process would have found.",
    "eq-sync-dx",
)
def _totals_returned(dy, x_hat, gamma, inv_std, counts, *sums):
    right = _answer(dy, x_hat, gamma * inv_std, *_means(counts, *sums))
    return right[0], sums[1].sum(axis=0), sums[0].sum(axis=0)


@mistake(
    "The gradients of γ and β are means over this process's samples, not sums.",
    "dy already holds the 1/m of a mean loss.",
    "eq-sync-dx",
)
def _parameter_gradients_averaged(dy, x_hat, gamma, inv_std, counts, *sums):
    right = _answer(dy, x_hat, gamma * inv_std, *_means(counts, *sums))
    return right[0], right[1] / len(dy), right[2] / len(dy)
