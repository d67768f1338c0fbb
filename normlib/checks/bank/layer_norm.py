"""The exercise on the forward pass of layer norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._forward import share
from normlib.checks.bank._layer import Layer
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Case, Exercise
from normlib.checks.laws import output_laws
from normlib.kernel import normalize

__all__ = ["layer_norm_forward", "rows"]


def rows(rng: np.random.Generator) -> list[tuple[str, np.ndarray, float]]:
    """Return (label, x of shape (N, D), eps); here the hard columns are hard rows."""
    cases = [
        (label.replace("column", "row"), np.ascontiguousarray(x.T), eps)
        for label, x, eps in tables(rng)
        if label not in ("two rows", "more columns than rows")
    ]
    ordinary = cases[1][1]
    tall = np.vstack([ordinary, 2 * ordinary[:1] - 1, ordinary[::-1] - 0.3])
    return [*cases, ("more rows than columns", tall, 1e-4), ("one row", tall[:1], 1e-4)]


def _layer_norm_reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    return gamma * normalize(x, (1,), eps)[0] + beta


def _layer_norm_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, *parameters(rng, x.shape[1]), eps))
        for label, x, eps in rows(rng)
    ]
    return [*cases, float32(cases[1])]


layer_norm_forward = Exercise(
    "layer-norm-forward",
    "other-norms",
    "sec-other-norms",
    _solutions.layer_norm_forward,
    ("y",),
    _layer_norm_reference,
    _layer_norm_cases,
    (
        "Layer norm never looks at another sample. Which axis is left to average over?",
        "One mean and one variance for each row, over its features; `gamma` and "
        "`beta` still have one entry for each feature.",
        "`x.mean(axis=-1, keepdims=True)`: with `keepdims` the shape is $(N, 1)$ and "
        "broadcasts against $(N, D)$; without it, NumPy aligns it with the features.",
    ),
    output_laws((1,), "of x̂ over each row", lambda args, y: (y - args[2]) / args[1]),
)


share(layer_norm_forward, lambda *args: (Layer((1,)), *args))


@layer_norm_forward.mistake(
    "The mean and the variance were taken over the batch (`axis=0`).",
    "That is batch norm: the answer for one sample depends on the others.",
    "eq-index-sets",
)
def _statistics_over_batch(x, gamma, beta, eps):
    return Layer((0,)).output(x, gamma, beta, eps)


@layer_norm_forward.mistake(
    "All features share the first entry of `gamma` and of `beta`.",
    "Each feature has its own scale and shift.",
    "eq-index-sets",
)
def _one_gamma_for_all(x, gamma, beta, eps):
    return Layer((1,)).output(x, gamma[:1], beta[:1], eps)


@layer_norm_forward.mistake(
    "All features share one scale and one shift, the means of `gamma` and `beta`.",
    "Each feature has its own scale and shift.",
    "eq-index-sets",
)
def _one_gamma_for_all__their_mean(x, gamma, beta, eps):
    return Layer((1,)).output(x, gamma.mean(), beta.mean(), eps)


@layer_norm_forward.mistake(
    "`beta` is not added, and nothing is centered: this is RMS norm.",
    "Layer norm subtracts the mean of each row and adds `beta`.",
    "eq-rms-norm",
)
def _rms_norm_instead(x, gamma, beta, eps):
    return gamma * x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
