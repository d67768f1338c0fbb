"""The exercise on the backward pass of batch normalization for images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from normlib.checks.bank import _solutions_training
from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED
from normlib.checks.bank._backward_centered import CENTERED
from normlib.checks.cases import float32, images, parameters
from normlib.checks.exercise import Arrays, Case, Exercise, Mistake
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize, normalize_vjp

__all__ = ["conv_backward"]

AXES = (0, 2, 3)


def _reference(dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float) -> Arrays:
    x_hat, inv_std = normalize(x, AXES, eps)
    dx = normalize_vjp(gamma[:, None, None] * dy, x_hat, inv_std, AXES)
    return dx, (dy * x_hat).sum(axis=AXES), dy.sum(axis=AXES)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, eps in images(rng):
        dy = rng.uniform(-2, 2, x.shape).round(1)
        cases.append(Case(label, (dy, x, parameters(rng, x.shape[1])[0], eps)))
    return [*cases, float32(cases[1])]


conv_backward = Exercise(
    "batch-norm-conv-backward",
    "axes",
    "sec-axes",
    _solutions_training.batch_norm_conv_backward,
    ("dx", "dgamma", "dbeta"),
    _reference,
    _cases,
    (
        "Nothing new happens at a pixel: it is one more row of a table with $C$ "
        "columns. How many elements share a mean?",
        "Each mean and each sum runs over the axes 0, 2 and 3, that is over $m = N H "
        "W$ elements. `dgamma` and `dbeta` come out with shape $(C,)$.",
        "`dx = inv_std * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat))` with "
        "`axis=(0, 2, 3), keepdims=True`, and `dx_hat = gamma.reshape(1, -1, 1, 1) * "
        "dy`; the two sums are without `keepdims`.",
    ),
    gradient_laws(AXES, "over each channel"),
)


def _columns(x: np.ndarray) -> np.ndarray:
    """Return images as a table with a column for each channel."""
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


@dataclass(frozen=True)
class _OnImages:
    """A mistake made on tables, here on images."""

    answer: Callable[[Back], tuple]

    def __call__(self, dy, x, gamma, eps):
        back = Back.of(_columns(dy), _columns(x), gamma, eps, axis=0)
        dx, *others = self.answer(back)
        n, c, h, w = x.shape
        return dx.reshape(n, h, w, c).transpose(0, 3, 1, 2), *others


def _equation(name: str) -> str:
    of_parameter = name.startswith(("dgamma", "dbeta"))
    return "eq-dgamma-dbeta" if of_parameter else "eq-batch-norm-dx"


_OF_TABLES = ("-averaged", "-over-features", "-not-summed")  # below, for images

conv_backward.mistakes += [
    Mistake(
        m.name,
        _OnImages(m.answer),
        m.what,
        m.why,
        m.see or _equation(m.name),
    )
    for m in SHARED + CENTERED
    if not m.name.endswith(_OF_TABLES)
]


def _gradients(dy, x, gamma, eps, statistics=AXES, means=None, share=1.0):
    """Return the gradients with statistics and means over other axes."""
    g = gamma.reshape(1, -1, 1, 1)
    b = Back.of(dy, x, g, eps, axis=statistics)
    x_hat, dx_hat, means = b.x_hat, b.dx_hat, means or statistics
    level = dx_hat.mean(axis=means, keepdims=True)
    along = (dx_hat * x_hat).mean(axis=means, keepdims=True)
    dx = b.inv_std * (dx_hat - share * level - share * x_hat * along)
    return dx, (dy * x_hat).sum(axis=AXES), dy.sum(axis=AXES)


@conv_backward.mistake(
    "The means in `dx` are divided by N, and not by m = N·H·W.",
    "Every pixel of every image shares the statistic, so that each carries only one "
    "m-th of it.",
    "eq-batch-norm-dx",
)
def _divided_by_n(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, share=x.shape[2] * x.shape[3])


@conv_backward.mistake(
    "The means in `dx` were taken over the batch alone (`axis=0`).",
    "The statistics of the forward pass are over the pixels too, so one pixel's "
    "gradient reaches all others.",
    "eq-batch-norm-dx",
)
def _means_per_pixel(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, means=(0,))


@conv_backward.mistake(
    "The means in `dx` were taken over each image (`axis=(2, 3)`).",
    "The statistics of the forward pass are over the batch too, so one image's "
    "gradient reaches all others.",
    "eq-batch-norm-dx",
)
def _means_per_image(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, means=(2, 3))


@conv_backward.mistake(
    "Each pixel has its own statistics, over the batch alone (`axis=0`).",
    "That is batch norm on flattened images, as if the pixels were features.",
    "eq-index-sets",
)
def _statistics_per_pixel(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, (0,))


@conv_backward.mistake(
    "Each image has its own statistics (`axis=(2, 3)`).",
    "That is the backward pass of instance norm.",
    "eq-index-sets",
)
def _statistics_per_image(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, (2, 3))


@conv_backward.mistake(
    "The statistics are over all channels of an image (`axis=(1, 2, 3)`).",
    "That is layer norm over an image; channels of different scale are mixed.",
    "eq-index-sets",
)
def _statistics_over_channels(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, (1, 2, 3))


@conv_backward.mistake(
    "The statistics are over axes 0, 1 and 2, as if the channels came last.",
    "That is right for (N, H, W, C); here the last axis is W.",
    "eq-index-sets",
)
def _channels_last_axes(dy, x, gamma, eps):
    return _gradients(dy, x, gamma, eps, (0, 1, 2))


@conv_backward.mistake(
    "`dgamma` and `dbeta` are summed over the batch only, and have shape (C, H, W).",
    "One γ and one β serve all pixels of a channel, so their gradients have shape "
    "(C,).",
    "eq-dgamma-dbeta",
)
def _parameters_summed_over_batch_only(dy, x, gamma, eps):
    dx = _gradients(dy, x, gamma, eps)[0]
    x_hat = Back.of(dy, x, gamma, eps, axis=AXES).x_hat
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


@conv_backward.mistake(
    "`dgamma` and `dbeta` have shape (1, C, 1, 1): their sums kept the axes.",
    "A gradient has the shape of its parameter; here that is (C,).",
    "eq-dgamma-dbeta",
)
def _parameters_keep_axes(dy, x, gamma, eps):
    dx, dgamma, dbeta = _gradients(dy, x, gamma, eps)
    return dx, dgamma.reshape(1, -1, 1, 1), dbeta.reshape(1, -1, 1, 1)


@conv_backward.mistake(
    "`dgamma` and `dbeta` are averaged over batch and pixels; they are sums.",
    "One γ and one β serve all pixels of a channel, and their contributions add up.",
    "eq-dgamma-dbeta",
)
def _parameters_averaged(dy, x, gamma, eps):
    dx, dgamma, dbeta = _gradients(dy, x, gamma, eps)
    m = x.size // x.shape[1]
    return dx, dgamma / m, dbeta / m


@conv_backward.mistake(
    "`dgamma` and `dbeta` are summed over the pixels, but averaged over the batch.",
    "If the loss is a mean over the batch, dy contains the 1/N already.",
    "eq-dgamma-dbeta",
)
def _parameters_averaged_over_batch(dy, x, gamma, eps):
    dx, dgamma, dbeta = _gradients(dy, x, gamma, eps)
    return dx, dgamma / len(x), dbeta / len(x)


@conv_backward.mistake(
    "`gamma`, of shape (C,), was broadcast against the last axis, W.",
    "NumPy aligns shapes from the right. It raises an error unless W = C; then it is "
    "silent and wrong. `reshape(1, -1, 1, 1)` puts it on axis 1.",
    "eq-batch-norm",
)
def _gamma_along_width(dy, x, gamma, eps):
    _, dgamma, dbeta = _gradients(dy, x, gamma, eps)
    return Back.of(dy, x, gamma, eps, axis=AXES).dx(), dgamma, dbeta
