"""Cards on internal covariate shift: what it is, and whether it matters."""

import copy

import numpy as np

from claims.card import Card, Measures
from claims.digits import accuracy, epochs, scaled_digits, stepped, trained
from normlib.kernel import Array
from normlib.layers import batch_norm_backward
from normlib.running import RunningStats
from normlib.training import BATCH, MLP, NONE, Norm

DEEP = (64, *[64] * 6, 10)


def noisy_batch_norm(seed: int) -> Measures:
    """Compare no norm, batch norm, and batch norm with noise behind it.

    Each step shifts each unit and changes its scale anew; Gaussian noise comes on top.
    """
    rng = np.random.default_rng([seed, 1])
    norms = {"plain": NONE, "batch": BATCH, "noisy": noisy(rng)}
    found: Measures = {}
    for name, norm in norms.items():
        net, data = trained(norm, seed, DEEP, epochs(8, 32), 0.5)
        found[name] = accuracy(net, data)
    return found


def noisy(rng: np.random.Generator) -> Norm:
    """Return batch norm whose output moves at random from step to step."""

    def forward(
        x: Array, gamma: Array, beta: Array, stats: RunningStats
    ) -> tuple[Array, tuple, RunningStats]:
        y, cache, stats = BATCH.forward(x, gamma, beta, stats)
        shift = rng.uniform(-0.5, 0.5, x.shape[1])
        scale = rng.uniform(0.5, 1.5, x.shape[1])
        return y * scale + shift + 0.5 * rng.normal(size=x.shape), (cache, scale), stats

    def backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
        return batch_norm_backward(dy * cache[1], cache[0])

    return Norm(forward, backward, BATCH.inference)


def covariate_shift(seed: int) -> Measures:
    """Measure the shift of layer inputs, and of gradients, from step to step.

    `inputs` is how far the mean of a unit before the ReLU wanders; `gradients` how much
    the gradient of a layer turns when the layers before it take their step: 1 minus the
    cosine. At two learning rates, for the second depends on it.
    """
    found: Measures = {}
    for rate, speed in ((0.005, "slow"), (0.1, "fast")):
        for name, norm in (("plain", NONE), ("batch", BATCH)):
            inputs, gradients = _shifts(norm, seed, rate)
            found[f"{name}_inputs_{speed}"] = inputs
            found[f"{name}_gradients_{speed}"] = gradients
    return found


def _shifts(norm: Norm, seed: int, rate: float, layer: int = 3) -> tuple:
    rng = np.random.default_rng(seed)
    data = scaled_digits(rng)
    net, means, turns = MLP(rng, DEEP, norm), [], []
    for step, rows in enumerate(epochs(3, 32)(rng, data.labels_train)):
        x, labels = data.x_train[rows], data.labels_train[rows]
        after = stepped(net, x, labels, rate)
        if step % 3 == 0:
            y = _before_relu(net, data.x_train[:256], layer)
            means.append(y.mean(axis=0))
            mixed = copy.copy(net)
            mixed.weights = after.weights[:layer] + net.weights[layer:]
            mixed.biases = after.biases[:layer] + net.biases[layer:]
            mixed.gammas = after.gammas[:layer] + net.gammas[layer:]
            moved = stepped(mixed, x, labels, rate)
            g = net.weights[layer] - after.weights[layer]
            h = net.weights[layer] - moved.weights[layer]
            turns.append(1 - np.sum(g * h) / np.linalg.norm(g) / np.linalg.norm(h))
        net = after
    return np.std(means, axis=0).mean(), np.mean(turns)


def _before_relu(net: MLP, x: Array, layer: int) -> Array:
    """Return what the norm of a layer gives in training, for a batch."""
    for i, gamma in enumerate(net.gammas[: layer + 1]):
        z = x @ net.weights[i]
        y, _, _ = net.norm.forward(z, gamma, net.biases[i], net.stats[i])
        x = np.maximum(y, 0)
    return y


CARDS = (
    Card(
        name="noisy-batch-norm",
        chapter="why",
        title="Does it help because inputs keep their distribution?",
        paper="santurkar2018how",
        theirs="with noise behind batch norm, so that the distributions move at every "
        "step, training is about as good as with batch norm",
        known="repeated",
        differs="an MLP of 6 hidden layers on 1,347 digits, 8 epochs at rate 0.5; the "
        "noise's sizes are ours",
        sentence="Noisy batch norm is within 4 points of batch norm and 20 points "
        "above no norm.",
        ours="accuracy: plain {plain:.0f} %, batch norm {batch:.1f} %, noisy batch "
        "norm {noisy:.1f} %",
        measure=noisy_batch_norm,
        claim=lambda m: m["noisy"] > m["batch"] - 4 and m["noisy"] > m["plain"] + 20,
    ),
    Card(
        name="covariate-shift",
        chapter="why",
        title="Does batch norm reduce internal covariate shift?",
        paper="santurkar2018how",
        theirs="measured by gradients before and after the layers below take their "
        "step, batch norm does not reduce the shift",
        known="repeated",
        differs="an MLP of 6 hidden layers on 1,347 digits; one layer; angles only",
        sentence="At a rate of 0.005, batch norm cuts the shift of the inputs to less "
        "than 1/5, while its gradients turn more than 1.2 times as far.",
        ours="wandering of a unit's mean: plain {plain_inputs_slow:.3f}, batch norm "
        "{batch_inputs_slow:.4f}; 1 - cosine of the gradients: "
        "{plain_gradients_slow:.3f} and {batch_gradients_slow:.3f} at rate 0.005, "
        "{plain_gradients_fast:.2f} and {batch_gradients_fast:.2f} at rate 0.1",
        measure=covariate_shift,
        claim=lambda m: (
            m["batch_inputs_slow"] < 0.2 * m["plain_inputs_slow"]
            and m["batch_gradients_slow"] > 1.2 * m["plain_gradients_slow"]
        ),
        leaves_out="larger rates: at 0.1, near the plain network's limit, its "
        "gradients turn further than batch norm's.",
    ),
)
