"""After training: layers are merged, replaced, converted."""

import torch
from torch import nn

from clinic.case import Case, Program


def broken_fold(linear: nn.Linear, norm: nn.BatchNorm1d) -> nn.Linear:
    """Return one layer that does the work of both at inference."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    folded = nn.Linear(linear.in_features, linear.out_features)
    folded.weight.data = scale[:, None] * linear.weight
    folded.bias.data = linear.bias + norm.bias - scale * norm.running_mean
    return folded


def mended_fold(linear: nn.Linear, norm: nn.BatchNorm1d) -> nn.Linear:
    """Return one layer that does the work of both at inference."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    folded = nn.Linear(linear.in_features, linear.out_features)
    folded.weight.data = scale[:, None] * linear.weight
    folded.bias.data = scale * (linear.bias - norm.running_mean) + norm.bias
    return folded


@torch.no_grad()
def error_of_folded(fold: Program) -> float:
    """Compare the folded layer with the two that it replaces."""
    draw = torch.Generator().manual_seed(0)
    linear, norm = nn.Linear(4, 3), nn.BatchNorm1d(3).eval()
    for values in (*linear.parameters(), norm.running_mean, norm.weight):
        values.copy_(torch.randn(values.shape, generator=draw))
    norm.running_var.fill_(0.25)
    x = torch.randn(10, 4, generator=draw)
    return float((fold(linear, norm)(x) - norm(linear(x))).abs().max())


class BrokenNormAct(nn.BatchNorm1d):
    """Batch norm and ReLU in one layer."""

    def __init__(self, features: int) -> None:
        super().__init__(features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the normalized x, its negative values set to 0."""
        return super().forward(x).relu()


class MendedNormAct(nn.Sequential):
    """Batch norm and ReLU, two layers."""

    def __init__(self, features: int) -> None:
        super().__init__(nn.BatchNorm1d(features), nn.ReLU())


@torch.no_grad()
def change_by_conversion(norm_act: Program) -> float:
    """Convert a network for several processes, and compare it with itself."""
    net = nn.Sequential(norm_act(4)).eval()
    x = torch.randn(10, 4, generator=torch.Generator().manual_seed(0))
    before = net(x)
    after = nn.SyncBatchNorm.convert_sync_batchnorm(net)(x)
    return float((after - before).abs().max())


CASES = (
    Case(
        name="folded-bias",
        broken=broken_fold,
        mended=mended_fold,
        symptom=error_of_folded,
        measures="largest error of the folded layer",
        limit=1e-5,
    ),
    Case(
        name="lost-activation",
        broken=BrokenNormAct,
        mended=MendedNormAct,
        symptom=change_by_conversion,
        measures="largest change of the output",
    ),
)
