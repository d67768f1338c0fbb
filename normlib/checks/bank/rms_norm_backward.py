"""The exercise on the backward pass of RMS norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED, share
from normlib.checks.bank.layer_norm_backward import gradient_cases
from normlib.checks.exercise import Arrays, Exercise
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize, normalize_vjp

__all__ = ["rms_norm_backward"]


def _rms_norm_reference(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float
) -> Arrays:
    x_hat, inv_rms = normalize(x, (1,), eps, center=False)
    dx = normalize_vjp(gamma * dy, x_hat, inv_rms, (1,), center=False)
    return dx, (dy * x_hat).sum(axis=0)


rms_norm_backward = Exercise(
    "rms-norm-backward",
    "other-norms",
    "sec-other-norms",
    _solutions.rms_norm_backward,
    ("dx", "dgamma"),
    _rms_norm_reference,
    gradient_cases,
    (
        "There is no mean in the forward pass, so there is no path through it.",
        "Two paths remain: direct, and through the root mean square, which is the "
        "same for all entries of a row.",
        "$\\partial L / \\partial x = \\frac{1}{\\mathrm{rms}} (g - \\hat x \\, "
        "\\overline{g \\hat x})$ with $g = \\gamma \\, \\partial L / \\partial y$; the "
        "bar is the mean over the row. `dgamma` sums `dy * x_hat` over the rows.",
    ),
    gradient_laws(1, "over each row", center=False),
)


def _back(dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float) -> Back:
    return Back.of(dy, x, gamma, eps, axis=1, center=False)


share(rms_norm_backward, SHARED, _back, "eq-rms-norm-dx", "eq-dgamma-dbeta", outputs=2)


@rms_norm_backward.mistake(
    "The mean of dx̂ was subtracted, as in layer norm.",
    "RMS norm subtracts no mean in the forward pass, so there is no path through it.",
    "eq-rms-norm",
)
def _mean_path_added(dy, x, gamma, eps):
    b = _back(dy, x, gamma, eps)
    level = b.inv_std * b.mean(b.dx_hat)
    return b.dx() - level, b.dgamma


@rms_norm_backward.mistake(
    "This is the backward pass of layer norm: x was centered.",
    "RMS norm subtracts no mean.",
    "eq-rms-norm",
)
def _layer_norm_instead(dy, x, gamma, eps):
    return Back.of(dy, x, gamma, eps, axis=1).outputs()[:2]


@rms_norm_backward.mistake(
    "`gamma` was pulled out of the projection: γ · (dy - ...).",
    "It differs from feature to feature, so it belongs inside.",
    "eq-rms-norm-dx",
)
def _gamma_outside_projection(dy, x, gamma, eps):
    b = _back(dy, x, gamma, eps)
    return gamma * b.dx(dx_hat=dy), b.dgamma


@rms_norm_backward.mistake(
    "The normalized x and the mean in `dx` are over the batch (`axis=0`).",
    "RMS norm normalizes each row by itself.",
    "eq-index-sets",
)
def _statistics_over_batch(dy, x, gamma, eps):
    return Back.of(dy, x, gamma, eps, axis=0, center=False).outputs()[:2]
