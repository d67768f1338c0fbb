"""How far float32 output is from float64, at growing offsets of the data."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

import normlib

OFFSETS = [0.0, 1e2, 1e3, 1e4, 1e5, 1e6]
SHAPE = (16, 4, 32, 32)  # 16,384 values per channel


def run() -> list[dict]:
    """Return one row per implementation: largest error at each offset."""
    return [
        {"name": name, "errors": [error(layer, offset) for offset in OFFSETS]}
        for name, layer in implementations().items()
    ]


def error(layer: Callable, offset: float) -> float:
    """Return max |y32 - y64| for the same float32 input."""
    rng = np.random.default_rng(0)
    x = (offset + rng.standard_normal(SHAPE)).astype(np.float32)
    return float(np.abs(layer(x) - reference(layer, x)).max())


def reference(layer: Callable, x: np.ndarray) -> np.ndarray:
    """Return the layer's own axes in float64, by the kernel-free textbook formula."""
    axes = layer.axes  # type: ignore[attr-defined]
    x64 = x.astype(np.float64)
    mean = x64.mean(axis=axes, keepdims=True)
    return (x64 - mean) / np.sqrt(x64.var(axis=axes, keepdims=True) + 1e-5)


def implementations() -> dict[str, Callable]:
    """Return functions of a float32 array, each marked with the axes it normalizes."""
    one, zero = np.ones(4, np.float32), np.zeros(4, np.float32)
    full = np.ones(SHAPE[1:], np.float32)
    batch, image, channel = (0, 2, 3), (1, 2, 3), (2, 3)
    return {
        "normlib batch": on(batch, lambda x: normlib.batch_norm(x, one, zero)[0]),
        "normlib layer": on(image, lambda x: normlib.layer_norm(x, full, 0 * full)[0]),
        "normlib instance": on(
            channel, lambda x: normlib.instance_norm(x, one, zero)[0]
        ),
        "one pass, E[x²] - E[x]²": on(batch, one_pass),
        "two passes": on(batch, two_passes),
        "torch batch": on(batch, torch_batch),
        "torch batch, channels last": on(batch, torch_channels_last),
        "torch layer": on(
            image, lambda x: F.layer_norm(torch.tensor(x), SHAPE[1:]).numpy()
        ),
        "torch instance": on(
            channel, lambda x: F.instance_norm(torch.tensor(x)).numpy()
        ),
    }


def on(axes: tuple[int, ...], layer: Callable) -> Callable:
    """Return `layer`, marked with its axes."""
    layer.axes = axes  # type: ignore[attr-defined]
    return layer


def one_pass(x: np.ndarray) -> np.ndarray:
    """Return batch norm with the variance as a difference of two large numbers."""
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    var = (x * x).mean(axis=(0, 2, 3), keepdims=True) - mean * mean
    return (x - mean) / np.sqrt(np.maximum(var, 0) + np.float32(1e-5))


def two_passes(x: np.ndarray) -> np.ndarray:
    """Return batch norm centered once."""
    centered = x - x.mean(axis=(0, 2, 3), keepdims=True)
    var = (centered * centered).mean(axis=(0, 2, 3), keepdims=True)
    return centered / np.sqrt(var + np.float32(1e-5))


def torch_batch(x: np.ndarray) -> np.ndarray:
    """Return torch's batch norm."""
    return F.batch_norm(torch.tensor(x), None, None, training=True).numpy()


def torch_channels_last(x: np.ndarray) -> np.ndarray:
    """Return torch's batch norm on the channels-last memory format."""
    last = torch.tensor(x).to(memory_format=torch.channels_last)
    return F.batch_norm(last, None, None, training=True).numpy()
