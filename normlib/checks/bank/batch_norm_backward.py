"""The exercise on the backward pass of batch normalization."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED, share
from normlib.checks.bank._backward_centered import CENTERED
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize, normalize_vjp

__all__ = ["backward"]


def _reference(dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float) -> Arrays:
    x_hat, inv_std = normalize(x, (0,), eps)
    dx = normalize_vjp(gamma * dy, x_hat, inv_std, (0,))
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(
            label,
            (
                rng.uniform(-2, 2, x.shape).round(1),
                x,
                parameters(rng, x.shape[1])[0],
                eps,
            ),
        )
        for label, x, eps in tables(rng)
    ]
    return [*cases, float32(cases[1])]


backward = Exercise(
    "batch-norm-backward",
    "batch-norm-backward",
    "sec-batch-norm-backward",
    _solutions.batch_norm_backward,
    ("dx", "dgamma", "dbeta"),
    _reference,
    _cases,
    (
        "Begin with what is easy: $y = \\gamma \\hat x + \\beta$ gives `dbeta`, "
        "`dgamma` and `dx_hat`. Both parameters serve all $N$ rows, so their gradients "
        "are sums.",
        "One entry of `x` reaches $\\hat x$ along three paths: directly, through the "
        "mean of its column, and through the variance. Dropping a path gives a `dx` "
        "that does not sum to zero over the batch, or that is not orthogonal to "
        "$\\hat x$.",
        "Together: $\\frac{\\partial L}{\\partial x} = \\frac{1}{\\sqrt{\\sigma^2 + "
        "\\varepsilon}} \\left( g - \\overline{g} - \\hat x \\, \\overline{g \\hat x} "
        "\\right)$ with $g = \\gamma \\, \\partial L / \\partial y$, and a bar for the "
        "mean over the batch.",
    ),
    gradient_laws(0, "over the batch"),
)


def _back(dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float) -> Back:
    return Back.of(dy, x, gamma, eps, axis=0)


share(backward, SHARED + CENTERED, _back, "eq-batch-norm-dx", "eq-dgamma-dbeta")


@backward.mistake(
    "The means in `dx` were taken over the features of each row (`axis=1`).",
    "That is the backward pass of layer norm.",
    "eq-index-sets",
)
def _means_over_features(dy, x, gamma, eps):
    right, wrong = _back(dy, x, gamma, eps), Back.of(dy, x, gamma, eps, axis=1)
    return right.outputs(dx=wrong.dx())


@backward.mistake(
    "The normalized x and the means in `dx` are those of layer norm (`axis=1`).",
    "Batch norm takes its statistics over the batch, so its gradients mix samples.",
    "eq-index-sets",
)
def _statistics_over_features(dy, x, gamma, eps):
    return Back.of(dy, x, gamma, eps, axis=1).outputs()
