"""Normalize, then scale and shift: what every layer does once its axes are chosen."""

from typing import NamedTuple

import numpy as np

from normlib.kernel import (
    Array,
    Axes,
    mean,
    mean_of_product,
    normalize,
    normalize_vjp,
    project,
)
from normlib.validation import require_finite, same_shape

__all__ = ["Cache", "backward", "backward_shared_gamma", "forward"]


class Cache(NamedTuple):
    """What a forward pass keeps for its backward pass; one layout for all layers.

    `x_hat` and `gamma` are in the working layout, which for group norm is
    ``(N, G, C // G, *spatial)``; `gamma` has length 1 along the axes that share it.
    """

    x_hat: Array
    inv_std: Array
    gamma: Array
    axes: Axes


def forward(
    x: Array,
    gamma: Array,
    beta: Array | None,
    axes: Axes,
    eps: float,
    *,
    center: bool = True,
) -> tuple[Array, Cache]:
    """Normalize, refuse statistics that are not finite, scale and shift."""
    with np.errstate(all="ignore"):  # require_finite names what overflows or is NaN
        x_hat, inv_std = normalize(x, axes, eps, center=center)
    require_finite(inv_std, axes)
    y = gamma * x_hat
    if beta is not None:
        y += beta
    return y, Cache(x_hat, inv_std, gamma, axes)


def backward(
    dy: Array, cache: Cache, *, center: bool = True
) -> tuple[Array, Array, Array]:
    """Return dx, and dgamma and dbeta in the shape that `cache` holds gamma in."""
    x_hat, inv_std, gamma, axes = cache
    dy = same_shape(dy, x_hat.shape, x_hat.dtype)
    dx = normalize_vjp(gamma * dy, x_hat, inv_std, axes, center=center)
    lead = dy.ndim - gamma.ndim
    shared = (*range(lead), *(lead + i for i, n in enumerate(gamma.shape) if n == 1))
    m = dy.size // gamma.size
    dgamma, dbeta = m * mean_of_product(dy, x_hat, shared), m * mean(dy, shared)
    return dx, dgamma.reshape(gamma.shape), dbeta.reshape(gamma.shape)


def backward_shared_gamma(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Do what `backward` does where one gamma serves all of a statistic's elements.

    Then gamma leaves the projection, and the two components that the projection takes
    out of dy are dbeta and dgamma, divided by m: each sum is computed once.
    """
    x_hat, inv_std, gamma, axes = cache
    dy = same_shape(dy, x_hat.shape, x_hat.dtype)
    level, along = mean(dy, axes), mean_of_product(dy, x_hat, axes)
    dx = project(dy, x_hat, level, along, gamma * inv_std)
    m = dy.size // level.size
    return dx, m * along.sum(axis=0), m * level.sum(axis=0)
