"""Forward plus backward of every layer, against torch and the copy-bandwidth floor.

All candidates of a case run in turn, round after round, so that a slow moment of the
machine hits all of them. What is reported is a ratio of medians.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import normlib
from benchmarks import staged

SHAPES = [(64, 64, 32, 32), (32, 256, 14, 14), (256, 512)]
EPS = 1e-5
Candidate = Callable[[], Any]


def run(rounds: int) -> list[dict]:
    """Return one row per layer and shape: seconds of each candidate."""
    rows = []
    for shape in SHAPES:
        for layer, candidates in cases(shape).items():
            print(f"  {layer} norm on {'x'.join(map(str, shape))}", flush=True)
            seconds = median_seconds(candidates, rounds)
            rows.append({"layer": layer, "shape": list(shape), "seconds": seconds})
    return rows


def median_seconds(candidates: dict[str, Candidate], rounds: int) -> dict[str, float]:
    """Return the median time of each candidate over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()
    for _ in range(rounds):
        for name, candidate in candidates.items():
            start = time.perf_counter()
            candidate()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(t)) for name, t in times.items()}


def cases(shape: tuple[int, ...]) -> dict[str, dict[str, Candidate]]:
    """Return the candidates by layer, all on the same float32 arrays."""
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
    c, trailing, groups = shape[1], shape[1:], 32
    channel, position = parameters(rng, (c,)), parameters(rng, trailing)
    layers = {
        "batch": {
            **pair("batch_norm", x, dy, channel),
            "torch": torch_layer(
                x, dy, channel, lambda x, g, b: F.batch_norm(x, None, None, g, b, True)
            ),
            **staged_forms(x, dy, *channel),
        },
        "layer": {
            **pair("layer_norm", x, dy, position),
            "torch": torch_layer(
                x, dy, position, lambda x, g, b: F.layer_norm(x, trailing, g, b)
            ),
        },
        "group": {
            **pair("group_norm", x, dy, channel, groups),
            "torch": torch_layer(
                x, dy, channel, lambda x, g, b: F.group_norm(x, groups, g, b)
            ),
        },
        "rms": {
            **pair("rms_norm", x, dy, position[:1]),
            "torch": torch_layer(
                x, dy, position[:1], lambda x, g: F.rms_norm(x, trailing, g, EPS)
            ),
        },
    }
    if len(shape) > 2:
        layers["instance"] = {
            **pair("instance_norm", x, dy, channel),
            "torch": torch_layer(
                x, dy, channel, lambda x, g, b: F.instance_norm(x, None, None, g, b)
            ),
        }
    return {k: {**v, "copy floor": copy_floor(x, dy)} for k, v in layers.items()}


def parameters(rng: np.random.Generator, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return a random gamma and beta."""
    return [rng.standard_normal(shape, dtype=np.float32) for _ in range(2)]


def pair(name: str, x: Any, dy: Any, params: list, *extra: int) -> dict[str, Candidate]:
    """Return normlib's forward followed by its backward."""
    forward = getattr(normlib, name)
    backward = getattr(normlib, f"{name}_backward")
    return {"normlib": lambda: backward(dy, forward(x, *params, *extra, EPS)[1])}


def torch_layer(x: Any, dy: Any, params: list, layer: Callable) -> Candidate:
    """Return torch's forward followed by its backward."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, *params)]
    upstream = torch.tensor(dy)
    return lambda: torch.autograd.grad(layer(*leaves), leaves, upstream)


def staged_forms(x: Any, dy: Any, gamma: Any, beta: Any) -> dict[str, Candidate]:
    """Return the node-by-node batch norm and its closed form, with layout changes."""

    def candidate(backward: Callable) -> Candidate:
        def run() -> None:
            y, cache = staged.forward(staged.flatten(x), gamma, beta, EPS)
            staged.unflatten(y, x.shape)
            dx, *_ = backward(staged.flatten(dy), cache)
            staged.unflatten(dx, x.shape)

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
