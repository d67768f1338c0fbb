"""The exercise on the backward pass of batch renormalization."""

from dataclasses import replace

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED, share
from normlib.checks.bank._backward_centered import CENTERED
from normlib.checks.bank._renorm import Parts
from normlib.checks.bank.batch_renorm import corrected, inputs
from normlib.checks.cases import float32
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize_vjp

__all__ = ["backward"]


def _backward_reference(
    dy, x, gamma, running_mean, running_std, r_max, d_max, eps
) -> Arrays:
    x_hat, inv_std, r, d = corrected(x, running_mean, running_std, r_max, d_max, eps)
    dx = normalize_vjp(gamma * r * dy, x_hat, inv_std, (0,))
    return dx, (dy * (x_hat * r + d)).sum(axis=0), dy.sum(axis=0)


def _backward_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, (x, gamma, _, *rest) in inputs(rng):
        dy = rng.uniform(-2, 2, x.shape).round(1)
        cases.append(Case(label, (dy, x, gamma, *rest)))
    return [*cases, float32(cases[1])]


backward = Exercise(
    "batch-renorm-backward",
    "batch-renorm",
    "sec-batch-renorm",
    _solutions.batch_renorm_backward,
    ("dx", "dgamma", "dbeta"),
    _backward_reference,
    _backward_cases,
    (
        "No gradient flows through $r$ and $d$: compute them, then treat them as "
        "numbers that happen to be there.",
        "With $r$ and $d$ constant, $y = (\\gamma r) \\hat x + (\\gamma d + \\beta)$ "
        "is batch norm with another scale and shift. You have its backward pass.",
        "`dx` is batch norm's with `dx_hat = gamma * r * dy`; `dgamma` is the sum of "
        "`dy * (x_hat * r + d)`, everything that `gamma` multiplies; `dbeta` the sum "
        "of `dy`.",
    ),
    gradient_laws(0, "over the batch"),
)


def _back(dy, x, gamma, running_mean, running_std, r_max, d_max, eps) -> Back:
    p = Parts(x, gamma, gamma, running_mean, running_std, r_max, d_max, eps)
    return Back.of(dy, x, gamma, eps, axis=0, r=p.r, d=p.d)


share(backward, SHARED + CENTERED, _back, "eq-batch-renorm-dx", "eq-batch-renorm-dx")


@backward.mistake(
    "r is missing in `dx`.",
    "The gradient with respect to x̂ is γ r · dy: r is a constant, but it multiplies.",
    "eq-batch-renorm-dx",
)
def _r_forgotten(*args):
    b = _back(*args)
    return b.outputs(dx=b.dx(dx_hat=b.gamma * b.dy))


@backward.mistake(
    "`dgamma` is Σ dy · x̂, as in batch norm.",
    "γ multiplies x̂ r + d, all of it.",
    "eq-batch-renorm-dx",
)
def _dgamma_without_r_and_d(*args):
    b = _back(*args)
    return b.outputs(dgamma=(b.dy * b.x_hat).sum(axis=0))


@backward.mistake(
    "d is missing in `dgamma`.",
    "γ multiplies x̂ r + d, all of it.",
    "eq-batch-renorm-dx",
)
def _dgamma_without_d(*args):
    b = _back(*args)
    return b.outputs(dgamma=(b.dy * b.x_hat * b.r).sum(axis=0))


@backward.mistake(
    "r is missing in `dgamma`.",
    "γ multiplies x̂ r + d, all of it.",
    "eq-batch-renorm-dx",
)
def _dgamma_without_r(*args):
    b = _back(*args)
    return b.outputs(dgamma=(b.dy * (b.x_hat + b.d)).sum(axis=0))


@backward.mistake(
    "The gradient flows through r and d.",
    "They are constants by decision (a stop-gradient). Differentiated, they cancel "
    "batch norm's projections wherever nothing is clipped.",
    "eq-batch-renorm-dx",
)
def _gradient_through_r_and_d(dy, x, gamma, running_mean, running_std, *limits):
    b = _back(dy, x, gamma, running_mean, running_std, *limits)
    r_max, d_max, _ = limits
    ratio = 1 / (b.inv_std * running_std)
    shift = (x.mean(axis=0) - running_mean) / running_std
    g = gamma * dy / running_std
    free = (1 / r_max < ratio) & (ratio < r_max)
    dx = np.where(free, g - g.mean(axis=0), b.dx())
    return b.outputs(dx=dx + np.where(np.abs(shift) < d_max, g.mean(axis=0), 0.0))


@backward.mistake(
    "`dx` is γ/σ_R · dy, the gradient of inference.",
    "Where nothing is clipped the forward pass equals that of inference; the backward "
    "pass, on purpose, does not.",
    "eq-batch-renorm-dx",
)
def _gradient_of_inference(dy, x, gamma, running_mean, running_std, *limits):
    b = _back(dy, x, gamma, running_mean, running_std, *limits)
    return b.outputs(dx=gamma * dy / running_std)


@backward.mistake(
    "r and d are not clipped.",
    "The backward pass needs the same constants as the forward pass.",
    "eq-r-d",
)
def _limits_missing(dy, x, gamma, running_mean, running_std, r_max, d_max, eps):
    return _back(dy, x, gamma, running_mean, running_std, np.inf, np.inf, eps).outputs()


@backward.mistake(
    "r is upside down: running over batch deviation.",
    "It is the batch's deviation over the running one.",
    "eq-r-d",
)
def _r_inverted(dy, x, gamma, running_mean, running_std, r_max, d_max, eps):
    b = _back(dy, x, gamma, running_mean, running_std, r_max, d_max, eps)
    r = np.clip(b.inv_std[0] * running_std, 1 / r_max, r_max)
    return replace(b, r=r).outputs()
