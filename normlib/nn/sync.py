"""Batch norm with the statistics of all processes, on any torch.distributed backend."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.modules.batchnorm import _BatchNorm

from normlib.kernel import merge_moments, project
from normlib.nn.statistics import channel_moments
from normlib.nn.validation import (
    require_batch,
    require_finite_statistics,
    require_settings,
    require_two_per_channel,
)

__all__ = ["SyncBatchNorm"]


class SyncBatchNorm(_BatchNorm):
    """Batch norm over the batches of all processes together, on CPU as on GPU.

    In training, y and every gradient are those of `torch.nn.BatchNorm1d` (or 2d, 3d)
    in one process that holds the whole batch. Processes may hold unequal batches, or
    none: each value has the same weight. In evaluation nothing is communicated.

    Parameters
    ----------
    num_features : int
        C, the channels on axis 1.
    eps : float, default 1e-5
        Added to the variance, inside the square root.
    momentum : float or None, default 0.1
        Weight of the new batch in the running statistics. None: all batches weigh the
        same.
    affine : bool, default True
        Whether there are a weight and a bias.
    track_running_stats : bool, default True
        If False, evaluation uses the statistics of the process's own batch.
    process_group : torch.distributed.ProcessGroup or None, default None
        The processes that share statistics; this one must be among them. None: all.
        Without an initialized process group, this is batch norm in one process.
    device : torch.device or None, default None
        Where weight, bias and running statistics are.
    dtype : torch.dtype or None, default None
        Of weight, bias and running statistics.
    bias : bool, default True
        If False, there is no bias.

    Raises
    ------
    ValueError
        If the channels or the rank of the input are wrong: in that process, while the
        others wait until one times out or ends. If the whole batch has fewer than two
        values per channel: in every process.
    TypeError
        If the input is not floating.
    FloatingPointError
        If NaN or infinity is in any process's batch: in every process, which keeps its
        running statistics as they were.

    Notes
    -----
    The forward pass gathers count, mean and variance of each process and merges them by
    ``eq-merge``; the backward pass adds up the two sums of ``eq-dx``. Each is one
    collective. Gradients of weight and bias are this process's part, as in torch:
    `torch.nn.parallel.DistributedDataParallel` averages them.

    Examples
    --------
    >>> layer = SyncBatchNorm(3)
    >>> layer(torch.eye(3)).shape  # in one process, as nn.BatchNorm1d(3)
    torch.Size([3, 3])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        require_settings(eps, momentum)
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype
        )
        if not bias:
            self.register_parameter("bias", None)
        self.process_group = process_group

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` normalized by the batch of all processes.

        In evaluation, it is normalized by the running statistics instead.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            This process's part of the batch, 2D to 5D; N may be 0.

        Returns
        -------
        Tensor, shape (N, C, *spatial)
            In the dtype and the memory format of `x`.
        """
        if not self.training:
            return super().forward(x)
        self._check_input_dim(x)
        m, mean, var = _moments_of_all(x, self.process_group)
        if self.track_running_stats:
            self._track(mean, var * (m / (m - 1)))
        inv_std = (var + self.eps) ** -0.5
        return _Normalize.apply(
            x, self.weight, self.bias, mean, inv_std, m, self.process_group
        )

    def _check_input_dim(self, input: Tensor) -> None:
        require_batch(input, self.num_features, (2, 3, 4, 5))

    def _track(self, mean: Tensor, var: Tensor) -> None:
        """Move the running statistics towards a batch's, whose `var` is unbiased."""
        t = self.get_buffer("num_batches_tracked").add_(1)
        w = 1 / int(t) if self.momentum is None else self.momentum
        for name, new in ("running_mean", mean), ("running_var", var):
            running = self.get_buffer(name)
            running.lerp_(new.to(running.dtype), w)


class _Normalize(torch.autograd.Function):
    """Normalization whose gradient knows that every process shares the statistics."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        inv_std: Tensor,
        m: int,
        group: Any,
    ) -> Tensor:
        """Return y in the dtype of `x`; keep `x` and not x_hat, which may be wider."""
        scale = inv_std if weight is None else weight * inv_std
        ctx.save_for_backward(x, mean, inv_std, scale)
        ctx.m, ctx.group = m, group
        y = _centered(x, mean, scale)
        if bias is not None:
            y += _per_channel(bias, x)
        return y.to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        """Return dx, and this process's part of the gradients of weight and bias."""
        x, mean, inv_std, scale = ctx.saved_tensors
        dx, x_hat, dy = None, _centered(x, mean, inv_std), dy.to(mean.dtype)
        axes = (0, *range(2, x.ndim))
        dbias, dweight = dy.sum(axes), (dy * x_hat).sum(axes)
        if ctx.needs_input_grad[0]:
            means = _sum(torch.stack([dbias, dweight]), ctx.group) / ctx.m
            level, along, scale = (_per_channel(v, x) for v in (*means, scale))
            dx = project(dy, x_hat, level, along, scale)
        asked = zip((dweight, dbias), ctx.needs_input_grad[1:3], strict=True)
        return dx, *(grad if needed else None for grad, needed in asked), *(None,) * 4


def _moments_of_all(x: Tensor, group: Any) -> tuple[int, Tensor, Tensor]:
    """Return m, mean and biased variance of every channel over all processes.

    Every process computes them from the same gathered numbers, so they are equal bit by
    bit, and what is wrong with them is raised in every process or in none.
    """
    count = x.numel() // x.shape[1]
    if count:
        mean, var = channel_moments(x)
    else:
        wide = torch.promote_types(x.dtype, torch.float32)
        mean = var = torch.zeros(x.shape[1], dtype=wide, device=x.device)
    rows = _gather(torch.cat([mean, var, mean.new_tensor([count])]), group)
    means, variances, counts = rows.split([len(mean), len(var), 1], dim=1)
    m = int(counts.sum())  # waits for the device, as the check below does
    require_two_per_channel(m)
    _, mean, var = merge_moments(counts[:, 0], means, variances)
    require_finite_statistics(mean, var)
    return m, mean, var


def _gather(row: Tensor, group: Any) -> Tensor:
    """Return the `row` of every process, stacked on axis 0."""
    processes = _processes(group)
    if processes == 1:
        return row[None]
    rows = row.new_empty(processes, len(row))
    dist.all_gather(list(rows), row, group)
    return rows


def _sum(part: Tensor, group: Any) -> Tensor:
    """Return the sum of every process's `part`."""
    if _processes(group) > 1:
        dist.all_reduce(part, group=group)
    return part


def _processes(group: Any) -> int:
    """Return how many processes share statistics; 1 without a process group."""
    if not (dist.is_available() and dist.is_initialized()):
        return 1
    if dist.get_rank(group) < 0:
        raise ValueError(
            f"process {dist.get_rank()} is not in process_group, so it would wait for "
            f"nobody; give each process a group that it belongs to"
        )
    return dist.get_world_size(group)


def _centered(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """Return ``(x - mean) * scale``, in the dtype of the statistics.

    Subtract first: ``x * scale - mean * scale`` loses digits where the mean is large.
    """
    y = x - _per_channel(mean, x)
    y *= _per_channel(scale, x)
    return y


def _per_channel(v: Tensor, x: Tensor) -> Tensor:
    """Return `v` of shape (C,) in a shape that broadcasts along axis 1 of `x`."""
    return v.reshape(-1, *(1,) * (x.ndim - 2))
