"""Running statistics: who updates them, how often, by how much, and who copies them."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from clinic.case import Case, Program


def broken_port(keras_momentum: float) -> nn.BatchNorm1d:
    """Return torch's layer with the momentum of a Keras model."""
    return nn.BatchNorm1d(1, momentum=keras_momentum)


def mended_port(keras_momentum: float) -> nn.BatchNorm1d:
    """Return torch's layer with the momentum of a Keras model."""
    return nn.BatchNorm1d(1, momentum=1 - keras_momentum)


def jitter_of_running_mean(port: Program) -> float:
    """Find the running mean's deviation from 0, the truth, over 2000 batches."""
    layer, draw = port(0.99), torch.Generator().manual_seed(0)
    seen = []
    for _ in range(2000):
        layer(torch.randn(8, 1, generator=draw))
        seen.append(layer.running_mean.item())
    deviation = torch.tensor(seen).square().mean().sqrt()
    return float(deviation / 8**-0.5)  # that of the mean of 8 numbers


class BrokenNorm(nn.Module):
    """Batch norm by hand; only the running mean is shown."""

    running_mean: torch.Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize a batch, and let the running mean follow it."""
        mean = x.mean(dim=0)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mean
        return (x - mean) / (x.var(dim=0, correction=0) + 1e-5).sqrt()


class MendedNorm(BrokenNorm):
    """Batch norm by hand; only the running mean is shown."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize a batch, and let the running mean follow it."""
        mean = x.mean(dim=0)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mean.detach()
        return (x - mean) / (x.var(dim=0, correction=0) + 1e-5).sqrt()


def graph_left_behind(norm: Program) -> float:
    """Walk down the graph that hangs on the running mean after 20 training steps."""
    layer, weight = norm(3), torch.ones(3, requires_grad=True)
    for _ in range(20):
        layer(weight * torch.ones(5, 3)).sum().backward()
    node, kept = layer.running_mean.grad_fn, 0
    while node is not None:
        node, kept = node.next_functions[0][0], kept + 1
    return float(kept)


@torch.no_grad()
def broken_average(teacher: nn.Module, student: nn.Module, rate: float) -> None:
    """Let the teacher's weights follow the student's."""
    pairs = zip(teacher.parameters(), student.parameters(), strict=True)
    for mine, theirs in pairs:
        mine.lerp_(theirs, rate)


@torch.no_grad()
def mended_average(teacher: nn.Module, student: nn.Module, rate: float) -> None:
    """Let the teacher's weights follow the student's, and copy the statistics."""
    pairs = zip(teacher.parameters(), student.parameters(), strict=True)
    for mine, theirs in pairs:
        mine.lerp_(theirs, rate)
    for old, new in zip(teacher.buffers(), student.buffers(), strict=True):
        old.copy_(new)


@torch.no_grad()
def gap_to_student(average: Program) -> float:
    """Evaluate teacher and student, whose weights are equal all the time."""
    student = nn.Sequential(nn.BatchNorm1d(4))
    teacher = copy.deepcopy(student)
    x = 3 + 2 * torch.randn(256, 4, generator=torch.Generator().manual_seed(0))
    for _ in range(100):
        student(x)
        average(teacher, student, rate=0.1)
    return float((teacher.eval()(x) - student.eval()(x)).abs().max())


def broken_checkpointing(layer: nn.BatchNorm1d, x: torch.Tensor) -> torch.Tensor:
    """Save memory: forget the activations, compute them again when needed."""
    return checkpoint(layer, x, use_reentrant=False)


def mended_checkpointing(layer: nn.BatchNorm1d, x: torch.Tensor) -> torch.Tensor:
    """Save memory: forget the activations, compute them again when needed."""

    @contextmanager
    def without_update() -> Iterator[None]:
        momentum, layer.momentum = layer.momentum, 0.0
        try:
            yield
        finally:  # recomputation is left by an exception, once it has what it needs
            layer.momentum = momentum

    first_and_second = lambda: (nullcontext(), without_update())  # noqa: E731
    return checkpoint(layer, x, use_reentrant=False, context_fn=first_and_second)


def error_of_running_mean(run: Program) -> float:
    """Take two steps with and without checkpointing."""
    plain, checked = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    draw = torch.Generator().manual_seed(0)
    for _ in range(2):
        x = 5 + torch.randn(16, 3, generator=draw)
        plain(x)
        run(checked, x.clone().requires_grad_()).square().sum().backward()
    wanted, got = (norm.get_buffer("running_mean") for norm in (plain, checked))
    return float((got - wanted).abs().max())


CASES = (
    Case(
        name="momentum-from-keras",
        broken=broken_port,
        mended=mended_port,
        symptom=jitter_of_running_mean,
        measures="jitter of the running mean, that of a batch mean being 1",
        limit=0.3,
    ),
    Case(
        name="graph-kept",
        broken=BrokenNorm,
        mended=MendedNorm,
        symptom=graph_left_behind,
        measures="nodes of the graph still held after 20 steps",
    ),
    Case(
        name="averaged-weights",
        broken=broken_average,
        mended=mended_average,
        symptom=gap_to_student,
        measures="largest gap between two networks of the same weights",
        limit=1e-5,
    ),
    Case(
        name="counted-twice",
        broken=broken_checkpointing,
        mended=mended_checkpointing,
        symptom=error_of_running_mean,
        measures="largest error of a running mean",
        limit=1e-5,
    ),
)
