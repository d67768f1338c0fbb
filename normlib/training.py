"""A network in NumPy for the experiments: linear, norm, ReLU, ..., linear, softmax.

Every gradient is the hand-derived one of `normlib.layers` and `normlib.renorm`.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from normlib.kernel import Array, moments
from normlib.layers import (
    batch_norm,
    batch_norm_backward,
    group_norm,
    group_norm_backward,
    layer_norm,
    layer_norm_backward,
)
from normlib.renorm import batch_renorm, batch_renorm_backward
from normlib.running import RunningStats, batch_norm_inference, recalibrate

__all__ = ["BATCH", "LAYER", "MLP", "NONE", "Norm", "batches", "group", "renorm"]


class Norm(NamedTuple):
    """What one normalization does in training, in its backward pass, at inference.

    ``forward(x, gamma, beta, stats) -> y, cache, stats``,
    ``backward(dy, cache) -> dx, dgamma, dbeta``,
    ``inference(x, gamma, beta, stats) -> y``.
    """

    forward: Callable[..., tuple[Array, Any, RunningStats]]
    backward: Callable[..., tuple[Array, Array, Array]]
    inference: Callable[..., Array]


def _batch_forward(
    x: Array, gamma: Array, beta: Array, stats: RunningStats
) -> tuple[Array, Any, RunningStats]:
    y, cache = batch_norm(x, gamma, beta)
    return y, cache, stats.update(*moments(x, (0,)), len(x))


def _per_sample(forward: Callable, backward: Callable) -> Norm:
    """Return the `Norm` of a layer that ignores the batch: no statistics to track."""
    return Norm(
        lambda x, gamma, beta, stats: (*forward(x, gamma, beta), stats),
        backward,
        lambda x, gamma, beta, stats: forward(x, gamma, beta)[0],
    )


def group(num_groups: int) -> Norm:
    """Return group norm as a `Norm`."""
    return _per_sample(
        lambda x, gamma, beta: group_norm(x, gamma, beta, num_groups),
        group_norm_backward,
    )


def renorm(clips: Callable[[int], tuple[float, float]]) -> Norm:
    """Return batch renorm as a `Norm`; ``clips(step)`` gives r_max and d_max."""

    def forward(
        x: Array, gamma: Array, beta: Array, stats: RunningStats
    ) -> tuple[Array, Any, RunningStats]:
        return batch_renorm(x, gamma, beta, stats, *clips(stats.num_batches_tracked))

    return Norm(forward, batch_renorm_backward, batch_norm_inference)


BATCH = Norm(_batch_forward, batch_norm_backward, batch_norm_inference)
LAYER = _per_sample(layer_norm, layer_norm_backward)
NONE = _per_sample(
    lambda x, gamma, beta: (gamma * x + beta, (x, gamma)),
    lambda dy, cache: (dy * cache[1], (dy * cache[0]).sum(0), dy.sum(0)),
)


class MLP:
    """A classifier with `norm` after every hidden linear map, trained by plain SGD.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, Gaussian with variance 2 / fan-in.
    widths : sequence of int
        Inputs, hidden widths, classes.
    norm : Norm
        Between each hidden linear map and its ReLU.
    momentum : float or None, default 0.1
        Of the running statistics.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        widths: tuple[int, ...],
        norm: Norm,
        momentum: float | None = 0.1,
    ) -> None:
        """Draw the parameters."""
        self.norm = norm
        self.weights = [
            rng.standard_normal((a, b)) * (2 / a) ** 0.5 for a, b in pairwise(widths)
        ]
        self.biases = [np.zeros(b) for b in widths[1:]]
        self.gammas = [np.ones(b) for b in widths[1:-1]]
        self.stats = [RunningStats.initial(b, momentum) for b in widths[1:-1]]

    def step(self, x: Array, labels: Array, lr: float) -> float:
        """Take one SGD step on a batch and return the mean cross-entropy before it."""
        tape = []
        for i, gamma in enumerate(self.gammas):
            z = x @ self.weights[i]
            y, cache, self.stats[i] = self.norm.forward(
                z, gamma, self.biases[i], self.stats[i]
            )
            tape.append((x, cache, y > 0))
            x = np.maximum(y, 0)
        loss, dz = _cross_entropy(x @ self.weights[-1] + self.biases[-1], labels)
        gradient = [(x.T @ dz, dz.sum(axis=0))]
        dx = dz @ self.weights[-1].T
        for i in reversed(range(len(tape))):
            x, cache, active = tape[i]
            dz, dgamma, dbeta = self.norm.backward(dx * active, cache)
            dx = dz @ self.weights[i].T
            gradient.append((x.T @ dz, dbeta))
            self.gammas[i] = self.gammas[i] - lr * dgamma
        for i, (dweight, dbias) in enumerate(reversed(gradient)):
            self.weights[i] = self.weights[i] - lr * dweight
            self.biases[i] = self.biases[i] - lr * dbias
        return loss

    def hidden(self, x: Array) -> Iterator[Array]:
        """Yield the input of each norm at inference, then that of the last layer."""
        for i, gamma in enumerate(self.gammas):
            z = x @ self.weights[i]
            yield z
            y = self.norm.inference(z, gamma, self.biases[i], self.stats[i])
            x = np.maximum(y, 0)
        yield x

    def logits(self, x: Array) -> Array:
        """Return the class scores of `x` at inference, shape (N, classes)."""
        *_, last = self.hidden(x)
        return last @ self.weights[-1] + self.biases[-1]

    def recalibrate(self, x: Array) -> None:
        """Replace the running statistics by the exact ones of `x`, layer after layer.

        `hidden` reads the statistics of a layer after yielding its input, so each layer
        sees what the recalibrated ones before it send.
        """
        for i, z in zip(range(len(self.stats)), self.hidden(x), strict=False):
            self.stats[i] = recalibrate([z])

    def accuracy(self, x: Array, labels: Array) -> float:
        """Return the fraction of `x` classified right at inference."""
        return float((self.logits(x).argmax(axis=1) == labels).mean())


def batches(rng: np.random.Generator, n: int, size: int) -> Iterator[Array]:
    """Yield one epoch of shuffled index batches; an incomplete last one is dropped."""
    order = rng.permutation(n)
    for start in range(0, n - size + 1, size):
        yield order[start : start + size]


def _cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Return the mean cross-entropy of softmax(logits), and its gradient."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return float(-log_p[rows, labels].mean()), gradient / len(labels)
