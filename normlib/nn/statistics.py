"""Mean and variance of each channel of a tensor, faster and closer than torch's."""

import math

import torch
from torch import Tensor

from normlib.kernel import merge_moments

__all__ = ["channel_moments"]

# Positions per sample from which statistics of rows are faster than those of columns:
# measured on one and two threads, maps of 7 x 7 still want columns, 14 x 14 rows.
LONG_ROW = 64

# Beyond this m * mean**2 / var, columns of m values are shifted. Below it, float32 puts
# the mean off by less than 1e-4 standard deviations: measured for m from 64 to 262,144.
FAR = 1.6e6


def channel_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the biased variance of each channel.

    Parameters
    ----------
    x : tensor, shape (N, C, *spatial)
        Floating point, not empty; any memory layout.

    Returns
    -------
    mean, var : tensor, shape (C,)
        In float32, or float64 if `x` is; outside of the autograd graph.

    Notes
    -----
    Equation ``eq-moments``, and ``eq-merge`` where a channel is cut into rows. NaN,
    infinity and overflow in a channel reach its mean or its variance.

    Examples
    --------
    >>> channel_moments(torch.tensor([[7.0, 70.0], [9.0, 90.0]]))
    (tensor([ 8., 80.]), tensor([  1., 100.]))
    """
    # float16 and bfloat16 hold neither a sum nor a square of thousands of values.
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    if x.dim() == 2:
        return _moments_of_columns(x)
    columns = x.movedim(1, -1)
    channels_last = columns.is_contiguous() and not x.is_contiguous()
    if channels_last or math.prod(x.shape[2:]) < LONG_ROW:
        return _moments_of_columns(columns.flatten(0, -2))
    return _moments_of_rows(x.contiguous())


def _moments_of_rows(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the moments of each channel, from those of each sample of it.

    Group norm with a group for each channel computes these in one pass over memory,
    several times faster than torch's batch norm does.
    """
    n, c = x.shape[:2]
    m = math.prod(x.shape[2:])
    _, means, inv_stds = torch.native_group_norm(x, None, None, n, c, m, c, 0.0)
    counts = torch.full((n,), float(m), dtype=x.dtype, device=x.device)
    _, mean, var = merge_moments(counts, means, inv_stds**-2)
    return mean, var


def _moments_of_columns(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the moments of each column of an (M, C) matrix.

    torch adds such rows one after the other, so its float32 means are off by hundreds
    where all numbers lie near 1e6. Less the first row they are small, unless that row
    is an outlier, and then the variance is large as well.
    """
    mean, var = torch.batch_norm_update_stats(x, None, None, 0.0)
    if torch.addcmul(var, mean, mean, value=-len(x) / FAR).min().item() < 0:
        mean, var = torch.batch_norm_update_stats(x - x[0], None, None, 0.0)
        mean += x[0]
    return mean, var
