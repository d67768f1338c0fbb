"""Train on handwritten digits in several processes, with batch norm over all of them.

    torchrun --standalone --nproc-per-node 2 examples/sync_batch_norm.py

Each process reads its part of every batch. After training, the running statistics are
compared between the processes, and with those of one process that read whole batches.
"""

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from normlib.data import digits
from normlib.nn import SyncBatchNorm

STEPS = 60
BATCH = 96  # samples over all processes


def network(normalization: type[nn.Module]) -> nn.Sequential:
    """Return a small network in float64, with the same weights in each process."""
    layers = [nn.Linear(64, 32), normalization(32), nn.ReLU(), nn.Linear(32, 10)]
    rng = torch.Generator().manual_seed(0)
    for layer in layers[0], layers[3]:
        nn.init.kaiming_uniform_(layer.weight, generator=rng)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers).double()


def train(model: nn.Module, x: torch.Tensor, labels: torch.Tensor, part: slice) -> None:
    """Fit `model` to the same `part` of every batch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    rng = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        batch = torch.randperm(len(x), generator=rng)[:BATCH][part]
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[batch]), labels[batch]).backward()
        optimizer.step()


def statistics(model: nn.Sequential) -> torch.Tensor:
    """Return the running mean and variance of the normalization layer."""
    return torch.stack([model[1].running_mean, model[1].running_var])


def spread(values: torch.Tensor) -> float:
    """Return how far apart the processes' `values` are, at most."""
    largest, least = values.clone(), values.clone()
    dist.all_reduce(largest, dist.ReduceOp.MAX)
    dist.all_reduce(least, dist.ReduceOp.MIN)
    return (largest - least).max().item()


def main() -> None:
    """Train with and without synchronization; the first process prints."""
    dist.init_process_group("gloo")
    rank, processes = dist.get_rank(), dist.get_world_size()
    if BATCH % processes:
        raise SystemExit(f"{BATCH} samples cannot be shared evenly by {processes}")
    data = digits(np.random.default_rng(0))
    x, x_test = torch.tensor(data.x_train) / 16, torch.tensor(data.x_test) / 16
    labels, labels_test = (
        torch.tensor(data.labels_train),
        torch.tensor(data.labels_test),
    )

    whole = network(nn.BatchNorm1d)
    train(whole, x, labels, slice(None))
    lines = [
        f"{processes} processes, each with {BATCH // processes} of {BATCH} samples"
    ]
    for normalization in nn.BatchNorm1d, SyncBatchNorm:
        model = network(normalization)
        train(DistributedDataParallel(model), x, labels, slice(rank, None, processes))
        apart = spread(statistics(model))
        error = (statistics(model) - statistics(whole)).abs().max()
        hits = (model.eval()(x_test).argmax(dim=1) == labels_test).double().mean()
        lines.append(
            f"{normalization.__name__}: running statistics {apart:.0e} apart, "
            f"{error:.0e} from one process; test accuracy {hits:.3f}"
        )
    if rank == 0:
        print("\n".join(lines))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
