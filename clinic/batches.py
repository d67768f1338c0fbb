"""What belongs into a batch: enough samples, all of them, and nothing but samples."""

import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

from clinic.case import Case, Program


def broken_loader(data: Dataset) -> DataLoader:
    """Cut the training data into batches of 32."""
    return DataLoader(data, batch_size=32)


def mended_loader(data: Dataset) -> DataLoader:
    """Cut the training data into batches of 32."""
    return DataLoader(data, batch_size=32, drop_last=True)


def failures_of_an_epoch(loader: Program) -> float:
    """Normalize every batch of 97 samples, and count NaN."""
    layer = nn.BatchNorm1d(3)
    data = torch.randn(97, 3, generator=torch.Generator().manual_seed(0))
    return float(sum(layer(x).isnan().any() for x in loader(data)))


def broken_norm(channels: int) -> nn.Module:
    """Return the norm of a network that is trained on 16 batches of 4 at a time."""
    return nn.BatchNorm1d(channels)


def mended_norm(channels: int) -> nn.Module:
    """Return the norm of a network that is trained on 16 batches of 4 at a time."""
    return nn.GroupNorm(2, channels)


def error_of_accumulated_gradient(norm: Program) -> float:
    """Compare the gradient of 16 batches of 4 with that of one batch of 64."""
    draw = torch.Generator().manual_seed(0)
    x, labels = torch.randn(64, 8, generator=draw), torch.arange(64) % 4
    first, last = nn.Linear(8, 16, bias=False), nn.Linear(16, 4, bias=False)
    for layer in (first, last):
        nn.init.kaiming_normal_(layer.weight, generator=draw)
    parts = nn.Sequential(first, norm(16), nn.ReLU(), last)
    whole = copy.deepcopy(parts)
    F.cross_entropy(whole(x), labels).backward()
    for rows in torch.arange(64).split(4):
        (F.cross_entropy(parts(x[rows]), labels[rows]) / 16).backward()
    wanted, got = whole[0].weight.grad, parts[0].weight.grad
    return float((got - wanted).norm() / wanted.norm())


def broken_scores(net: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> tuple:
    """Let a critic score real samples and generated ones."""
    return net(real), net(fake)


def mended_scores(net: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> tuple:
    """Let a critic score real samples and generated ones."""
    return net(torch.cat([real, fake])).split([len(real), len(fake)])


@torch.no_grad()
def lost_difference(scores: Program) -> float:
    """Score two groups whose means are four standard deviations apart."""
    draw = torch.Generator().manual_seed(0)
    real = torch.randn(64, 1, generator=draw)
    fake = 4 + torch.randn(64, 1, generator=draw)
    y_real, y_fake = scores(nn.BatchNorm1d(1), real, fake)
    return 1 - float((y_fake.mean() - y_real.mean()) / y_real.std()) / 4


def broken_masked(
    layer: nn.BatchNorm1d, x: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Normalize padded sequences (N, L, C); the mask is True at tokens."""
    y = layer(x.transpose(1, 2)).transpose(1, 2)
    return y * mask[..., None]


def mended_masked(
    layer: nn.BatchNorm1d, x: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Normalize padded sequences (N, L, C); the mask is True at tokens."""
    y = torch.zeros_like(x)
    y[mask] = layer(x[mask])  # x[mask] has shape (tokens, C)
    return y


@torch.no_grad()
def effect_of_padding(norm: Program) -> float:
    """Pad six sequences of 5 tokens to lengths 5 and 50."""
    tokens = 2 + torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(0))
    outputs = []
    for length in (5, 50):
        x = F.pad(tokens, (0, 0, 0, length - 5))
        mask = torch.arange(length).expand(6, length) < 5
        outputs.append(norm(nn.BatchNorm1d(3), x, mask)[:, :5])
    return float((outputs[0] - outputs[1]).abs().max())


CASES = (
    Case(
        name="last-batch",
        broken=broken_loader,
        mended=mended_loader,
        symptom=failures_of_an_epoch,
        measures="batches with a NaN",
    ),
    Case(
        name="accumulated-gradient",
        broken=broken_norm,
        mended=mended_norm,
        symptom=error_of_accumulated_gradient,
        measures="relative error of the accumulated gradient",
        limit=1e-5,
    ),
    Case(
        name="separate-batches",
        broken=broken_scores,
        mended=mended_scores,
        symptom=lost_difference,
        measures="fraction of the difference that is lost",
        limit=0.2,
    ),
    Case(
        name="padding-counted",
        broken=broken_masked,
        mended=mended_masked,
        symptom=effect_of_padding,
        measures="largest change of a token if more padding follows",
        limit=1e-5,
    ),
)
