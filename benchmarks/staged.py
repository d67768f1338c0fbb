"""Batch norm as a course assignment builds it: one array per node of the graph.

Images go through it as CS231n's assignment 2 asks: channels moved last and flattened
to (N * H * W, C), then back. This is what the library is compared with.
"""

import numpy as np

from normlib.kernel import Array


def flatten(x: Array) -> Array:
    """Return (N, C, *spatial) as (N * positions, C)."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def unflatten(rows: Array, shape: tuple[int, ...]) -> Array:
    """Return (N * positions, C) as an array of `shape`, (N, C, *spatial)."""
    n, c, *spatial = shape
    return np.moveaxis(rows.reshape(n, *spatial, c), -1, 1)


def forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, tuple]:
    """Return y and every intermediate; x is (M, C)."""
    mean = x.sum(axis=0) / len(x)
    centered = x - mean
    square = centered**2
    var = square.sum(axis=0) / len(x)
    std = np.sqrt(var + eps)
    inv_std = 1 / std
    x_hat = centered * inv_std
    return gamma * x_hat + beta, (centered, std, inv_std, x_hat, gamma)


def backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta by walking the graph backwards, node by node."""
    centered, std, inv_std, x_hat, gamma = cache
    m = len(dy)
    dbeta = dy.sum(axis=0)
    dgamma = (dy * x_hat).sum(axis=0)
    dx_hat = dy * gamma
    dinv_std = (dx_hat * centered).sum(axis=0)
    dstd = -dinv_std / std**2
    dvar = dstd * 0.5 * inv_std
    dsquare = np.ones_like(dy) * (dvar / m)
    dcentered = dx_hat * inv_std + 2 * centered * dsquare
    dmean = -dcentered.sum(axis=0)
    return dcentered + np.ones_like(dy) * (dmean / m), dgamma, dbeta


def collapsed(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta by the closed form of the same gradient."""
    _, _, inv_std, x_hat, gamma = cache
    m = len(dy)
    dbeta, dgamma = dy.sum(axis=0), (dy * x_hat).sum(axis=0)
    dx = gamma * inv_std / m * (m * dy - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta
