"""Freezing a trained part of a network: its statistics are not parameters."""

import torch
from torch import nn

from clinic.case import Case, Program


def broken_freeze(backbone: nn.Module) -> None:
    """Freeze a trained part of a network."""
    for parameter in backbone.parameters():
        parameter.requires_grad = False


def mended_freeze(backbone: nn.Module) -> None:
    """Freeze a trained part of a network, its running statistics too."""
    for parameter in backbone.parameters():
        parameter.requires_grad = False
    backbone.eval()


def drift_of_frozen(freeze: Program) -> float:
    """Freeze a network, then pass ten batches through it."""
    net = nn.Sequential(nn.BatchNorm1d(4), nn.ReLU()).train()
    freeze(net)
    before = net.get_buffer("0.running_mean").clone()
    for _ in range(10):
        net(3 + torch.randn(32, 4, generator=torch.Generator().manual_seed(0)))
    return float((net.get_buffer("0.running_mean") - before).abs().max())


class BrokenTransfer(nn.Module):
    """A new head on a frozen backbone."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.BatchNorm1d(4), nn.ReLU())
        self.head = nn.Linear(4, 2)
        self.backbone.requires_grad_(False).eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores of the new head."""
        return self.head(self.backbone(x))


class MendedTransfer(BrokenTransfer):
    """A new head on a backbone that stays frozen."""

    def train(self, mode: bool = True) -> "MendedTransfer":
        """Train the head; the backbone stays in evaluation mode."""
        super().train(mode)
        self.backbone.eval()
        return self


def drift_over_epochs(transfer: Program) -> float:
    """Train for two epochs of one batch, as training loops do."""
    net = transfer()
    before = net.backbone[0].running_mean.clone()
    for _ in range(2):
        net.train()
        net(3 + torch.randn(32, 4, generator=torch.Generator().manual_seed(0)))
        net.eval()
    return float((net.backbone[0].running_mean - before).abs().max())


CASES = (
    Case(
        name="frozen-statistics",
        broken=broken_freeze,
        mended=mended_freeze,
        symptom=drift_of_frozen,
        measures="largest change of a running mean",
    ),
    Case(
        name="freeze-undone",
        broken=BrokenTransfer,
        mended=MendedTransfer,
        symptom=drift_over_epochs,
        measures="largest change of a running mean",
    ),
)
