"""The same layers by other people, each behind one function.

Packages are imported when asked for, since most readers have none of them. A candidate
whose package is missing appears in the tables as such.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import installed

# Read when Keras and JAX are imported.
os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
os.environ["JAX_PLATFORMS"] = "cpu"

EPS = 1e-5

# The package that a candidate needs; all others need none but torch.
NEEDS = {
    "Keras": "keras",
    "torchrl": "torchrl",
    "flax": "flax",
    "flax, two passes": "flax",
    "Equinox": "equinox",
}


def missing(candidate: str) -> str | None:
    """Return the package that `candidate` lacks here, or None."""
    package = NEEDS.get(candidate)
    return package if package and not installed(package) else None


class Layer(NamedTuple):
    """A layer in training, of any library: its forward, and what it learns."""

    forward: Callable[[Tensor], Tensor]
    weight: Tensor
    bias: Tensor


def torchrl_renorm(
    shape: tuple[int, ...], r_max: float, d_max: float, device: str = "cpu"
) -> Layer:
    """Return torchrl's batch renorm, with its warm-up over."""
    from torchrl.modules import BatchRenorm1d  # takes images too

    clips = {"max_r": r_max, "max_d": d_max}
    layer = BatchRenorm1d(shape[1], eps=EPS, **clips, warmup_steps=0).to(device)
    return Layer(layer, layer.weight, layer.bias)


def keras_renorm(shape: tuple[int, ...], r_max: float, d_max: float) -> Layer:
    """Return Keras' batch renorm, which has no warm-up."""
    clips = {"rmin": 1 / r_max, "rmax": r_max, "dmax": d_max}
    layer = keras_layer(shape, renorm=True, renorm_clipping=clips)
    forward = partial(layer, training=True)
    return Layer(forward, layer.gamma.value, layer.beta.value)


def keras_layer(shape: tuple[int, ...], **renorm: Any) -> Any:
    """Return Keras' batch norm, on torch and with channels on axis 1."""
    import keras

    layer = keras.layers.BatchNormalization(axis=1, epsilon=EPS, **renorm)
    layer.build(shape)
    return layer


def keras_batch(x: np.ndarray) -> np.ndarray:
    """Return Keras' batch norm on torch."""
    layer = keras_layer(x.shape)
    with torch.no_grad():
        return layer(torch.tensor(x), training=True).cpu().numpy()


def torchrl_batch(x: np.ndarray) -> np.ndarray:
    """Return torchrl's batch renorm with the clips that make it batch norm."""
    layer, *_ = torchrl_renorm(x.shape, r_max=1.0, d_max=0.0)
    with torch.no_grad():
        return layer(torch.tensor(x)).numpy()


def flax_batch(x: np.ndarray, *, fast: bool = True) -> np.ndarray:
    """Return flax's batch norm; `fast`, its default, computes E[x²] - E[x]²."""
    from flax import nnx

    layer = nnx.BatchNorm(
        x.shape[1], epsilon=EPS, use_fast_variance=fast, rngs=nnx.Rngs(0)
    )
    return np.moveaxis(np.asarray(layer(np.moveaxis(x, 1, -1))), -1, 1)


def equinox_batch(x: np.ndarray) -> np.ndarray:
    """Return Equinox' batch norm, which sees one sample and meets the rest by name."""
    import equinox as eqx
    import jax

    layer, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(
        x.shape[1], axis_name="batch", eps=EPS, mode="batch"
    )
    over_batch = jax.vmap(
        layer, axis_name="batch", in_axes=(0, None), out_axes=(0, None)
    )
    return np.asarray(over_batch(x, state)[0])
