"""What each process of `test_nn_sync` does: ``python sync_worker.py RANK FOLDER``.

Starting a process costs seconds, so four are started once and run everything. What they
see is saved in FOLDER; the tests compare it with one process on the whole batch.
"""

import copy
import faulthandler
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from normlib.nn.sync import SyncBatchNorm

ALL = (0, 1, 2, 3)
HARD_LIMIT = 240  # seconds, for everything; then a process ends itself
PATIENCE = 1  # seconds that a process waits for one that does not come, in one test
EPS = 0.3  # a forgotten eps is an error of percents


class Case(NamedTuple):
    """Some steps of training: who shares a batch, and how many samples each gets."""

    sizes: tuple[int, ...]
    shape: tuple[int, ...] = (3,)  # of one sample
    options: dict[str, Any] = {}  # noqa: RUF012
    dtype: torch.dtype = torch.float64
    layout: torch.memory_format = torch.contiguous_format
    groups: tuple[tuple[int, ...], ...] = ()  # or else one, of the first processes

    def teams(self) -> tuple[tuple[int, ...], ...]:
        """Return the ranks of each group, in the order in which it counts them."""
        return self.groups or (ALL[: len(self.sizes)],)


CASES = {
    "two": Case((4, 4)),
    "two-unequal": Case((3, 5), (3, 4)),
    "three": Case((2, 1, 4), (3, 2, 5)),
    "four": Case((1, 2, 5, 3), (3, 2, 1, 4)),
    "one-value-each": Case((1, 1, 1, 1)),
    "first-is-empty": Case((0, 5, 3), (3, 2)),
    "one-has-all": Case((0, 0, 6, 0)),
    "pairs": Case((2, 4), groups=((0, 1), (2, 3))),
    "pairs-across": Case((4, 1), groups=((0, 2), (1, 3))),
    "alone": Case((4,), groups=((0,), (1,), (2,), (3,))),
    "no-affine": Case((3, 5), options={"affine": False}),
    "no-bias": Case((3, 5), options={"bias": False}),
    "cumulative": Case((3, 5), options={"momentum": None}),
    "no-running-statistics": Case((3, 5), options={"track_running_stats": False}),
    "channels-last": Case((3, 2), (3, 4, 5), layout=torch.channels_last),
    "float32": Case((3, 5, 0, 4), (3, 6), dtype=torch.float32),
    "bfloat16": Case((40, 24), (3, 4), dtype=torch.bfloat16),
}
NAIVE = Case((1, 2, 5, 3))
PARALLEL = Case((1, 3, 0, 4), (4,))
Step: TypeAlias = dict[str, Any]
GROUPS: dict[tuple[int, ...], dist.ProcessGroup | None] = {ALL: None}


class Naive(nn.Module):
    """Sums exchanged by `dist.all_reduce`, which autograd does not see."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the right y."""
        sums = torch.cat([x.sum(0), (x**2).sum(0), x.new_tensor([len(x)])])
        dist.all_reduce(sums)
        mean, square = (sums[:-1] / sums[-1]).chunk(2)
        return (x - mean) / (square - mean**2 + EPS) ** 0.5


def samples(case: Case, step: int, team: int = 0) -> torch.Tensor:
    """Return a team's whole batch, and as many weights that make a loss of y."""
    rng = torch.Generator().manual_seed(10 * team + step)
    size = (2, sum(case.sizes), *case.shape)
    return torch.randn(size, generator=rng, dtype=torch.float64)


def share(case: Case, place: int) -> slice:
    """Return which samples of the batch the process at `place` in its group gets."""
    start = sum(case.sizes[:place])
    return slice(start, start + case.sizes[place])


def steps(layer: nn.Module, case: Case, part: slice, team: int = 0) -> list[Step]:
    """Train `layer` on a part of each batch; return what goes in and what comes out.

    The loss is a weighted sum of y: its parts add up to that of the whole batch.
    """
    layer.to(torch.promote_types(case.dtype, torch.float32))
    for p in layer.parameters():
        p.data = torch.linspace(-0.5, 1.5, len(p), dtype=p.dtype)
    done = []
    for i in range(3):
        x, weights = samples(case, i, team)[:, part].to(case.dtype)
        x = (2 + 3 * x).contiguous(memory_format=case.layout).requires_grad_()
        layer.zero_grad()
        y = layer(x)
        (y * weights).sum().backward()
        gradients = {name: p.grad.clone() for name, p in layer.named_parameters()}
        buffers = {name: b.clone() for name, b in layer.named_buffers()}
        step = {"x": x.detach(), "y": y.detach(), "dx": x.grad}
        done.append(step | {"gradients": gradients, "buffers": buffers})
    return done


def network(normalization: type[nn.Module]) -> nn.Module:
    """Return a small network in float64 whose parameters are always the same."""
    layers = nn.Linear(4, 6), normalization(6, EPS), nn.Tanh(), nn.Linear(6, 2)
    model = nn.Sequential(*layers).double()
    for i, p in enumerate(model.parameters()):
        rng = torch.Generator().manual_seed(i)
        p.data = torch.randn(p.shape, generator=rng, dtype=p.dtype)
    return model


def fit(model: nn.Module, part: slice, processes: int = 1) -> None:
    """Train `model` by gradient descent on its part of each batch.

    The loss is the mean over the m samples of the whole batch. Data parallel training
    averages gradients over the processes, so a process multiplies the sum over its part
    by ``processes / m``; a mean over the part would be wrong where parts are unequal.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for i in range(3):
        x, target = samples(PARALLEL, i)
        optimizer.zero_grad()
        errors = (model(x[part]) - target[part, :2]) ** 2
        (errors.sum() * processes / len(x)).backward()
        optimizer.step()


def cases(rank: int) -> dict[str, list[Step]]:
    """Train the layer in each case that has work for this process."""
    seen = {}
    for name, case in CASES.items():
        for team, ranks in enumerate(case.teams()):
            if rank in ranks:
                group = GROUPS[ranks]
                layer = SyncBatchNorm(3, EPS, process_group=group, **case.options)
                part = share(case, ranks.index(rank))
                seen[name] = steps(layer, case, part, team)
    return seen


def naive(rank: int) -> list[Step]:
    """Train the naive layer; torch warns, once in a process, and trains on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return steps(Naive(), NAIVE, share(NAIVE, rank))


def parallel(rank: int) -> dict[str, torch.Tensor]:
    """Train a network whose gradients are averaged over the processes."""
    model = DistributedDataParallel(network(SyncBatchNorm))
    fit(model, share(PARALLEL, rank), len(ALL))
    return model.module.state_dict()


def evaluation(rank: int) -> list[torch.Tensor]:
    """Evaluate in one process only; whoever communicates now waits in vain."""
    layers = SyncBatchNorm(3, EPS), SyncBatchNorm(3, EPS, track_running_stats=False)
    x = samples(CASES["two"], 0)[0]
    return [layer.double().eval()(x).detach() for layer in layers if rank == 0]


def refusals(rank: int) -> dict[str, Any]:
    """Train on batches that every process must refuse, and see what changed."""
    x = samples(CASES["four"], 0)[0][share(CASES["four"], rank)]
    layer = SyncBatchNorm(3, EPS).double()
    layer(x)
    before = copy.deepcopy(layer.state_dict())
    poisoned = x.clone()
    poisoned[:, 1] = torch.nan if rank == 2 else 1.0
    outsider = SyncBatchNorm(3, process_group=GROUPS[0, 1] if rank > 1 else None)
    return {
        "nan": error(layer, poisoned),
        "one value": error(layer, x[: rank == 1, :, 0, 0, 0]),
        "no value": error(layer, x[:0]),
        "outsider": error(outsider, x) if rank > 1 else None,
        "unchanged": (before, copy.deepcopy(layer.state_dict())),
        "afterwards": error(layer, x),
    }


def misfit(rank: int, group: dist.ProcessGroup) -> tuple[str, str, float]:
    """Give one process a wrong number of channels; the others wait for it."""
    layer = SyncBatchNorm(3, process_group=group)
    seen = error(layer, torch.ones(2, 4 if rank == 1 else 3))
    dist.barrier()  # a process that ends would be noticed sooner than one that is late
    return seen


def lost_peer(rank: int) -> tuple[str, str, float]:
    """Kill one process between its forward and its backward pass."""
    layer = SyncBatchNorm(3)
    loss = layer(samples(CASES["two"], 0)[0].float().requires_grad_()).sum()
    if rank == 3:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return error(loss.backward)


def error(function: Callable, *arguments: Any) -> tuple[str, str, float]:
    """Return the type and the text of what is raised, and after how many seconds."""
    start = time.monotonic()
    try:
        function(*arguments)
    except Exception as raised:
        return type(raised).__name__, str(raised), time.monotonic() - start
    return "nothing", "", time.monotonic() - start


def main(rank: int, folder: Path) -> None:
    """Run everything; the death of a process comes last, when the rest is saved."""
    faulthandler.dump_traceback_later(HARD_LIMIT, exit=True)
    torch.set_num_threads(1)
    store = dist.FileStore(str(folder / "store"), len(ALL))
    limit = timedelta(seconds=HARD_LIMIT)
    dist.init_process_group(
        "gloo", store=store, rank=rank, world_size=len(ALL), timeout=limit
    )
    for ranks in {ranks: None for case in CASES.values() for ranks in case.teams()}:
        if ranks != ALL:
            GROUPS[ranks] = dist.new_group(ranks)
    impatient = dist.new_group(timeout=timedelta(seconds=PATIENCE))
    seen = {f.__name__: f(rank) for f in (cases, naive, parallel, evaluation, refusals)}
    seen["misfit"] = misfit(rank, impatient)
    torch.save(seen, folder / f"{rank}.pt")
    dist.barrier()
    torch.save(lost_peer(rank), folder / f"{rank}-lost-peer.pt")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
