"""Normalization layers on NumPy arrays: each one only picks axes.

Every forward returns ``(y, cache)``; every backward takes ``(dy, cache)``.
"""

import numpy as np

from normlib.affine import Cache, backward, backward_shared_gamma, forward
from normlib.kernel import Array, Axes
from normlib.validation import normalizable, require_two, same_shape, vector

__all__ = [
    "Cache",
    "batch_norm",
    "batch_norm_backward",
    "group_norm",
    "group_norm_backward",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "rms_norm",
    "rms_norm_backward",
]


def batch_norm(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Normalize each channel over the batch and all positions, then scale and shift.

    Parameters
    ----------
    x : array, shape (N, C, *spatial)
        Floating point, at least two values per channel.
    gamma, beta : array, shape (C,)
        Scale and shift of each channel.
    eps : float, default 1e-5
        Added to the variance, inside the square root.

    Returns
    -------
    y : array
        Shape and dtype of `x`.
    cache : Cache
        For `batch_norm_backward`.

    Raises
    ------
    ValueError
        If a shape does not fit, a channel has fewer than two values, or ``eps <= 0``.
    TypeError
        If `x` is neither float32 nor float64.
    FloatingPointError
        If a channel holds NaN or infinity.

    Notes
    -----
    Equation ``eq-batch-norm`` (Ioffe & Szegedy 2015, Algorithm 1).

    Examples
    --------
    >>> y, _ = batch_norm(np.array([[3.0], [900.0]]), np.ones(1), np.zeros(1))
    >>> y.round(3).ravel()
    array([-1.,  1.])
    """
    x = normalizable(x, eps, ndim=2)
    require_two(
        x.size // x.shape[1],
        "channel",
        "batch_norm_inference with running statistics, a larger batch (drop the last "
        "incomplete one), or group_norm",
    )
    axes = (0, *range(2, x.ndim))
    return forward(x, *_per_channel(x, gamma, beta), axes, eps)


def batch_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients of `batch_norm` with respect to x, gamma and beta.

    Parameters
    ----------
    dy : array, shape (N, C, *spatial)
        Gradient of the loss with respect to y.
    cache : Cache
        From `batch_norm`.

    Returns
    -------
    dx : array, shape (N, C, *spatial)
    dgamma, dbeta : array, shape (C,)

    Notes
    -----
    Equation ``eq-batch-norm-dx`` (Ioffe & Szegedy 2015, section 3, collapsed).
    """
    dx, dgamma, dbeta = backward_shared_gamma(dy, cache)
    return dx, dgamma.reshape(-1), dbeta.reshape(-1)


def instance_norm(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Normalize each channel of each sample over its positions, then scale and shift.

    Parameters, results and errors as in `batch_norm`, but `x` needs at least one
    spatial axis, and every statistic at least two positions.

    Notes
    -----
    Equation ``eq-index-sets`` (Ulyanov et al. 2016).
    """
    x = normalizable(x, eps, ndim=3)
    require_two(x[0, 0].size, "channel of a sample", "layer_norm or group_norm")
    axes = tuple(range(2, x.ndim))
    return forward(x, *_per_channel(x, gamma, beta), axes, eps)


def instance_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of `instance_norm`; see `batch_norm_backward`."""
    return batch_norm_backward(dy, cache)


def group_norm(
    x: Array, gamma: Array, beta: Array, num_groups: int, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Normalize groups of neighboring channels of each sample, then scale and shift.

    Parameters, results and errors as in `batch_norm`; `gamma` and `beta` are per
    channel, and `num_groups` divides the number of channels. One group has layer norm's
    statistics over (C, *spatial), C groups have instance norm's.

    Notes
    -----
    Equation ``eq-index-sets`` (Wu & He 2018, equation 7).
    """
    x = normalizable(x, eps, ndim=2)
    n, c, *spatial = x.shape
    if num_groups < 1 or c % num_groups:
        raise ValueError(
            f"num_channels must be divisible by num_groups, got {c} channels and "
            f"{num_groups} groups; try one of {_divisors(c)}"
        )
    require_two(x[0].size // num_groups, "group of a sample", "fewer groups")
    split = (num_groups, c // num_groups)
    gamma, beta = (
        p.reshape(*split, *p.shape[2:]) for p in _per_channel(x, gamma, beta)
    )
    grouped = x.reshape(n, *split, *spatial)
    y, cache = forward(grouped, gamma, beta, tuple(range(2, grouped.ndim)), eps)
    return y.reshape(x.shape), cache


def group_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of `group_norm`; see `batch_norm_backward`."""
    n, g, k, *spatial = cache.x_hat.shape
    dy = same_shape(dy, (n, g * k, *spatial), cache.x_hat.dtype)
    dx, dgamma, dbeta = backward(dy.reshape(cache.x_hat.shape), cache)
    return dx.reshape(dy.shape), dgamma.reshape(-1), dbeta.reshape(-1)


def layer_norm(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Normalize each sample over its trailing axes, then scale and shift.

    Parameters
    ----------
    x : array, shape (..., *normalized_shape)
        Floating point.
    gamma, beta : array, shape normalized_shape
        One scale and shift per position; their shape says which axes are normalized.
    eps : float, default 1e-5
        Added to the variance, inside the square root.

    Returns
    -------
    y : array
        Shape and dtype of `x`.
    cache : Cache
        For `layer_norm_backward`.

    Raises
    ------
    ValueError, TypeError, FloatingPointError
        As in `batch_norm`.

    Notes
    -----
    Equation ``eq-index-sets`` (Ba et al. 2016, equations 3 and 4).

    Examples
    --------
    >>> y, _ = layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), np.ones(2), np.zeros(2))
    >>> y.round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x = normalizable(x, eps, ndim=1)
    axes, (gamma, beta) = _per_position(x, gamma=gamma, beta=beta)
    return forward(x, gamma, beta, axes, eps)


def layer_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of `layer_norm`; see `batch_norm_backward`."""
    return backward(dy, cache)


def rms_norm(x: Array, gamma: Array, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Divide each sample by the root mean square of its trailing axes, then scale.

    Parameters, results and errors as in `layer_norm`; there is no shift, and the mean
    stays in.

    Notes
    -----
    Equation ``eq-rms-norm`` (Zhang & Sennrich 2019, equation 4, with eps added).
    """
    x = normalizable(x, eps, ndim=1)
    axes, (gamma,) = _per_position(x, gamma=gamma)
    return forward(x, gamma, None, axes, eps, center=False)


def rms_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array]:
    """Return dx and dgamma of `rms_norm`; see `batch_norm_backward`."""
    dx, dgamma, _ = backward(dy, cache, center=False)
    return dx, dgamma


def _per_channel(x: Array, gamma: Array, beta: Array) -> tuple[Array, Array]:
    """Return gamma and beta of shape (C,) as (1, C, 1, ...), ready for `x`."""
    shape = (1, -1) + (1,) * (x.ndim - 2)
    return (
        vector(gamma, x, "gamma").reshape(shape),
        vector(beta, x, "beta").reshape(shape),
    )


def _per_position(x: Array, **params: Array) -> tuple[Axes, list[Array]]:
    """Return the trailing axes of `x` that the parameters cover, and the parameters."""
    arrays = [np.asarray(p, dtype=x.dtype) for p in params.values()]
    shape = arrays[0].shape
    for name, p in zip(params, arrays, strict=True):
        if not shape or p.shape != shape or x.shape[-len(shape) :] != shape:
            raise ValueError(
                f"{name} must have the shape of the trailing axes to normalize, such "
                f"as {x.shape[-1:]} for x of shape {x.shape}; got shape {p.shape}"
            )
    return tuple(range(x.ndim - len(shape), x.ndim)), arrays


def _divisors(c: int) -> list[int]:
    return [g for g in range(1, c + 1) if c % g == 0]
