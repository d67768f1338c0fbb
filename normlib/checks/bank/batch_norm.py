"""Exercises on the forward pass of batch normalization, for tables and for images."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._forward import share
from normlib.checks.bank._layer import Layer
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
        "shapes $(N, C)$ and $(C,)$ broadcast. `eps` goes inside the square root.",
    ),
    output_laws((0,), "over the batch"),
)


share(forward, lambda *args: (Layer((0,)), *args))


@forward.mistake(
    "The mean and the variance were taken over the features of each row (`axis=1`).",
    "That is layer norm: samples are no longer compared with each other. With N = D "
    "it even runs without keepdims.",
    "eq-index-sets",
)
def _statistics_over_features(x, gamma, beta, eps):
    return Layer((1,)).output(x, gamma, beta, eps)


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
    "axes",
    "sec-axes",
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

share(conv, lambda *args: (Layer((0, 2, 3), channels=True), *args))


@conv.mistake(
    "Each pixel has its own mean and variance, over the batch alone (`axis=0`).",
    "A convolution treats all pixels alike; the layer after it then does not, and "
    "each statistic rests on N values in place of N·H·W.",
    "eq-index-sets",
)
def _statistics_per_pixel(x, gamma, beta, eps):
    return Layer((0,), channels=True).output(x, gamma, beta, eps)


@conv.mistake(
    "Each image has its own mean and variance (`axis=(2, 3)`).",
    "That is instance norm: it removes the contrast in which images differ.",
    "eq-index-sets",
)
def _statistics_per_image(x, gamma, beta, eps):
    return Layer((2, 3), channels=True).output(x, gamma, beta, eps)


@conv.mistake(
    "The statistics are over all channels of an image (`axis=(1, 2, 3)`).",
    "That is layer norm over an image; channels of different scale are mixed.",
    "eq-index-sets",
)
def _statistics_over_channels(x, gamma, beta, eps):
    return Layer((1, 2, 3), channels=True).output(x, gamma, beta, eps)


@conv.mistake(
    "The statistics are over the batch and the channels (`axis=(0, 1)`).",
    "In (N, C, H, W) the channels, which must stay apart, are axis 1.",
    "eq-index-sets",
)
def _batch_and_channel_axes(x, gamma, beta, eps):
    return Layer((0, 1), channels=True).output(x, gamma, beta, eps)


@conv.mistake(
    "The statistics are over axes 0, 1 and 2, as if the channels came last.",
    "That is right for (N, H, W, C); here the last axis is W.",
    "eq-index-sets",
)
def _channels_last_axes(x, gamma, beta, eps):
    return Layer((0, 1, 2), channels=True).output(x, gamma, beta, eps)


@conv.mistake(
    "`gamma` and `beta`, of shape (C,), were broadcast against the last axis, W.",
    "NumPy aligns shapes from the right. It raises an error unless W = C; then it is "
    "silent and wrong. `reshape(1, -1, 1, 1)` puts them on axis 1.",
    "eq-batch-norm",
)
def _parameters_along_width(x, gamma, beta, eps):
    c = x - x.mean(axis=(0, 2, 3), keepdims=True)
    var = (c**2).mean(axis=(0, 2, 3), keepdims=True)
    return gamma * (c / np.sqrt(var + eps)) + beta


@conv.mistake(
    "The variance is the average of the images' variances, each around its own mean.",
    "What the images' means differ by is part of the variance of the batch.",
    "eq-moments",
)
def _variance_within_images(x, gamma, beta, eps):
    layer = Layer((0, 2, 3), channels=True)
    inner = x.var(axis=(2, 3), keepdims=True).mean(axis=0, keepdims=True)
    return layer.affine(layer.centered(x) / np.sqrt(inner + eps), gamma, beta)


@conv.mistake(
    "The array was reshaped to (N·H·W, C) without moving the channels last first.",
    "`reshape` moves no number: its columns then mix channels and pixels.",
    "eq-index-sets",
)
def _reshape_without_transpose(x, gamma, beta, eps):
    flat = x.reshape(-1, x.shape[1])
    return Layer((0,)).output(flat, gamma, beta, eps).reshape(x.shape)
