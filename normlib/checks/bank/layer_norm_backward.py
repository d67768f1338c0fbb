"""The exercise on the backward pass of layer norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED, share
from normlib.checks.bank._backward_centered import CENTERED
from normlib.checks.bank.layer_norm import rows
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize, normalize_vjp

__all__ = ["gradient_cases", "layer_norm_backward"]


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    """Return the cases of a backward pass along rows."""
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
    gradient_cases,
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


def _back(dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float) -> Back:
    return Back.of(dy, x, gamma, eps, axis=1)


share(layer_norm_backward, SHARED + CENTERED, _back, "eq-dx-sets", "eq-dgamma-dbeta")


@layer_norm_backward.mistake(
    "`gamma` was pulled out of the projections: γ · (dy - ...).",
    "In batch norm it can be, being constant along the statistics; here it differs "
    "from feature to feature, so it belongs inside.",
    "eq-dx-sets",
)
def _gamma_outside_projection(dy, x, gamma, eps):
    b = _back(dy, x, gamma, eps)
    return b.outputs(dx=gamma * b.dx(dx_hat=dy))


@layer_norm_backward.mistake(
    "The means in `dx` were taken over the batch (`axis=0`).",
    "They are over what shares a statistic, which in layer norm is a row.",
    "eq-index-sets",
)
def _means_over_batch(dy, x, gamma, eps):
    b = _back(dy, x, gamma, eps)
    g, x_hat = b.dx_hat, b.x_hat
    along = x_hat * (g * x_hat).mean(axis=0)
    return b.outputs(dx=b.inv_std * (g - g.mean(axis=0) - along))


@layer_norm_backward.mistake(
    "The normalized x and the means in `dx` are those of batch norm (`axis=0`).",
    "Layer norm takes its statistics over each row.",
    "eq-index-sets",
)
def _statistics_over_batch(dy, x, gamma, eps):
    return Back.of(dy, x, gamma, eps, axis=0).outputs()
