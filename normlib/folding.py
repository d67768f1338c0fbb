"""Fold an inference-time batch norm into the linear map before it."""

import numpy as np

from normlib.kernel import Array
from normlib.running import RunningStats
from normlib.validation import floating

__all__ = ["fold_batch_norm"]


def fold_batch_norm(
    weight: Array,
    bias: Array | None,
    gamma: Array,
    beta: Array,
    stats: RunningStats,
    eps: float = 1e-5,
    *,
    transposed: bool = False,
    groups: int = 1,
) -> tuple[Array, Array]:
    """Return weight and bias of one layer that equals the layer and its batch norm.

    Parameters
    ----------
    weight : array
        ``(C_out, C_in)`` of a linear map, ``(C_out, C_in / groups, *kernel)`` of a
        convolution, ``(C_in, C_out / groups, *kernel)`` of a transposed convolution.
    bias : array, shape (C_out,), or None
        None counts as zeros.
    gamma, beta : array, shape (C_out,)
        Of the batch norm that follows directly, with no activation in between.
    stats : RunningStats
        The statistics that inference uses, never a batch's.
    eps : float, default 1e-5
        Of the batch norm.
    transposed : bool, default False
        Output channels lie on axis 1, group by group.
    groups : int, default 1
        Of the convolution; only a transposed one needs it.

    Returns
    -------
    weight, bias : array
        New arrays in the shape and dtype of `weight`, and ``(C_out,)``.

    Raises
    ------
    ValueError
        If the channels of `weight` and of the batch norm differ, `groups` does not
        divide those of a transposed convolution, `stats` is a batch's or missing, or
        ``eps <= 0``.
    TypeError
        If `weight` is not floating.

    Notes
    -----
    Equation ``eq-fold``.
    """
    weight = floating(weight, "weight")
    _require_running(stats)
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}")
    if weight.ndim < 2:
        raise ValueError(f"weight must have at least 2 axes, got shape {weight.shape}")
    if transposed and (groups < 1 or weight.shape[0] % groups):
        raise ValueError(
            f"the {weight.shape[0]} input channels of weight {weight.shape} do not "
            f"divide into {groups} groups"
        )
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    bias = np.zeros(channels) if bias is None else bias
    named = {"bias": bias, "gamma": gamma, "beta": beta, "stats.mean": stats.mean}
    for name, v in named.items():
        if np.shape(v) != (channels,):
            raise ValueError(
                f"{name} must have shape ({channels},), one entry per output channel "
                f"of weight {weight.shape} ({transposed=}, {groups=}); "
                f"got {np.shape(v)}"
            )
    scale = gamma / (stats.var + eps) ** 0.5
    new_bias = (bias - stats.mean) * scale + beta
    folded = weight * _along_outputs(scale, weight, transposed, groups)
    return folded.astype(weight.dtype), new_bias.astype(weight.dtype)


def _require_running(stats: RunningStats) -> None:
    if not isinstance(stats, RunningStats):
        raise ValueError(
            f"stats must be RunningStats, as inference uses them, got {type(stats)}: "
            f"a batch's own statistics change with the batch and cannot be folded"
        )


def _along_outputs(scale: Array, weight: Array, transposed: bool, groups: int) -> Array:
    """Return `scale` in a shape that multiplies the output channels of `weight`."""
    kernel = (1,) * (weight.ndim - 2)
    if not transposed:
        return scale.reshape(-1, 1, *kernel)
    per_group = scale.reshape(groups, 1, -1, *kernel)  # outputs of group g, on axis 1
    inputs = weight.shape[0] // groups
    return np.repeat(per_group, inputs, axis=1).reshape(-1, weight.shape[1], *kernel)
