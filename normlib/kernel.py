"""The one computation behind every normalization layer.

Written with operators, ``mean`` and ``@`` only, so the same lines run on NumPy arrays
and on torch tensors. Nothing is validated here: the layers do that.
"""

from typing import Any, TypeAlias

Array: TypeAlias = Any  # numpy.ndarray or torch.Tensor
Axes: TypeAlias = tuple[int, ...]

__all__ = ["merge_moments", "moments", "normalize", "normalize_vjp"]


def moments(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Return the mean and the biased variance of `x` over `axes`.

    Parameters
    ----------
    x : array, any shape
        Floating point values.
    axes : tuple of int
        Axes that share one mean and one variance.

    Returns
    -------
    mean, var : array
        The shape of `x` with every axis in `axes` of length 1. `var` divides by ``m``,
        the number of elements that share it, and is in units of ``x**2``.

    Notes
    -----
    Equation ``eq-moments`` (Ioffe & Szegedy 2015, Algorithm 1, lines 1 and 2).

    Examples
    --------
    >>> import numpy as np
    >>> mean, var = moments(np.array([[7.0, 70.0], [9.0, 90.0]]), axes=(0,))
    >>> mean, var
    (array([[ 8., 80.]]), array([[  1., 100.]]))
    """
    centered, mean = _center(x, axes)
    return mean, mean_of_product(centered, centered, axes)


def normalize(
    x: Array, axes: Axes, eps: float, *, center: bool = True
) -> tuple[Array, Array]:
    """Shift and scale `x` to mean 0 and variance ``var / (var + eps)`` over `axes`.

    Parameters
    ----------
    x : array, any shape
        Values to normalize.
    axes : tuple of int
        Axes that share one mean and one variance.
    eps : float
        Added to the variance, inside the square root. In units of ``x**2``.
    center : bool, default True
        If False, subtract nothing and divide by the root mean square (RMSNorm).

    Returns
    -------
    x_hat : array
        Same shape as `x`.
    inv_std : array
        ``(var + eps) ** -0.5``, in the shape that `moments` returns.

    Notes
    -----
    Equation ``eq-x-hat`` (Ioffe & Szegedy 2015, Algorithm 1, line 3).

    Examples
    --------
    >>> import numpy as np
    >>> x_hat, inv_std = normalize(np.array([[7.0], [9.0]]), axes=(0,), eps=0.0)
    >>> x_hat.ravel(), inv_std.ravel()
    (array([-1.,  1.]), array([1.]))
    """
    centered = _center(x, axes)[0] if center else x
    inv_std = (mean_of_product(centered, centered, axes) + eps) ** -0.5
    return centered * inv_std, inv_std


def normalize_vjp(
    dx_hat: Array, x_hat: Array, inv_std: Array, axes: Axes, *, center: bool = True
) -> Array:
    """Return the gradient of the loss with respect to the `x` given to `normalize`.

    The Jacobian of `normalize` is symmetric: it removes from `dx_hat` its mean and its
    component along `x_hat`, then scales by `inv_std`.

    Parameters
    ----------
    dx_hat : array
        Gradient of the loss with respect to `x_hat`; same shape.
    x_hat, inv_std : array
        What `normalize` returned.
    axes : tuple of int
        The axes given to `normalize`.
    center : bool, default True
        As given to `normalize`.

    Returns
    -------
    dx : array
        Same shape as `x_hat`.

    Notes
    -----
    Equation ``eq-dx``.
    """
    level = mean(dx_hat, axes) if center else None
    along = mean_of_product(dx_hat, x_hat, axes)
    return project(dx_hat, x_hat, level, along, inv_std)


def merge_moments(
    counts: Array, means: Array, variances: Array
) -> tuple[Array, Array, Array]:
    """Return count, mean and biased variance of the union of several groups.

    Parameters
    ----------
    counts : array, shape (K,)
        Number of elements behind each group's statistics.
    means, variances : array, shape (K, ...)
        The groups' means and biased variances, stacked on axis 0.

    Returns
    -------
    count : scalar array
        Sum of `counts`.
    mean, var : array, shape (...)
        Moments of all the elements together.

    Notes
    -----
    Equation ``eq-merge``, the law of total variance (Chan, Golub & LeVeque 1983).

    Examples
    --------
    >>> import numpy as np
    >>> mean, var = np.array([[7.5], [5.0]]), np.array([[0.25], [1.0]])
    >>> [float(v.squeeze()) for v in merge_moments(np.array([2, 2]), mean, var)]
    [4.0, 6.25, 2.1875]
    """
    count = counts.sum()
    n = counts.reshape(-1, *(1,) * (means.ndim - 1))
    offset = means - means[0]  # small numbers: a mean far from 0 costs no digits
    shift = (n * offset).sum(axis=0) / count
    var = (n * (variances + (offset - shift) ** 2)).sum(axis=0) / count
    return count, means[0] + shift, var


def project(
    dx_hat: Array, x_hat: Array, level: Array | None, along: Array, scale: Array
) -> Array:
    """Return ``scale * (dx_hat - level - x_hat * along)``; no level if it is None."""
    dx = x_hat * -along
    dx += dx_hat
    if level is not None:
        dx -= level
    dx *= scale
    return dx


def _center(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Return `x` minus its mean, and the mean.

    Centered twice: the mean of a float32 array at offset 1e6 is off by its own
    rounding, up to 0.03; what is left has a small mean, which float32 holds well.
    """
    first = mean(x, axes)
    centered = x - first
    rest = mean(centered, axes)
    centered -= rest
    return centered, first + rest


def mean(a: Array, axes: Axes) -> Array:
    """Return the mean of `a` over `axes`, kept as length 1."""
    inner, outer = _split(a.ndim, axes)
    if inner:
        a = a.mean(axis=inner, keepdims=True)
    return _mean_of_blocks(a, outer) if outer else a


def mean_of_product(a: Array, b: Array, axes: Axes) -> Array:
    """Return the mean of ``a * b`` over `axes`, kept as length 1.

    Where the last axes are averaged, dot products (``@``) do it without writing
    ``a * b`` to memory, in a third of the time.
    """
    inner, outer = _split(a.ndim, axes)
    lead = a.shape[: a.ndim - len(inner)]
    block = _block(a[(0,) * len(lead)].reshape(-1).shape[0])
    if not inner or not block:
        return mean(a * b, axes)
    dots = a.reshape(*lead, -1, 1, block) @ b.reshape(*lead, -1, block, 1)
    rows = dots.reshape(*lead, -1).mean(axis=-1) / block
    return mean(rows.reshape(*lead, *(1,) * len(inner)), outer)


def _block(m: int) -> int:
    """Return how long the dot products over a row of `m` are; 0 if there are none.

    Beyond about 1,024 terms they lose digits, so a longer row is cut evenly.
    """
    if m <= 1024:
        return m
    return next((d for d in range(1024, 31, -1) if m % d == 0), 0)


def _split(ndim: int, axes: Axes) -> tuple[Axes, Axes]:
    """Return the axes of the trailing block that `axes` covers, and the other axes."""
    start = ndim
    while start - 1 in axes:
        start -= 1
    return tuple(range(start, ndim)), tuple(axis for axis in axes if axis < start)


def _mean_of_blocks(a: Array, axes: Axes) -> Array:
    """Return the mean over axes that are not the last ones, kept as length 1.

    NumPy adds such slices one after the other, and float32 errors grow with their
    number m. Adding about sqrt(m) blocks of sqrt(m) keeps 16,384 rows as exact as 256.
    """
    if axes != tuple(range(len(axes))):
        return a.mean(axis=axes, keepdims=True)
    rows = a.reshape(-1, *a.shape[len(axes) :])
    m = rows.shape[0]
    block = int(m**0.5)
    full = m - m % block
    total = rows[:full].reshape(-1, block, *rows.shape[1:]).sum(axis=1).sum(axis=0)
    total = total + rows[full:].sum(axis=0)
    return (total / m).reshape(*(1,) * len(axes), *rows.shape[1:])
