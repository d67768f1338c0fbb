"""Which values share a mean: the right number of axes is not the right axes."""

import torch
import torch.nn.functional as F
from torch import nn

from clinic.case import Case, Program


def broken_group_norm(x: torch.Tensor, groups: int) -> torch.Tensor:
    """Normalize groups of channels; x has shape (N, H, W, C)."""
    n, height, width, channels = x.shape
    parts = x.reshape(n, groups, height, width, channels // groups)
    mean = parts.mean(dim=(2, 3, 4), keepdim=True)
    var = parts.var(dim=(2, 3, 4), correction=0, keepdim=True)
    return ((parts - mean) / (var + 1e-5).sqrt()).reshape(x.shape)


def mended_group_norm(x: torch.Tensor, groups: int) -> torch.Tensor:
    """Normalize groups of channels; x has shape (N, H, W, C)."""
    n, height, width, channels = x.shape
    parts = x.reshape(n, height, width, groups, channels // groups)
    mean = parts.mean(dim=(1, 2, 4), keepdim=True)
    var = parts.var(dim=(1, 2, 4), correction=0, keepdim=True)
    return ((parts - mean) / (var + 1e-5).sqrt()).reshape(x.shape)


def distance_from_torch(group_norm: Program) -> float:
    """Compare with torch's group norm on channels of different scales."""
    scale = torch.arange(1.0, 7.0)
    x = scale * torch.randn(2, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    wanted = F.group_norm(x.permute(0, 3, 1, 2), 3).permute(0, 2, 3, 1)
    return float((group_norm(x, 3) - wanted).abs().max())


def broken_head(channels: int) -> nn.Module:
    """Return the last layers of an image network: pool, normalize, flatten."""
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(pool, nn.GroupNorm(channels, channels), nn.Flatten())


def mended_head(channels: int) -> nn.Module:
    """Return the last layers of an image network: pool, normalize, flatten."""
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(pool, nn.Flatten(), nn.LayerNorm(channels))


@torch.no_grad()
def sameness_of_images(head: Program) -> float:
    """Count the features that tell no image from any other."""
    x = torch.randn(16, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    features = head(8)(x)
    return float((features.std(dim=0) < 1e-3).float().mean())


CASES = (
    Case(
        name="groups-of-pixels",
        broken=broken_group_norm,
        mended=mended_group_norm,
        symptom=distance_from_torch,
        measures="largest distance from torch's group norm",
        limit=1e-5,
    ),
    Case(
        name="norm-of-one-pixel",
        broken=broken_head,
        mended=mended_head,
        symptom=sameness_of_images,
        measures="fraction of features that are the same for all images",
    ),
)
