"""The exercise on the forward pass of batch renormalization."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._renorm import Parts
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Case, Exercise
from normlib.kernel import normalize

__all__ = ["corrected", "forward", "inputs"]


def corrected(x, running_mean, running_std, r_max, d_max, eps) -> tuple:
    """Return x_hat, inv_std, r and d."""
    x_hat, inv_std = normalize(x, (0,), eps)
    mean = x[0] - x_hat[0] / inv_std[0]
    r = np.clip(1 / (inv_std[0] * running_std), 1 / r_max, r_max)
    d = np.clip((mean - running_mean) / running_std, -d_max, d_max)
    return x_hat, inv_std, r, d


def _forward_reference(
    x, gamma, beta, running_mean, running_std, r_max, d_max, eps
) -> np.ndarray:
    x_hat, _, r, d = corrected(x, running_mean, running_std, r_max, d_max, eps)
    return gamma * (x_hat * r + d) + beta


def inputs(rng: np.random.Generator) -> list[tuple[str, tuple]]:
    """Return (label, (x, gamma, beta, mean, std, r_max, d_max, eps)).

    Some corrections reach their limits, on either side; in two cases none does.
    """
    beyond = ([2.6, 0.3, 1.2], [0.2, -0.9, 0.8], 1.8, 0.5)
    within = ([1.3, 0.8], [0.4, -0.3], 3.0, 5.0)
    cases = [_with_running(rng, *table, *beyond) for table in tables(rng)]
    for label, x, eps in tables(rng)[1:4:2]:
        cases.append(_with_running(rng, f"{label}, no limit", x, eps, *within))
    return cases


def _with_running(rng, label, x, eps, ratio, shift, r_max, d_max) -> tuple[str, tuple]:
    """Return a case whose r and d, before the limits, repeat `ratio` and `shift`."""
    d = x.shape[1]
    std = (np.sqrt(x.var(axis=0) + eps) / np.resize(ratio, d)).round(6)
    mean = x.mean(axis=0) - np.resize(shift, d) * std
    if label == "by hand":
        mean, std = mean.round(2), std.round(2)
    return label, (x, *parameters(rng, d), mean, std, r_max, d_max, eps)


def _forward_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case(*case) for case in inputs(rng)]
    x, gamma, beta, mean, std, _, _, eps = cases[1].args
    plain = Case("r_max = 1, d_max = 0", (x, gamma, beta, mean, std, 1.0, 0.0, eps))
    return [*cases, plain, float32(cases[1])]


forward = Exercise(
    "batch-renorm-forward",
    "batch-renorm",
    "sec-batch-renorm",
    _solutions.batch_renorm_forward,
    ("y",),
    _forward_reference,
    _forward_cases,
    (
        "Begin with batch norm's $\\hat x$. The two corrections then move it towards "
        "what inference would compute with the running statistics.",
        "$r = \\sigma_B / \\sigma_R$ and $d = (\\mu_B - \\mu_R) / \\sigma_R$: both are "
        "measured in running standard deviations, and both are clipped.",
        "`r = np.clip(std / running_std, 1 / r_max, r_max)`, `d = np.clip((mean - "
        "running_mean) / running_std, -d_max, d_max)`, and `gamma * (x_hat * r + d) + "
        "beta`. Here `std` has `eps` inside; `running_std` is already a deviation.",
    ),
)


@forward.mistake(
    "r and d are not clipped: together they then cancel the batch's statistics.",
    "Without limits the output is that of inference, and the first batches, far from "
    "the running statistics, come out enormous.",
    "eq-r-d",
)
def _limits_missing(*args):
    p = Parts(*args)
    return p.output(r=p.ratio, d=p.shift)


@forward.mistake(
    "The running statistics were used in place of the batch's, as in inference.",
    "Gradients then do not see what normalization removes, and the parameters drift.",
    "eq-batch-renorm",
)
def _running_statistics_in_training(*args):
    p = Parts(*args)
    return p.gamma * (p.x - p.running_mean) / p.running_std + p.beta


@forward.mistake(
    "r is not clipped.",
    "A batch with an unusual spread is then stretched without limit.",
    "eq-r-d",
)
def _r_not_clipped(*args):
    p = Parts(*args)
    return p.output(r=p.ratio)


@forward.mistake(
    "d is not clipped.",
    "A batch with an unusual mean is then shifted without limit.",
    "eq-r-d",
)
def _d_not_clipped(*args):
    p = Parts(*args)
    return p.output(d=p.shift)


@forward.mistake(
    "r is clipped from above only.",
    "Its lower limit is 1/r_max: halving and doubling are equally far from 1.",
    "eq-r-d",
)
def _r_has_no_lower_limit(*args):
    p = Parts(*args)
    return p.output(r=np.minimum(p.ratio, p.r_max))


@forward.mistake(
    "d is clipped to [0, d_max].",
    "The batch's mean may lie on either side of the running one.",
    "eq-r-d",
)
def _d_clipped_at_zero(*args):
    p = Parts(*args)
    return p.output(d=np.clip(p.shift, 0, p.d_max))


@forward.mistake(
    "r is upside down: running over batch deviation.",
    "It should undo the division by the batch's σ and replace it by the running one.",
    "eq-r-d",
)
def _r_inverted(*args):
    p = Parts(*args)
    return p.output(r=p.clipped_r(1 / p.ratio))


@forward.mistake(
    "d has the wrong sign.",
    "It is the batch's mean less the running mean.",
    "eq-r-d",
)
def _d_sign(*args):
    p = Parts(*args)
    return p.output(d=-p.d)


@forward.mistake(
    "d is measured in standard deviations of the batch, not in running ones.",
    "Then x̂ r + d is not (x - μ_R)/σ_R where nothing is clipped.",
    "eq-r-d",
)
def _d_over_batch_deviation(*args):
    p = Parts(*args)
    return p.output(d=p.clipped_d((p.mean - p.running_mean) / p.std))


@forward.mistake(
    "d was not divided by the running standard deviation.",
    "d shifts x̂, which has no unit.",
    "eq-r-d",
)
def _d_not_divided(*args):
    p = Parts(*args)
    return p.output(d=p.clipped_d(p.mean - p.running_mean))


@forward.mistake(
    "r multiplies d as well: r (x̂ + d).",
    "d is added after the scaling; it is in running deviations already.",
    "eq-batch-renorm",
)
def _d_multiplied_by_r(*args):
    p = Parts(*args)
    return p.output(d=p.d * p.r)


@forward.mistake(
    "`gamma` and `beta` were applied before r and d.",
    "The corrections belong to x̂; γ and β act on the corrected value.",
    "eq-batch-renorm",
)
def _affine_before_corrections(*args):
    p = Parts(*args)
    return p.r * p.output(r=1.0, d=0.0) + p.d


@forward.mistake(
    "This is batch norm: r and d are not applied.",
    "They are what lets a small batch be normalized as inference will do it.",
    "eq-batch-renorm",
)
def _corrections_missing(*args):
    return Parts(*args).output(r=1.0, d=0.0)


@forward.mistake(
    "r is missing; only d is applied.",
    "Both statistics need their correction.",
    "eq-batch-renorm",
)
def _r_missing(*args):
    return Parts(*args).output(r=1.0)


@forward.mistake(
    "d is missing; only r is applied.",
    "Both statistics need their correction.",
    "eq-batch-renorm",
)
def _d_missing(*args):
    return Parts(*args).output(d=0.0)


@forward.mistake(
    "`gamma` is not applied.",
    "r and d change x̂; the scale that the network learns comes after them.",
    "eq-batch-renorm",
)
def _gamma_forgotten(x, gamma, *rest):
    return Parts(x, np.ones_like(gamma), *rest).output()


@forward.mistake(
    "`beta` is not added.",
    "r and d change x̂; the shift that the network learns comes after them.",
    "eq-batch-renorm",
)
def _beta_forgotten(x, gamma, beta, *rest):
    return Parts(x, gamma, np.zeros_like(beta), *rest).output()
