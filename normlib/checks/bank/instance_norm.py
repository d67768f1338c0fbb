"""The exercise on instance norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._forward import share
from normlib.checks.bank._layer import Layer
from normlib.checks.cases import float32, images, parameters
from normlib.checks.exercise import Case, Exercise
from normlib.checks.laws import output_laws
from normlib.kernel import normalize

__all__ = ["image_cases", "instance_norm"]


def image_cases(rng: np.random.Generator) -> list[Case]:
    """Return the cases of a layer on images that works for one image too."""
    cases = [
        Case(label, (x, *parameters(rng, x.shape[1]), eps))
        for label, x, eps in images(rng)
    ]
    x, *rest = cases[1].args
    return [*cases, Case("one image", (x[:1], *rest)), float32(cases[1])]


def _instance_norm_reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    x_hat = normalize(x, (2, 3), eps)[0]
    return gamma[:, None, None] * x_hat + beta[:, None, None]


instance_norm = Exercise(
    "instance-norm",
    "other-norms",
    "sec-other-norms",
    _solutions.instance_norm,
    ("y",),
    _instance_norm_reference,
    image_cases,
    (
        "Each image has its own contrast, in each channel. Instance norm removes it.",
        "There are $N \\cdot C$ means, each over the $H W$ pixels of one channel of "
        "one image: axes 2 and 3.",
        "Batch norm for images with `axis=(2, 3)` in place of `(0, 2, 3)`; `gamma` and "
        "`beta` remain one per channel, `reshape(1, -1, 1, 1)`.",
    ),
    output_laws((2, 3), "over each image and channel"),
)


share(instance_norm, lambda *args: (Layer((2, 3), channels=True), *args))


@instance_norm.mistake(
    "The statistics are over the batch as well (`axis=(0, 2, 3)`).",
    "That is batch norm; here no image may depend on another.",
    "eq-index-sets",
)
def _statistics_over_batch(x, gamma, beta, eps):
    return Layer((0, 2, 3), channels=True).output(x, gamma, beta, eps)


@instance_norm.mistake(
    "The statistics are over the channels as well (`axis=(1, 2, 3)`).",
    "That is layer norm over an image; here each channel has its own mean.",
    "eq-index-sets",
)
def _statistics_over_channels(x, gamma, beta, eps):
    return Layer((1, 2, 3), channels=True).output(x, gamma, beta, eps)


@instance_norm.mistake(
    "The statistics are over the rows of a channel only (`axis=2`).",
    "Both spatial axes belong to one statistic.",
    "eq-index-sets",
)
def _height_only(x, gamma, beta, eps):
    return Layer((2,), channels=True).output(x, gamma, beta, eps)


@instance_norm.mistake(
    "The statistics are over the columns of a channel only (`axis=3`, or -1).",
    "Both spatial axes belong to one statistic.",
    "eq-index-sets",
)
def _width_only(x, gamma, beta, eps):
    return Layer((3,), channels=True).output(x, gamma, beta, eps)


@instance_norm.mistake(
    "The statistics are over axes 1 and 2, as if the channels came last.",
    "That is right for (N, H, W, C); here the last axis is W.",
    "eq-index-sets",
)
def _channels_last_axes(x, gamma, beta, eps):
    return Layer((1, 2), channels=True).output(x, gamma, beta, eps)
