"""Batch renormalization: batch norm, corrected by the running statistics."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from normlib.affine import Cache
from normlib.kernel import Array, moments
from normlib.layers import batch_norm, batch_norm_backward
from normlib.running import RunningStats
from normlib.validation import normalizable, vector

__all__ = [
    "RenormCache",
    "batch_renorm",
    "batch_renorm_backward",
    "renorm_corrections",
    "renorm_schedule",
]


class RenormCache(NamedTuple):
    """The cache of the batch norm inside, and the corrections r and d of shape (C,)."""

    batch: Cache
    r: Array
    d: Array


def renorm_schedule(
    step: int,
    r_max: float = 3.0,
    d_max: float = 5.0,
    start: int = 5000,
    r_end: int = 40000,
    d_end: int = 25000,
) -> tuple[float, float]:
    """Return the clips r_max and d_max in force at a training step.

    Plain batch norm (1 and 0) until `start`, then linear, up to `r_max` at `r_end` and
    `d_max` at `d_end`; constant afterwards. The defaults are the paper's.

    Raises
    ------
    ValueError
        If ``r_max < 1``, ``d_max < 0``, or an end comes before `start`.

    Notes
    -----
    Equation ``eq-renorm-schedule`` (Ioffe 2017, section 4.2).

    Examples
    --------
    >>> [renorm_schedule(step) for step in (0, 15000, 1_000_000)]
    [(1.0, 0.0), (1.5714285714285714, 2.5), (3.0, 5.0)]
    """
    _require_clips(r_max, d_max)
    if min(r_end, d_end) < start:
        raise ValueError(f"r_end = {r_end} and d_end = {d_end} must be >= {start=}")
    r_progress = min(max((step - start) / max(r_end - start, 1), 0.0), 1.0)
    d_progress = min(max((step - start) / max(d_end - start, 1), 0.0), 1.0)
    return 1.0 + r_progress * (r_max - 1.0), d_progress * d_max


def renorm_corrections(
    mean: Array, std: Array, stats: RunningStats, r_max: float, d_max: float, eps: float
) -> tuple[Array, Array]:
    """Return r and d that turn batch statistics into running ones, within the clips.

    Parameters
    ----------
    mean, std : array, shape (C,)
        The batch's mean and ``(var + eps) ** 0.5``.
    stats : RunningStats
        From before this batch.
    r_max, d_max : float
        ``1 / r_max <= r <= r_max`` and ``-d_max <= d <= d_max``.
    eps : float
        As in the layer.

    Returns
    -------
    r, d : array, shape (C,)
        Constants for the backward pass.

    Notes
    -----
    Equation ``eq-r-d`` (Ioffe 2017, Algorithm 1, lines 3 and 4).
    """
    _require_clips(r_max, d_max)
    running_std = (stats.var + eps) ** 0.5
    r = np.clip(std / running_std, 1 / r_max, r_max)
    d = np.clip((mean - stats.mean) / running_std, -d_max, d_max)
    return r, d


def batch_renorm(
    x: Array,
    gamma: Array,
    beta: Array,
    stats: RunningStats,
    r_max: float,
    d_max: float,
    eps: float = 1e-5,
) -> tuple[Array, RenormCache, RunningStats]:
    """Normalize as inference would, within the clips, while gradients see the batch.

    Since r and d are constants, this is batch norm with scale ``gamma * r`` and shift
    ``gamma * d + beta``.

    Parameters
    ----------
    x : array, shape (N, C, *spatial)
        Floating point, at least two values per channel.
    gamma, beta : array, shape (C,)
        Scale and shift of each channel.
    stats : RunningStats
        From before this batch; r and d are computed from these.
    r_max, d_max : float
        Clips of the corrections, as `renorm_schedule` returns them.
    eps : float, default 1e-5
        Added to the variance, inside the square root.

    Returns
    -------
    y : array
        Shape and dtype of `x`.
    cache : RenormCache
        For `batch_renorm_backward`.
    stats : RunningStats
        The successor. The paper averages the standard deviation, with eps inside;
        `stats.var` holds its square less eps, so inference reads it as batch norm's.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        As in `batch_norm`, and ValueError if ``r_max < 1`` or ``d_max < 0``.

    Notes
    -----
    Equation ``eq-batch-renorm`` (Ioffe 2017, Algorithm 1).
    """
    x = normalizable(x, eps, ndim=2)
    gamma, beta = vector(gamma, x, "gamma"), vector(beta, x, "beta")
    axes = (0, *range(2, x.ndim))
    anchor = vector(stats.mean, x, "stats.mean")  # float32 holds a mean near 0 well
    with np.errstate(all="ignore"):  # batch_norm names a batch that is not finite
        near_0 = x - np.expand_dims(anchor, axes)
        mean, var = (s.reshape(-1) for s in moments(near_0, axes))
        mean, std = mean + anchor.astype(np.float64), (var + eps) ** 0.5
        r, d = renorm_corrections(mean, std, stats, r_max, d_max, eps)
    y, cache = batch_norm(x, gamma * r, gamma * d + beta, eps)
    running_std = (stats.var + eps) ** 0.5
    running_std = running_std + stats.new_weight * (std - running_std)
    var = np.maximum(running_std**2 - eps, 0.0)
    successor = replace(stats.toward(mean, stats.var), var=var)
    return y, RenormCache(cache, r, d), successor


def batch_renorm_backward(dy: Array, cache: RenormCache) -> tuple[Array, Array, Array]:
    """Return the gradients of `batch_renorm` with respect to x, gamma and beta.

    No gradient flows through r and d.

    Parameters
    ----------
    dy : array, shape (N, C, *spatial)
        Gradient of the loss with respect to y.
    cache : RenormCache
        From `batch_renorm`.

    Returns
    -------
    dx : array, shape (N, C, *spatial)
    dgamma, dbeta : array, shape (C,)

    Notes
    -----
    Equation ``eq-batch-renorm-dx`` (Ioffe 2017, section 3).
    """
    dx, dscale, dbeta = batch_norm_backward(dy, cache.batch)
    dgamma = cache.r * dscale + cache.d * dbeta
    return dx, dgamma.astype(dbeta.dtype), dbeta


def _require_clips(r_max: float, d_max: float) -> None:
    if not (r_max >= 1 and d_max >= 0):
        raise ValueError(
            f"need r_max >= 1 and d_max >= 0 (1 and 0 are batch norm), "
            f"got r_max = {r_max}, d_max = {d_max}"
        )
