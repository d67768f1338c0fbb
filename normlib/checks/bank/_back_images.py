"""The pieces of a backward pass on images, and the mistakes that they all invite."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED
from normlib.checks.bank._backward_centered import CENTERED
from normlib.checks.exercise import Law, Mistake, Mistakes

__all__ = ["IMAGES", "ImageBack", "image_laws", "partition"]

PIXELS = (0, 2, 3)  # the axes that share a gamma


def partition(index: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return one row for each set, with the entries of `index` along `axes`."""
    kept = [size for axis, size in enumerate(index.shape) if axis not in axes]
    last = range(-len(axes), 0)
    return np.moveaxis(index, axes, tuple(last)).reshape(int(np.prod(kept)), -1)


@dataclass(frozen=True, kw_only=True)
class ImageBack(Back):
    """A backward pass on (N, C, H, W), kept as one row for each set of values.

    `sets` holds, row by row, the flat index in the image of each value, and `shape`
    is the shape of the images.
    """

    sets: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def over(cls, dy, x, gamma, eps, sets) -> "ImageBack":
        """Return the intermediate results for images, with gamma per channel."""
        scale = np.broadcast_to(gamma.reshape(1, -1, 1, 1), x.shape)
        b = Back.of(dy.ravel()[sets], x.ravel()[sets], scale.ravel()[sets], eps, axis=1)
        return cls(**vars(b), sets=sets, shape=x.shape)

    def image(self, rows: np.ndarray) -> np.ndarray:
        """Return the values of the sets where they stand in the images."""
        flat = np.empty(rows.size, rows.dtype)
        flat[self.sets] = rows
        return flat.reshape(self.shape)

    @property
    def dgamma_terms(self) -> np.ndarray:
        """What dgamma sums, of shape (N, C, H, W)."""
        return self.image(self.dy * self.x_hat)

    @property
    def dbeta_terms(self) -> np.ndarray:
        """What dbeta sums, of shape (N, C, H, W)."""
        return self.image(self.dy)

    def outputs(self, dx=None, dgamma=None, dbeta=None) -> tuple:
        """Return the three gradients, those not given computed rightly."""
        return (
            self.image(self.dx() if dx is None else dx),
            self.dgamma_terms.sum(axis=PIXELS) if dgamma is None else dgamma,
            self.dbeta_terms.sum(axis=PIXELS) if dbeta is None else dbeta,
        )


def image_laws(back: Callable[..., ImageBack], where: str) -> tuple[Law, ...]:
    """Return the laws of dx over the sets of `back`, which takes the arguments."""

    def total(args: tuple, dx: np.ndarray) -> np.ndarray:
        return dx.ravel()[back(*args).sets].sum(axis=1)

    def along(args: tuple, dx: np.ndarray) -> np.ndarray:
        b = back(*args)
        return (b.x_hat * dx.ravel()[b.sets]).sum(axis=1)

    return (
        Law("dx", f"Σ dx = 0 {where}", total),
        Law("dx", f"Σ x̂·dx = O(ε) {where}", along),
    )


# Those in dx are as for tables; gamma and beta are summed over other axes here.
IMAGES: list[Mistake] = [
    m for m in SHARED + CENTERED if not m.name.startswith(("dgamma", "dbeta"))
]
_images = Mistakes(IMAGES)


@_images(
    "`dgamma` is averaged over the batch and the pixels; it is a sum.",
    "One γ serves a channel in every image and pixel, and their contributions add up.",
)
def _dgamma_averaged(b):
    return b.outputs(dgamma=b.dgamma_terms.mean(axis=PIXELS))


@_images(
    "`dgamma` is averaged over the batch; it is a sum.",
    "One γ serves every image. (If the loss is a mean, dy contains the 1/N already.)",
)
def _dgamma_averaged_over_batch(b):
    return b.outputs(dgamma=b.dgamma_terms.mean(axis=0).sum(axis=(1, 2)))


@_images(
    "`dgamma` is summed over the batch only: it has one entry for each pixel.",
    "All pixels of a channel share one γ, so the sum runs over axes 2 and 3 too.",
)
def _dgamma_per_pixel(b):
    return b.outputs(dgamma=b.dgamma_terms.sum(axis=0))


@_images(
    "`dgamma` is summed over the pixels only: it has one row for each image.",
    "The statistics belong to an image, γ does not: all images share it.",
)
def _dgamma_per_image(b):
    return b.outputs(dgamma=b.dgamma_terms.sum(axis=(2, 3)))


@_images(
    "`dgamma` is not summed: it has one entry for each element of x.",
    "A gradient has the shape of its parameter.",
)
def _dgamma_not_summed(b):
    return b.outputs(dgamma=b.dgamma_terms)


@_images(
    "`dgamma` is Σ dy · x; it needs x̂.",
    "γ multiplies the normalized input, so that is its derivative.",
)
def _dgamma_with_x(b):
    return b.outputs(dgamma=b.image(b.dy * b.x).sum(axis=PIXELS))


@_images(
    "`dgamma` is Σ dy · (x - μ): the division by σ is missing.",
    "γ multiplies the normalized input, so x̂ is its derivative.",
)
def _dgamma_with_centered_x(b):
    return b.outputs(dgamma=b.image(b.dy * b.residual).sum(axis=PIXELS))


@_images(
    "`dgamma` contains γ once too often: Σ dy · γ x̂, which is y in place of x̂.",
    "y = γ x̂ + β, so the derivative with respect to γ is x̂ alone.",
)
def _dgamma_with_dx_hat(b):
    return b.outputs(dgamma=b.image(b.dx_hat * b.x_hat).sum(axis=PIXELS))


@_images(
    "`dbeta` is averaged over the batch and the pixels; it is a sum.",
    "One β serves a channel in every image and pixel, and their contributions add up.",
)
def _dbeta_averaged(b):
    return b.outputs(dbeta=b.dbeta_terms.mean(axis=PIXELS))


@_images(
    "`dbeta` is averaged over the batch; it is a sum.",
    "One β serves every image. (If the loss is a mean, dy contains the 1/N already.)",
)
def _dbeta_averaged_over_batch(b):
    return b.outputs(dbeta=b.dbeta_terms.mean(axis=0).sum(axis=(1, 2)))


@_images(
    "`dbeta` is summed over the batch only: it has one entry for each pixel.",
    "All pixels of a channel share one β, so the sum runs over axes 2 and 3 too.",
)
def _dbeta_per_pixel(b):
    return b.outputs(dbeta=b.dbeta_terms.sum(axis=0))


@_images(
    "`dbeta` is summed over the pixels only: it has one row for each image.",
    "The statistics belong to an image, β does not: all images share it.",
)
def _dbeta_per_image(b):
    return b.outputs(dbeta=b.dbeta_terms.sum(axis=(2, 3)))


@_images(
    "`dbeta` is dy itself, not summed.",
    "A gradient has the shape of its parameter.",
)
def _dbeta_not_summed(b):
    return b.outputs(dbeta=b.dbeta_terms)


@_images(
    "`dbeta` is the sum of γ · dy; it needs dy.",
    "β is added after γ has multiplied, so its derivative is 1.",
)
def _dbeta_with_dx_hat(b):
    return b.outputs(dbeta=b.image(b.dx_hat).sum(axis=PIXELS))
