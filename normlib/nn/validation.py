"""What a tensor must be before a layer works on it, and what the reader is told."""

import math
from collections.abc import Collection

from torch import Tensor

from normlib.running import require_weight

__all__ = [
    "require_batch",
    "require_finite_statistics",
    "require_settings",
    "require_two_per_channel",
]


def require_settings(eps: float, momentum: float | None) -> None:
    """Raise ValueError unless eps is positive and momentum a weight, or None."""
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}; torch's default is 1e-5")
    require_weight(momentum)


def require_batch(x: Tensor, num_features: int, ndims: Collection[int]) -> None:
    """Raise unless `x` is floating, of a rank in `ndims`, with `num_features` channels.

    Parameters
    ----------
    x : tensor
        What the layer was called with. May be empty.
    num_features : int
        Channels that the layer was built for.
    ndims : collection of int
        Ranks that the layer takes, such as ``(2, 3)``.

    Raises
    ------
    ValueError
        For another rank, or another number of channels; begins with torch's words.
    TypeError
        If `x` is not floating.
    """
    shape = tuple(x.shape)
    if x.dim() not in ndims:
        wanted = " or ".join(f"{ndim}D" for ndim in ndims)
        raise ValueError(
            f"expected {wanted} input (got {x.dim()}D input) with samples on axis 0 "
            f"and channels on axis 1; x has shape {shape}"
        )
    if x.shape[1] != num_features:
        raise ValueError(
            f"running_mean should contain {x.shape[1]} elements not {num_features}: "
            f"axis 1 of x, shape {shape}, has {x.shape[1]} channels and the layer was "
            f"built with num_features = {num_features}"
        )
    if not x.is_floating_point():
        name = str(x.dtype).removeprefix("torch.")
        raise TypeError(f"expected a floating dtype, got {name}; try x.float()")


def require_two_per_channel(m: int) -> None:
    """Raise ValueError if a channel's statistics would come from fewer than 2 values.

    Parameters
    ----------
    m : int
        Values per channel: samples times positions.
    """
    if m < 2:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got {m}: the "
            f"variance of one value is 0. Instead: model.eval() for inference, "
            f"DataLoader(..., drop_last=True) if only the last batch is that small, or "
            f"nn.GroupNorm, which needs no batch"
        )


def require_finite_statistics(mean: Tensor, var: Tensor) -> None:
    """Raise FloatingPointError naming the channels whose statistics are not finite.

    One NaN or infinity in a channel reaches its statistics, and there are far fewer of
    them than values in x. Call this before a buffer changes.

    Parameters
    ----------
    mean, var : tensor, shape (C,)
        Of the batch.
    """
    # On a GPU this waits for the device. The answer must be known before the running
    # statistics change: a NaN in them would stay for good.
    if math.isfinite(mean.dot(var)):  # one number holds what is not finite in either
        return
    bad = (~(mean.isfinite() & var.isfinite())).nonzero().flatten().tolist()
    if not bad:  # only the product overflowed
        return
    names = ", ".join(map(str, bad[:10])) + ", ..." * (len(bad) > 10)
    raise FloatingPointError(
        f"NaN, infinity or overflow in channel {names}: nothing was updated; look at x "
        f"with torch.isfinite, or skip this batch"
    )
