"""Batch renorm as one would write it from the paper, one tensor operation per line.

This is what the fused layer is compared with.
"""

import torch
from torch import Tensor, nn


class PlainBatchRenorm(nn.Module):
    """Ioffe 2017, Algorithm 1, after warm-up; x is (N, C, *spatial)."""

    running_mean: Tensor
    running_std: Tensor

    def __init__(
        self,
        num_features: int,
        r_max: float,
        d_max: float,
        eps: float = 1e-5,
        momentum: float = 0.01,
    ):
        super().__init__()
        self.r_max, self.d_max, self.eps, self.momentum = r_max, d_max, eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_std", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        """Return y, and move the running statistics toward the batch's."""
        axes = (0, *range(2, x.ndim))
        mean = x.mean(axes)
        std = (x.var(axes, unbiased=False) + self.eps).sqrt()
        r, d = self.corrections(mean.detach(), std.detach())
        x_hat = (x - column(mean, x)) / column(std, x) * column(r, x) + column(d, x)
        with torch.no_grad():
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_std += self.momentum * (std - self.running_std)
        return column(self.weight, x) * x_hat + column(self.bias, x)

    def corrections(self, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """Return r and d, constants for the backward pass."""
        r = (std / self.running_std).clamp(1 / self.r_max, self.r_max)
        d = (mean - self.running_mean) / self.running_std
        return r, d.clamp(-self.d_max, self.d_max)


def column(statistic: Tensor, x: Tensor) -> Tensor:
    """Return a (C,) tensor in a shape that broadcasts against x."""
    return statistic.view(-1, *[1] * (x.ndim - 2))
