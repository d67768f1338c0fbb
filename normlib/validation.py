"""What an array must be before the library works on it, and what the reader is told."""

import numpy as np

from normlib.kernel import Array, Axes

__all__ = [
    "floating",
    "normalizable",
    "require_finite",
    "require_two",
    "same_shape",
    "vector",
]


def floating(x: Array, name: str = "x") -> Array:
    """Return `x` as an array, after checking that it is float32 or float64."""
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"{name}: expected a floating dtype, got {x.dtype}; "
            f"try {name}.astype(np.float32), for normlib works in float32 and float64"
        )
    return x


def normalizable(x: Array, eps: float, ndim: int) -> Array:
    """Return `x` if a layer can normalize it: floating, enough axes, not empty."""
    x = floating(x)
    if x.ndim < ndim:
        raise ValueError(
            f"expected at least {ndim}D input, got {x.ndim}D input of shape {x.shape}"
        )
    if x.size == 0:
        raise ValueError(f"expected a batch with values in it, got shape {x.shape}")
    if not eps > 0:
        raise ValueError(
            f"eps must be positive, got {eps}; normlib.kernel.normalize takes eps = 0"
        )
    return x


def require_two(m: int, what: str, instead: str) -> None:
    """Raise ValueError if a statistic would be computed from one value."""
    if m < 2:
        raise ValueError(
            f"Expected more than 1 value per {what} when training, got {m}: its x_hat "
            f"would be 0 whatever x is. Instead: {instead}"
        )


def vector(v: Array, x: Array, name: str, axis: int = 1) -> Array:
    """Return `v` in the dtype of `x`, one entry per index of an axis of `x`."""
    v = np.asarray(v, dtype=x.dtype)
    if v.shape != (x.shape[axis],):
        raise ValueError(
            f"{name} must have shape ({x.shape[axis]},), one entry per channel on axis "
            f"{axis} of x with shape {x.shape}; got shape {v.shape}"
        )
    return v


def same_shape(dy: Array, shape: Axes, dtype: np.dtype) -> Array:
    """Return `dy` in `dtype`, after checking its shape against that of the output."""
    dy = floating(dy, "dy")
    if dy.shape != shape:
        raise ValueError(f"dy must have the shape of y, {shape}; got shape {dy.shape}")
    return dy.astype(dtype, copy=False)


def require_finite(inv_std: Array, axes: Axes) -> None:
    """Raise FloatingPointError naming the groups whose `inv_std` is unusable.

    Looks at the statistics and not at x: one NaN or infinity in a group reaches them,
    and there are far fewer of them.
    """
    usable = (inv_std > 0) & (inv_std < np.inf)
    if usable.all():
        return
    kept = [axis for axis in range(inv_std.ndim) if axis not in axes]
    bad = [tuple(map(int, row)) for row in np.argwhere(~usable)[:, kept]]
    what = {"1": "channel", "0": "sample"}.get(
        ",".join(map(str, kept)), f"the groups (indices on axes {kept})"
    )
    names = ", ".join(str(row[0] if len(row) == 1 else row) for row in bad[:10])
    raise FloatingPointError(
        f"NaN, infinity or overflow in {what} {names}{', ...' * (len(bad) > 10)}: "
        f"nothing was updated; look at x with np.isfinite, or skip this batch"
    )
