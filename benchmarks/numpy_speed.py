"""Forward plus backward of every NumPy layer, against torch, on one thread."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import normlib
from benchmarks import staged, timing
from benchmarks.field import EPS
from benchmarks.timing import Candidate

BASELINE = "torch"
SHAPES = [(64, 64, 32, 32), (32, 256, 14, 14), (256, 512)]
GROUPS = 32
LAYERS = ("batch", "layer", "group", "rms", "instance")


def cases(device: str) -> list[dict]:
    """Return the rows of the table; NumPy knows no GPU."""
    return [
        {"layer": layer, "shape": "×".join(map(str, shape))}
        for shape in (SHAPES if device == "cpu" else [])
        for layer in LAYERS
        if layer != "instance" or len(shape) > 2
    ]


def measure(case: dict, rounds: int, device: str) -> list[dict]:
    """Return one record for each candidate."""
    shape = tuple(map(int, case["shape"].split("×")))
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
    layers = candidates(case["layer"], x, dy, rng) | {"copy floor": copy_floor(x, dy)}
    timed = timing.ratios(layers, BASELINE, rounds)
    return [record | {"case": case, "device": device} for record in timed]


def candidates(
    layer: str, x: np.ndarray, dy: np.ndarray, rng: np.random.Generator
) -> dict[str, Candidate]:
    """Return the candidates for one layer, all on the same float32 arrays."""
    per_position = layer in ("layer", "rms")
    params = parameters(rng, x.shape[1:] if per_position else x.shape[1:2])
    params = params[:1] if layer == "rms" else params
    extra = (GROUPS,) if layer == "group" else ()
    by_name = {
        "torch": torch_layer(x, dy, params, torch_function(layer, x.shape[1:])),
        "normlib": own_layer(f"{layer}_norm", x, dy, params, *extra),
    }
    return by_name | (staged_forms(x, dy, *params) if layer == "batch" else {})


def torch_function(layer: str, trailing: tuple[int, ...]) -> Callable:
    """Return torch's function of x, gamma and, but for RMSNorm, beta."""
    functions: dict[str, Callable] = {
        "batch": lambda x, g, b: F.batch_norm(x, None, None, g, b, True),
        "layer": lambda x, g, b: F.layer_norm(x, trailing, g, b),
        "group": lambda x, g, b: F.group_norm(x, GROUPS, g, b),
        "rms": lambda x, g: F.rms_norm(x, trailing, g, EPS),
        "instance": lambda x, g, b: F.instance_norm(x, None, None, g, b),
    }
    return functions[layer]


def parameters(rng: np.random.Generator, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return a random gamma and beta."""
    return [rng.standard_normal(shape, dtype=np.float32) for _ in range(2)]


def own_layer(name: str, x: Any, dy: Any, params: list, *extra: int) -> Candidate:
    """Return normlib's forward followed by its backward."""
    forward = getattr(normlib, name)
    backward = getattr(normlib, f"{name}_backward")
    return lambda: backward(dy, forward(x, *params, *extra, EPS)[1])


def torch_layer(x: Any, dy: Any, params: list, layer: Callable) -> Candidate:
    """Return torch's forward followed by its backward."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, *params)]
    upstream = torch.tensor(dy)
    return lambda: torch.autograd.grad(layer(*leaves), leaves, upstream)


def staged_forms(x: Any, dy: Any, gamma: Any, beta: Any) -> dict[str, Candidate]:
    """Return the node-by-node batch norm and its closed form, with layout changes."""

    def candidate(backward: Callable) -> Candidate:
        def run() -> tuple:
            y, cache = staged.forward(staged.flatten(x), gamma, beta, EPS)
            staged.unflatten(y, x.shape)
            dx, dgamma, dbeta = backward(staged.flatten(dy), cache)
            return staged.unflatten(dx, x.shape), dgamma, dbeta

        return run

    return {
        "staged": candidate(staged.backward),
        "closed form": candidate(staged.collapsed),
    }


def copy_floor(x: Any, dy: Any) -> Candidate:
    """Return the least that both passes must do: read two arrays and write two."""
    y, dx = np.empty_like(x), np.empty_like(dy)

    def run() -> None:
        np.copyto(y, x)
        np.copyto(dx, dy)

    return run
