"""The exercise on the backward pass of instance norm."""

import numpy as np

from normlib.checks.bank import _solutions_images
from normlib.checks.bank._back_images import IMAGES, ImageBack, image_laws, partition
from normlib.checks.bank._backward import share
from normlib.checks.bank.instance_norm import image_cases
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.kernel import normalize, normalize_vjp

__all__ = ["image_gradient_cases", "instance_norm_backward"]


def image_gradient_cases(rng: np.random.Generator) -> list[Case]:
    """Return the cases of a backward pass on images, each image by itself."""
    cases = []
    for label, (x, gamma, _, eps) in image_cases(rng):
        dy = rng.uniform(-2, 2, x.shape).round(1).astype(x.dtype)
        cases.append(Case(label, (dy, x, gamma, eps)))
    return cases


def _instance_norm_reference(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float
) -> Arrays:
    x_hat, inv_std = normalize(x, (2, 3), eps)
    dx = normalize_vjp(gamma[:, None, None] * dy, x_hat, inv_std, (2, 3))
    return dx, np.einsum("nchw,nchw->c", dy, x_hat), np.einsum("nchw->c", dy)


def _over(dy, x, gamma, eps, axes: tuple[int, ...]) -> ImageBack:
    sets = partition(np.arange(x.size).reshape(x.shape), axes)
    return ImageBack.over(dy, x, gamma, eps, sets)


def _back(dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float) -> ImageBack:
    return _over(dy, x, gamma, eps, (2, 3))


instance_norm_backward = Exercise(
    "instance-norm-backward",
    "other-norms",
    "sec-other-norms",
    _solutions_images.instance_norm_backward,
    ("dx", "dgamma", "dbeta"),
    _instance_norm_reference,
    image_gradient_cases,
    (
        "Ask of each sum over which axes it runs. There are two answers: who shares a "
        "mean, and who shares a $\\gamma$?",
        "The means in `dx` are over the pixels of one channel of one image, axes 2 "
        "and 3; `dgamma` and `dbeta` are sums over the images too, axes 0, 2 and 3.",
        "`dx = inv_std * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat))` with "
        "`axis=(2, 3), keepdims=True` and `dx_hat = gamma.reshape(1, -1, 1, 1) * dy`.",
    ),
    image_laws(_back, "over each image and channel"),
)


share(instance_norm_backward, IMAGES, _back, "eq-dx-sets", "eq-dgamma-dbeta")


@instance_norm_backward.mistake(
    "x̂ and the means in `dx` are over the batch as well (`axis=(0, 2, 3)`).",
    "That is batch norm; here no image may depend on another.",
    "eq-index-sets",
)
def _statistics_over_batch(dy, x, gamma, eps):
    return _over(dy, x, gamma, eps, (0, 2, 3)).outputs()


@instance_norm_backward.mistake(
    "x̂ and the means in `dx` are over the channels as well (`axis=(1, 2, 3)`).",
    "That is layer norm over an image; here each channel has its own mean.",
    "eq-index-sets",
)
def _statistics_over_channels(dy, x, gamma, eps):
    return _over(dy, x, gamma, eps, (1, 2, 3)).outputs()


@instance_norm_backward.mistake(
    "x̂ and the means in `dx` are over the rows of a channel only (`axis=2`).",
    "Both spatial axes belong to one statistic.",
    "eq-index-sets",
)
def _height_only(dy, x, gamma, eps):
    return _over(dy, x, gamma, eps, (2,)).outputs()


@instance_norm_backward.mistake(
    "x̂ and the means in `dx` are over the columns of a channel only (`axis=3`, or -1).",
    "Both spatial axes belong to one statistic.",
    "eq-index-sets",
)
def _width_only(dy, x, gamma, eps):
    return _over(dy, x, gamma, eps, (3,)).outputs()


@instance_norm_backward.mistake(
    "x̂ is right, but the means in `dx` run over the batch as well (`axis=(0, 2, 3)`).",
    "They are over what shares a statistic; the sums of `dgamma` and `dbeta` are not.",
    "eq-dx-sets",
)
def _means_over_batch(dy, x, gamma, eps):
    b = _back(dy, x, gamma, eps)
    g, x_hat, inv_std = (b.image(a + 0 * b.x) for a in (b.dx_hat, b.x_hat, b.inv_std))
    level, along = (a.mean((0, 2, 3), keepdims=True) for a in (g, g * x_hat))
    return inv_std * (g - level - x_hat * along), *b.outputs()[1:]
