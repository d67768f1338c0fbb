"""Networks in torch, for the cards that need another activation or autograd."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from claims.digits import scaled_digits

__all__ = ["digit_tensors", "generator", "linear", "mlp"]


def generator(seed: int) -> torch.Generator:
    """Return torch's generator for a seed."""
    return torch.Generator().manual_seed(seed)


def digit_tensors(seed: int, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    """Return the scaled digits: training pixels and labels, test pixels and labels."""
    data = scaled_digits(np.random.default_rng(seed))
    x, labels, x_test, labels_test = map(torch.as_tensor, data)
    return [x.to(dtype), labels, x_test.to(dtype), labels_test]


def linear(draw: torch.Generator, inputs: int, outputs: int, gain: float) -> nn.Linear:
    """Return a linear map with Gaussian weights of variance ``gain / inputs``."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    nn.init.normal_(layer.weight, std=(gain / inputs) ** 0.5, generator=draw)
    nn.init.zeros_(layer.bias)
    return layer


def mlp(
    draw: torch.Generator,
    widths: tuple[int, ...],
    norm: Callable[[int], nn.Module],
    activation: Callable[[], nn.Module],
    gain: float = 2.0,
) -> nn.Sequential:
    """Return linear, `norm`, `activation`, ..., linear."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths[:-1]):
        layers += [linear(draw, inputs, outputs, gain), norm(outputs), activation()]
    return nn.Sequential(*layers, linear(draw, widths[-2], widths[-1], gain))
