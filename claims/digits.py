"""The network of most cards: the book's NumPy MLP on the handwritten digits."""

import copy
from collections.abc import Callable, Iterator

import numpy as np

from normlib.data import Split, digits
from normlib.kernel import Array
from normlib.renorm import renorm_schedule
from normlib.training import MLP, Norm, batches, renorm

__all__ = [
    "accuracy",
    "epochs",
    "error",
    "renorm_over",
    "scaled_digits",
    "stepped",
    "trained",
]

Draw = Callable[[np.random.Generator, Array], Iterator[Array]]


def scaled_digits(rng: np.random.Generator) -> Split:
    """Return the digits with pixels from 0 to 1, shuffled and split."""
    x, labels, x_test, labels_test = digits(rng)
    return Split(x / 16, labels, x_test / 16, labels_test)


def epochs(count: int, size: int) -> Draw:
    """Return a way to draw batches: `count` epochs of shuffled batches of `size`."""

    def draw(rng: np.random.Generator, labels: Array) -> Iterator[Array]:
        for _ in range(count):
            yield from batches(rng, len(labels), size)

    return draw


def trained(
    norm: Norm, seed: int, widths: tuple[int, ...], draw: Draw, lr: float
) -> tuple[MLP, Split]:
    """Return an MLP trained on batches as `draw` gives them, and its data."""
    rng = np.random.default_rng(seed)
    data = scaled_digits(rng)
    net = MLP(rng, widths, norm)
    for rows in draw(rng, data.labels_train):
        with np.errstate(all="ignore"):  # a run that diverges is a result, too
            net.step(data.x_train[rows], data.labels_train[rows], lr)
    return net, data


def stepped(net: MLP, x: Array, labels: Array, rate: float) -> MLP:
    """Return the network after a step, and leave `net` as it is."""
    after = copy.copy(net)
    for name in ("weights", "biases", "gammas", "stats"):
        setattr(after, name, list(getattr(net, name)))
    after.step(x, labels, rate)
    return after


def accuracy(net: MLP, data: Split) -> float:
    """Return the test accuracy in percent; a network of NaN guesses class 0."""
    with np.errstate(all="ignore"):
        return 100 * net.accuracy(data.x_test, data.labels_test)


def error(net: MLP, data: Split) -> float:
    """Return the test error in percent."""
    return 100 - accuracy(net, data)


def renorm_over(steps: int) -> Norm:
    """Return batch renorm with the paper's schedule, its 40,000 steps scaled down."""
    return renorm(
        lambda step: renorm_schedule(
            step, start=steps // 8, d_end=steps * 5 // 8, r_end=steps
        )
    )
