"""Exercises on the backward passes of layer and RMS norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank.other_norms import rows
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize, normalize_vjp

__all__ = ["layer_norm_backward", "rms_norm_backward"]


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, eps in rows(rng):
        dy = rng.uniform(-2, 2, x.shape).round(1)
        cases.append(Case(label, (dy, x, parameters(rng, x.shape[1])[0], eps)))
    return [*cases, float32(cases[1])]


def _layer_norm_reference(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float
) -> Arrays:
    x_hat, inv_std = normalize(x, (1,), eps)
    dx = normalize_vjp(gamma * dy, x_hat, inv_std, (1,))
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


layer_norm_backward = Exercise(
    "layer-norm-backward",
    "other-norms",
    "sec-other-norms",
    _solutions.layer_norm_backward,
    ("dx", "dgamma", "dbeta"),
    _layer_norm_reference,
    _cases,
    (
        "Nothing new is needed for `dx`: it is batch norm's backward pass with the "
        "means over another axis.",
        "Two kinds of sum meet here. The means in `dx` are over the features of a row; "
        "`dgamma` and `dbeta` are sums over the rows, since each row uses them.",
        "`dx = inv_std * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat))` with "
        "`axis=-1, keepdims=True`; `gamma` is inside `dx_hat` and cannot be pulled "
        "out, because it differs along that axis.",
    ),
    gradient_laws(1, "over each row"),
)


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
    _cases,
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
