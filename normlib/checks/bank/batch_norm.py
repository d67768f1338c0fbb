"""Exercises on the forward pass of batch normalization, for tables and for images."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, images, parameters, tables
from normlib.checks.exercise import Case, Exercise
from normlib.checks.laws import output_laws
from normlib.kernel import normalize

__all__ = ["conv", "forward"]


def _forward_reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    return gamma * normalize(x, (0,), eps)[0] + beta


def _forward_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, *parameters(rng, x.shape[1]), eps))
        for label, x, eps in tables(rng)
    ]
    return [*cases, float32(cases[1])]


forward = Exercise(
    "batch-norm-forward",
    "batch-norm",
    "sec-batch-norm",
    _solutions.batch_norm_forward,
    ("y",),
    _forward_reference,
    _forward_cases,
    (
        "Each column of `x` is one feature, each row one sample. Batch norm compares "
        "a sample with the others in the batch, feature by feature.",
        "Four lines: the mean of each column, the variance of each column (divided by "
        "$N$), $\\hat x = (x - \\mu) / \\sqrt{\\sigma^2 + \\varepsilon}$, and $y = "
        "\\gamma \\hat x + \\beta$.",
        "`mean = x.mean(axis=0)` and `var = ((x - mean) ** 2).mean(axis=0)`; the "
        "shapes $(N, D)$ and $(D,)$ broadcast. `eps` goes inside the square root.",
    ),
    output_laws((0,), "over the batch"),
)


def _conv_reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    x_hat = normalize(x, (0, 2, 3), eps)[0]
    return gamma[:, None, None] * x_hat + beta[:, None, None]


def _conv_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, *parameters(rng, x.shape[1]), eps))
        for label, x, eps in images(rng)
    ]
    return [*cases, float32(cases[1])]


conv = Exercise(
    "batch-norm-conv",
    "batch-norm",
    "sec-batch-norm",
    _solutions.batch_norm_conv,
    ("y",),
    _conv_reference,
    _conv_cases,
    (
        "A convolution does the same to every pixel. So which pixels should share a "
        "mean: those of one image, those at one place, or all of a channel?",
        "There are $C$ means and $C$ variances; each is over $m = N H W$ numbers, the "
        "axes 0, 2 and 3.",
        "Average with `axis=(0, 2, 3), keepdims=True`, which gives shape $(1, C, 1, "
        "1)$; bring `gamma` and `beta` into that shape with `reshape(1, -1, 1, 1)`.",
    ),
    output_laws((0, 2, 3), "over each channel"),
)
