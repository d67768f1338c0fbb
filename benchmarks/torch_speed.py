"""Batch renorm in torch, forward plus backward, against torch's own batch norm.

All candidates run after warm-up, with r and d in force. A candidate that does not give
the paper's output and gradients on a small batch is not timed.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks import field, timing
from benchmarks.field import EPS, Layer
from benchmarks.plain import PlainBatchRenorm

BASELINE = "nn.BatchNorm"
SHAPES = [(64, 64, 32, 32), (32, 256, 14, 14), (64, 256, 4, 4), (256, 512)]
R_MAX, D_MAX = 3.0, 5.0
WARM = 50_000  # steps: both clips are at their ends
LARGEST_ERROR = 1e-3  # of the largest entry; float32 gives 1e-6 to 1e-4


def cases(device: str) -> list[dict]:
    """Return the rows of the table; threads are the processor's, not a GPU's."""
    threads = [1, 2] if device == "cpu" else [1]
    return [
        {"shape": "×".join(map(str, shape)), "threads": n}
        for shape in SHAPES
        for n in threads
    ]


def measure(case: dict, rounds: int, device: str) -> list[dict]:
    """Return one record for each candidate."""
    shape = tuple(map(int, case["shape"].split("×")))
    torch.set_num_threads(case["threads"])
    present, excluded = sorted_out(shape, device)
    x, dy = data(shape, device)
    candidates = {name: both_passes(build(shape), x, dy) for name, build in present}
    candidates["copy floor"] = copy_floor(x, dy)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    timed = timing.ratios(candidates, BASELINE, rounds, wait)
    torch.set_num_threads(1)
    return [record | {"case": case, "device": device} for record in timed + excluded]


def sorted_out(shape: tuple[int, ...], device: str) -> tuple[list, list[dict]]:
    """Return the candidates to time, and records of those that cannot be."""
    present: list = []
    excluded: list[dict] = []
    for name, build in builders(device).items():
        if package := field.missing(name):
            excluded.append({"candidate": name, "missing": package})
        elif (off := error(name, build, len(shape), device)) > LARGEST_ERROR:
            excluded.append({"candidate": name, "wrong": off})
        else:
            present.append((name, build))
    return present, excluded


def builders(device: str) -> dict[str, Callable[[tuple[int, ...]], Layer]]:
    """Return functions of a shape that make each candidate."""
    return {
        BASELINE: partial(torch_layer, device=device),
        "normlib": partial(normlib_layer, device=device),
        "plain": partial(plain_layer, device=device),
        "Keras": partial(field.keras_renorm, r_max=R_MAX, d_max=D_MAX),
        "torchrl": partial(
            field.torchrl_renorm, r_max=R_MAX, d_max=D_MAX, device=device
        ),
    }


def torch_layer(shape: tuple[int, ...], device: str) -> Layer:
    """Return torch's batch norm."""
    layer = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(shape[1], EPS)
    layer.to(device)
    return Layer(layer, layer.weight, layer.bias)


def normlib_layer(shape: tuple[int, ...], device: str) -> Layer:
    """Return this book's batch renorm."""
    from normlib import nn as own

    kind = own.BatchRenorm1d if len(shape) == 2 else own.BatchRenorm2d
    layer = kind(shape[1], EPS, r_max=R_MAX, d_max=D_MAX).to(device)
    layer.num_batches_tracked.fill_(WARM)
    return Layer(layer, layer.weight, layer.bias)


def plain_layer(shape: tuple[int, ...], device: str) -> Layer:
    """Return batch renorm in plain tensor operations."""
    layer = PlainBatchRenorm(shape[1], R_MAX, D_MAX, EPS).to(device)
    return Layer(layer, layer.weight, layer.bias)


def data(shape: tuple[int, ...], device: str) -> tuple[Tensor, Tensor]:
    """Return x and dy; some channels of x are so far from N(0, 1) that r and d clip."""
    rng = torch.Generator().manual_seed(0)
    column = (-1, *[1] * (len(shape) - 2))
    mean = torch.linspace(-8, 8, shape[1]).view(column)
    std = torch.linspace(0.5, 5, shape[1]).view(column)
    x, dy = (torch.randn(shape, generator=rng) for _ in range(2))
    return (mean + std * x).to(device), dy.to(device)


def both_passes(layer: Layer, x: Tensor, dy: Tensor) -> timing.Candidate:
    """Return a forward followed by its backward."""
    leaves = [x.clone().requires_grad_(), layer.weight, layer.bias]
    return lambda: torch.autograd.grad(layer.forward(leaves[0]), leaves, dy)


def copy_floor(x: Tensor, dy: Tensor) -> timing.Candidate:
    """Return the least that both passes must do: read two arrays and write two."""
    y, dx = torch.empty_like(x), torch.empty_like(dy)
    return lambda: (y.copy_(x), dx.copy_(dy))


def error(name: str, build: Callable, ndim: int, device: str) -> float:
    """Return how far y, dx, dgamma and dbeta are from float64, over their largest."""
    shape = (40, 6) if ndim == 2 else (5, 6, 4, 4)
    x, dy = data(shape, device)
    layer, leaf = build(shape), x.clone().requires_grad_()
    y = layer.forward(leaf)
    got = y.detach(), *torch.autograd.grad(y, [leaf, layer.weight, layer.bias], dy)
    clips = (1.0, 0.0) if name == BASELINE else (R_MAX, D_MAX)
    wanted = reference(x.double(), dy.double(), *clips)
    pairs = zip(got, wanted, strict=True)
    return max(float((g - w).abs().max() / w.abs().max()) for g, w in pairs)


def reference(x: Tensor, dy: Tensor, r_max: float, d_max: float) -> tuple[Tensor, ...]:
    """Return y, dx, dgamma, dbeta by autograd through the formula, in float64."""
    layer = PlainBatchRenorm(x.shape[1], r_max, d_max, EPS).to(x)
    leaf = x.clone().requires_grad_()
    y = layer(leaf)
    return y.detach(), *torch.autograd.grad(y, [leaf, layer.weight, layer.bias], dy)
