"""Batch renormalization as torch modules that replace nn.BatchNorm1d, 2d and 3d."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from normlib.nn.statistics import channel_moments
from normlib.nn.validation import (
    require_batch,
    require_finite_statistics,
    require_settings,
    require_two_per_channel,
)
from normlib.renorm import renorm_schedule

__all__ = ["BatchRenorm1d", "BatchRenorm2d", "BatchRenorm3d"]


class _Renormalize(torch.autograd.Function):
    """Batch norm with scale ``gamma * r`` and shift ``gamma * d + beta``.

    That is batch renorm, since r and d are constants. The statistics of the batch are
    given: torch's own batch norm computes them slowly and returns them too late, for r
    and d need them first. Its backward pass is used as it is.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        gamma: Tensor | None,
        beta: Tensor | None,
        batch: tuple[Tensor, Tensor, Tensor],
        corrections: tuple[Tensor, Tensor],
        eps: float,
    ) -> Tensor:
        mean, var, std = batch
        scale, shift = r, d = corrections
        if gamma is not None:
            scale = gamma * r
            shift = gamma * d if beta is None else torch.addcmul(beta, gamma, d)
        ctx.save_for_backward(x, gamma, mean, std.reciprocal(), r, d)
        ctx.eps = eps
        return torch.native_batch_norm(x, scale, shift, mean, var, False, 0.0, eps)[0]

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, gamma, mean, inv_std, r, d = ctx.saved_tensors
        scale = r if gamma is None else gamma * r
        dx, dscale, dshift = torch.ops.aten.native_batch_norm_backward(
            dy, x, scale, None, None, mean, inv_std, True, ctx.eps, [True] * 3
        )
        dgamma = None if gamma is None else torch.addcmul(r * dscale, d, dshift)
        dbeta = dshift if ctx.needs_input_grad[2] else None
        return dx, dgamma, dbeta, None, None, None


class BatchRenorm(_BatchNorm):
    """What BatchRenorm1d, 2d and 3d have in common: all but the rank of their input.

    In training, y is what inference would return, within the clips of the schedule; the
    gradient is the batch's. In inference, and in its ``state_dict``, this is torch's
    batch norm: checkpoints load in both directions.

    Parameters
    ----------
    num_features : int
        Channels C, on axis 1 of the input.
    eps : float, default 1e-5
        Added to the variance, inside the square root.
    momentum : float or None, default 0.01
        Weight of the new batch. The paper's, a tenth of nn.BatchNorm's: a correction
        towards statistics that follow each batch would correct nothing. None: every
        batch weighs the same.
    affine : bool, default True
        Learn ``weight`` (gamma) and ``bias`` (beta).
    track_running_stats : bool, default True
        Must be True.
    device, dtype : optional
        Of parameters and buffers.
    bias : bool, default True
        If False, learn only ``weight``.
    r_max, d_max, start, r_end, d_end : optional
        The schedule of the clips, as in `normlib.renorm_schedule`; its step is
        ``num_batches_tracked``.

    Raises
    ------
    ValueError
        If an argument is out of its range. In training: if the shape of the input does
        not fit, or a channel has fewer than two values.
    TypeError
        In training: if the input is not floating.
    FloatingPointError
        In training: if a channel holds NaN or infinity. Nothing was updated.

    Notes
    -----
    Equation ``eq-batch-renorm`` (Ioffe 2017, Algorithm 1). The paper averages standard
    deviations: ``running_var`` holds the square of that average, less eps.

    ``torch.optim.swa_utils.update_bn`` sets ``num_batches_tracked`` to 0, and so starts
    the schedule anew for who trains on. ``torch.compile`` works; in training it breaks
    its graph where the statistics are checked, so not with ``fullgraph=True``.

    Examples
    --------
    >>> import torch
    >>> layer = BatchRenorm1d(2, r_max=3.0, d_max=5.0)
    >>> layer.clips
    (1.0, 0.0)
    >>> layer(torch.tensor([[7.0, 70.0], [9.0, 90.0]])).detach().round(decimals=3)
    tensor([[-1., -1.],
            [ 1.,  1.]])
    >>> layer.running_mean
    tensor([0.0800, 0.8000])
    """

    ndims: tuple[int, ...]
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.01,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
        r_max: float = 3.0,
        d_max: float = 5.0,
        start: int = 5000,
        r_end: int = 40000,
        d_end: int = 25000,
    ) -> None:
        require_settings(eps, momentum)
        renorm_schedule(0, r_max, d_max, start, r_end, d_end)  # raises if it is none
        if not track_running_stats:
            raise ValueError(
                "batch renorm corrects a batch towards the running statistics, so "
                "track_running_stats must be True; without them, use nn.BatchNorm"
            )
        super().__init__(
            num_features, eps, momentum, affine, device=device, dtype=dtype
        )
        if not bias:
            self.register_parameter("bias", None)
        self.r_max, self.d_max = r_max, d_max
        self.start, self.r_end, self.d_end = start, r_end, d_end

    @property
    def clips(self) -> tuple[float, float]:
        """The clips r_max and d_max that the next training step will use."""
        step = int(self.num_batches_tracked)
        return renorm_schedule(
            step, self.r_max, self.d_max, self.start, self.r_end, self.d_end
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` renormalized in training, as nn.BatchNorm in inference."""
        if not self.training:
            return super().forward(x)
        require_batch(x, self.num_features, self.ndims)
        require_two_per_channel(math.prod((x.shape[0], *x.shape[2:])))
        mean, var = channel_moments(x)
        require_finite_statistics(mean, var)
        std = (var + self.eps).sqrt_()
        off = mean - self.running_mean
        running_std = (self.running_var.to(mean.dtype) + self.eps).sqrt_()
        # The check above has waited for the device, so on a GPU reading the counter of
        # the schedule costs one small copy and no further waiting.
        r_max, d_max = self.clips
        r = (std / running_std).clamp_(1 / r_max, r_max)
        d = (off / running_std).clamp_(-d_max, d_max)
        y = _Renormalize.apply(
            x, self.weight, self.bias, (mean, var, std), (r, d), self.eps
        )
        self._track(off, running_std, std)
        return y

    def _track(self, off: Tensor, running_std: Tensor, std: Tensor) -> None:
        """Move the running mean along `off` and the running std towards `std`."""
        t = self.num_batches_tracked.add_(1)
        w = 1 / int(t) if self.momentum is None else self.momentum
        self.running_mean.add_(off, alpha=w)
        var = running_std.lerp_(std, w).square_().sub_(self.eps).clamp_(min=0)
        self.running_var.copy_(var)

    def __prepare_scriptable__(self) -> nn.Module:
        """Refuse: TorchScript cannot hold the training step."""
        raise TypeError(
            "torch.jit.script cannot compile batch renorm; in eval mode, "
            "torch.export.export and torch.jit.trace can"
        )

    def extra_repr(self) -> str:
        """Return torch's line and the schedule of the clips."""
        names = ("r_max", "d_max", "start", "r_end", "d_end")
        schedule = "".join(f", {name}={getattr(self, name)}" for name in names)
        return super().extra_repr() + schedule


class BatchRenorm1d(BatchRenorm, nn.BatchNorm1d):
    """Batch renorm of a 2D or 3D input, (N, C) or (N, C, L); see `BatchRenorm`."""

    ndims = (2, 3)


class BatchRenorm2d(BatchRenorm, nn.BatchNorm2d):
    """Batch renorm of a 4D input, (N, C, H, W); see `BatchRenorm`."""

    ndims = (4,)


class BatchRenorm3d(BatchRenorm, nn.BatchNorm3d):
    """Batch renorm of a 5D input, (N, C, D, H, W); see `BatchRenorm`."""

    ndims = (5,)
