"""How far float32 output is from float64, at growing offsets of the data.

The last column is a channel whose values are all 10,000 and one third: centered, it is
0, and an implementation that returns anything else returns its own rounding.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F

import normlib
from benchmarks import field
from benchmarks.field import EPS

SHAPE = (16, 4, 32, 32)  # 16,384 values per channel
CONSTANT = "constant"
COLUMNS = ["0", "1e2", "1e3", "1e4", "1e5", "1e6", CONSTANT]
Implementations: TypeAlias = dict[str, tuple[tuple[int, ...], Callable]]
BATCH, IMAGE, CHANNEL = (0, 2, 3), (1, 2, 3), (2, 3)


def cases(device: str) -> list[dict]:
    """Return the columns of the table."""
    return [{"offset": column} for column in COLUMNS]


def measure(case: dict, rounds: int, device: str) -> list[dict]:
    """Return one record for each implementation; nothing here needs rounds."""
    x = data(case["offset"])
    records: list[dict] = []
    for name, (axes, layer) in implementations(device).items():
        package = field.missing(name)
        found = {"missing": package} if package else {"error": error(layer, x, axes)}
        records.append({"candidate": name, "case": case, "device": device, **found})
    return records


def data(column: str) -> np.ndarray:
    """Return float32 values of `SHAPE`: constant, or offset + N(0, 1)."""
    if column == CONSTANT:
        return np.full(SHAPE, 1e4 + 1 / 3, np.float32)
    rng = np.random.default_rng(0)
    return (float(column) + rng.standard_normal(SHAPE)).astype(np.float32)


def error(layer: Callable, x: np.ndarray, axes: tuple[int, ...]) -> float | None:
    """Return max |y32 - y64| for the same float32 input, None where y32 has a NaN."""
    largest = np.abs(layer(x) - reference(x, axes)).max()
    return float(largest) if np.isfinite(largest) else None


def reference(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return the textbook formula in float64, without the kernel."""
    x64 = x.astype(np.float64)
    mean = x64.mean(axis=axes, keepdims=True)
    return (x64 - mean) / np.sqrt(x64.var(axis=axes, keepdims=True) + EPS)


def implementations(device: str) -> Implementations:
    """Return the axes and the function of each; NumPy and JAX run on the CPU alone."""
    if device != "cpu":
        return in_torch(device)
    return in_numpy() | in_torch(device) | of_the_field()


def in_numpy() -> Implementations:
    """Return this book's layers, and two ways to compute a variance."""
    one, zero = np.ones(4, np.float32), np.zeros(4, np.float32)
    full = np.ones(SHAPE[1:], np.float32)
    return {
        "normlib batch": (BATCH, lambda x: normlib.batch_norm(x, one, zero)[0]),
        "normlib layer": (IMAGE, lambda x: normlib.layer_norm(x, full, 0 * full)[0]),
        "normlib instance": (
            CHANNEL,
            lambda x: normlib.instance_norm(x, one, zero)[0],
        ),
        "one pass, E[x²] - E[x]²": (BATCH, one_pass),
        "two passes": (BATCH, two_passes),
    }


def in_torch(device: str) -> Implementations:
    """Return torch's layers, and the batch renorm of this book."""
    batch = partial(F.batch_norm, running_mean=None, running_var=None, training=True)
    layers: dict[str, tuple[tuple[int, ...], Callable, torch.memory_format]] = {
        "torch batch": (BATCH, batch, torch.contiguous_format),
        "torch batch, channels last": (BATCH, batch, torch.channels_last),
        "normlib BatchRenorm2d": (BATCH, renorm, torch.contiguous_format),
        "normlib BatchRenorm2d, channels last": (BATCH, renorm, torch.channels_last),
        "torch layer": (
            IMAGE,
            lambda x: F.layer_norm(x, SHAPE[1:]),
            torch.contiguous_format,
        ),
        "torch instance": (CHANNEL, F.instance_norm, torch.contiguous_format),
    }
    return {
        name: (axes, on_tensors(layer, layout, device))
        for name, (axes, layer, layout) in layers.items()
    }


def of_the_field() -> Implementations:
    """Return the batch norms of other packages."""
    return {
        "Keras": (BATCH, field.keras_batch),
        "torchrl": (BATCH, field.torchrl_batch),
        "flax": (BATCH, field.flax_batch),
        "flax, two passes": (BATCH, partial(field.flax_batch, fast=False)),
        "Equinox": (BATCH, field.equinox_batch),
    }


@torch.no_grad()
def renorm(x: torch.Tensor) -> torch.Tensor:
    """Return the first step of batch renorm."""
    from normlib.nn import BatchRenorm2d

    return BatchRenorm2d(x.shape[1], EPS).to(x.device)(x)


def on_tensors(layer: Callable, layout: torch.memory_format, device: str) -> Callable:
    """Return `layer` as a function of NumPy arrays."""

    def run(x: np.ndarray) -> np.ndarray:
        tensor = torch.tensor(x, device=device).to(memory_format=layout)
        return layer(tensor).cpu().numpy()

    return run


def one_pass(x: np.ndarray) -> np.ndarray:
    """Return batch norm with the variance as a difference of two large numbers."""
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    var = (x * x).mean(axis=(0, 2, 3), keepdims=True) - mean * mean
    return (x - mean) / np.sqrt(np.maximum(var, 0) + np.float32(EPS))


def two_passes(x: np.ndarray) -> np.ndarray:
    """Return batch norm centered once."""
    centered = x - x.mean(axis=(0, 2, 3), keepdims=True)
    var = (centered * centered).mean(axis=(0, 2, 3), keepdims=True)
    return centered / np.sqrt(var + np.float32(EPS))
