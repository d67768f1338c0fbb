"""The exercise on the forward pass of RMS norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank.layer_norm import rows
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Case, Exercise, Law
from normlib.kernel import normalize

__all__ = ["rms_norm"]


def _rms_norm_reference(x: np.ndarray, gamma: np.ndarray, eps: float) -> np.ndarray:
    return gamma * normalize(x, (1,), eps, center=False)[0]


def _rms_norm_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, parameters(rng, x.shape[1])[0], eps))
        for label, x, eps in rows(rng)
    ]
    zero = cases[1].args[0].copy()
    zero[0] = 0.0
    cases.append(Case("row of zeros", (zero, *cases[1].args[1:])))
    return [*cases, float32(cases[1])]


rms_norm = Exercise(
    "rms-norm",
    "other-norms",
    "sec-other-norms",
    _solutions.rms_norm,
    ("y",),
    _rms_norm_reference,
    _rms_norm_cases,
    (
        "RMS stands for root mean square: square, then mean, then root. Nothing is "
        "subtracted.",
        "One number for each row: $\\sqrt{\\frac{1}{D} \\sum_i x_i^2 + \\varepsilon}$.",
        "`rms = np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)`, then `gamma * x / "
        "rms`. There is no `beta`.",
    ),
    (
        Law(
            "y",
            "the mean square of x̂ over each row",
            lambda args, y: ((y / args[1]) ** 2).mean(axis=1),
        ),
    ),
)


@rms_norm.mistake(
    "The mean was subtracted: this is layer norm without a shift.",
    "RMS norm leaves the mean in; that is all that it saves, and it works.",
    "eq-rms-norm",
)
def _mean_subtracted(x, gamma, eps):
    return _divided(x - _mean(x), x - _mean(x), gamma, eps)


@rms_norm.mistake(
    "The division is by the standard deviation, without subtracting the mean.",
    "The root mean square contains the mean: it is √(μ² + σ²).",
    "eq-rms-norm",
)
def _divided_by_deviation(x, gamma, eps):
    return _divided(x, x - _mean(x), gamma, eps)


@rms_norm.mistake(
    "The mean was subtracted from x, but the divisor is the root mean square of x.",
    "RMS norm subtracts nothing.",
    "eq-rms-norm",
)
def _centered_over_rms(x, gamma, eps):
    return _divided(x - _mean(x), x, gamma, eps)


@rms_norm.mistake(
    "`eps` was added to the root mean square, outside the root.",
    "The gain of a row near 0 is then 1/ε, not 1/√ε: with ε = 1e-5, 316 times more.",
    "eq-rms-norm",
)
def _eps_outside_root(x, gamma, eps):
    return gamma * x / (np.sqrt(_mean(x**2)) + eps)


@rms_norm.mistake(
    "`eps` is not used.",
    "A row of zeros gives 0/0, which is NaN.",
    "eq-rms-norm",
)
def _eps_missing(x, gamma, eps):
    return _divided(x, x, gamma, 0.0)


@rms_norm.mistake(
    "The argument `eps` is ignored: 1e-5 is used always.",
    "Models differ in their eps, and weights are trained with one.",
    "eq-rms-norm",
)
def _eps_always_1e_5(x, gamma, eps):
    return _divided(x, x, gamma, 1e-5)


@rms_norm.mistake(
    "The division is by the mean square; its root is missing.",
    "The output then depends on the scale of x.",
    "eq-rms-norm",
)
def _root_missing(x, gamma, eps):
    return gamma * x / (_mean(x**2) + eps)


@rms_norm.mistake(
    "The sum of squares is not divided by D: the division is by the Euclidean norm.",
    "Entries then shrink as 1/√D in wider layers.",
    "eq-rms-norm",
)
def _sum_of_squares(x, gamma, eps):
    return gamma * x / np.sqrt((x**2).sum(axis=1, keepdims=True) + eps)


@rms_norm.mistake(
    "The mean of squares was taken over the batch (`axis=0`).",
    "As in layer norm, a row is normalized by itself.",
    "eq-index-sets",
)
def _statistics_over_batch(x, gamma, eps):
    return gamma * x / np.sqrt((x**2).mean(axis=0) + eps)


@rms_norm.mistake(
    "One mean of squares was taken over the whole table.",
    "As in layer norm, a row is normalized by itself.",
    "eq-index-sets",
)
def _global_statistics(x, gamma, eps):
    return gamma * x / np.sqrt((x**2).mean() + eps)


@rms_norm.mistake(
    "The division is by the mean absolute value.",
    "Root mean square: square, mean, root. Large entries weigh more.",
    "eq-rms-norm",
)
def _mean_absolute_value(x, gamma, eps):
    return gamma * x / np.sqrt(_mean(np.abs(x)) ** 2 + eps)


@rms_norm.mistake(
    "`gamma` is not applied.",
    "Each feature has its own learned scale.",
    "eq-rms-norm",
)
def _gamma_forgotten(x, gamma, eps):
    return _divided(x, x, 1.0, eps)


@rms_norm.mistake(
    "1 + gamma was used as the scale.",
    "Some models store γ - 1, starting at 0. Here `gamma` is the scale itself.",
    "eq-rms-norm",
)
def _one_plus_gamma(x, gamma, eps):
    return _divided(x, x, 1 + gamma, eps)


def _mean(a: np.ndarray) -> np.ndarray:
    return a.mean(axis=1, keepdims=True)


def _divided(a, b, gamma, eps) -> np.ndarray:
    """Return `a`, divided by the root mean square of `b`, times gamma."""
    return gamma * a / np.sqrt(_mean(b**2) + eps)
