"""Numbers that do not fit: two large ones subtracted, one too large for its type."""

import torch
from torch import nn

from clinic.case import Case, Program


def broken_variance(x: torch.Tensor) -> torch.Tensor:
    """Return the variance of each column, reading x once."""
    return (x**2).mean(dim=0) - x.mean(dim=0) ** 2


def mended_variance(x: torch.Tensor) -> torch.Tensor:
    """Return the variance of each column."""
    return ((x - x.mean(dim=0)) ** 2).mean(dim=0)


def error_of_deviation(variance: Program) -> float:
    """Compare with float64 on a sensor that reads 3000, give or take 0.1."""
    draw = torch.Generator().manual_seed(0)
    x = 3000 + 0.1 * torch.randn(256, 100, generator=draw)
    wanted = x.double().std(dim=0, correction=0)
    return float((variance(x).sqrt() / wanted - 1).abs().max())


def broken_half(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Use a trained network in half precision."""
    return net.half()(x.half())


def mended_half(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Use a trained network in half precision, its statistics in float32."""
    for layer in net.modules():
        if isinstance(layer, nn.Linear):
            layer.half()
    return net(x.half())


@torch.no_grad()
def loss_of_signal(run: Program) -> float:
    """Compare with float32 where activations have a deviation of 300."""
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 4, bias=False)).eval()
    net.get_buffer("0.running_var").fill_(300.0**2)
    nn.init.eye_(net.get_parameter("1.weight"))
    x = 300 * torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    wanted = net(x)
    return float((run(net, x).float() - wanted).norm() / wanted.norm())


CASES = (
    Case(
        name="one-pass-variance",
        broken=broken_variance,
        mended=mended_variance,
        symptom=error_of_deviation,
        measures="largest relative error of a standard deviation",
        limit=0.01,
    ),
    Case(
        name="half-precision-buffer",
        broken=broken_half,
        mended=mended_half,
        symptom=loss_of_signal,
        measures="relative error of the output",
        limit=0.01,
    ),
)
