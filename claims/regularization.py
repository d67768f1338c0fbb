"""Card on batch norm as a regularizer: the noise of small batches keeps labels out."""

import numpy as np

from claims.card import Card, Measures
from claims.digits import epochs, error, scaled_digits
from normlib.kernel import Array, moments
from normlib.layers import batch_norm, batch_norm_backward
from normlib.running import RunningStats
from normlib.training import BATCH, MLP, Norm

BATCH_SIZE = 128


def noise_of_small_groups(seed: int) -> Measures:
    """Train on labels of which three in ten are drawn anew, in batches of 128.

    Only the number of images that share a mean and a variance differs: 128 or 8.
    """
    found: Measures = {}
    for size in (128, 8):
        rng = np.random.default_rng(seed)
        data = scaled_digits(rng)
        labels = data.labels_train.copy()
        noisy = rng.random(len(labels)) < 0.3
        labels[noisy] = rng.integers(0, 10, noisy.sum())
        net = MLP(rng, (64, 128, 128, 10), split(size))
        for rows in epochs(30, BATCH_SIZE)(rng, labels):
            net.step(data.x_train[rows], labels[rows], 0.3)
        found[f"test_{size}"] = error(net, data)
        found[f"train_{size}"] = 100 * (1 - net.accuracy(data.x_train, labels))
    return found


def split(size: int) -> Norm:
    """Return batch norm over each `size` samples of a batch (ghost batch norm)."""

    def forward(
        x: Array, gamma: Array, beta: Array, stats: RunningStats
    ) -> tuple[Array, list, RunningStats]:
        parts = np.split(x, len(x) // size)
        y, caches = zip(*(batch_norm(p, gamma, beta) for p in parts), strict=True)
        stats = stats.update(*moments(x, (0,)), len(x))
        return np.concatenate(y), list(caches), stats

    def backward(dy: Array, caches: list) -> tuple[Array, Array, Array]:
        parts = zip(np.split(dy, len(caches)), caches, strict=True)
        gradients = (batch_norm_backward(*part) for part in parts)
        dx, dgamma, dbeta = zip(*gradients, strict=True)
        return np.concatenate(dx), sum(dgamma), sum(dbeta)

    return Norm(forward, backward, BATCH.inference)


CARDS = (
    Card(
        name="noise-as-regularizer",
        chapter="training",
        title="Does the noise of small batches regularize?",
        paper="ioffe2015batch",
        theirs="with batch norm, Dropout can go and the L2 penalty be divided by 5",
        known="read",
        differs="not Dropout: the digits with 30 % of the labels drawn anew, and "
        "batch norm over 128 or over 8 of the 128 images in a batch (ghost batch "
        "norm)",
        sentence="Normalizing over 8 images instead of 128 lowers the test error by "
        "more than 4 points and raises the training error by more than 8.",
        ours="test error over 128 {test_128:.1f} %, over 8 {test_8:.1f} %; training "
        "error {train_128:.1f} % and {train_8:.1f} %",
        measure=noise_of_small_groups,
        claim=lambda m: (
            m["test_8"] < m["test_128"] - 4 and m["train_8"] > m["train_128"] + 8
        ),
        leaves_out="whether it replaces Dropout.",
    ),
)
