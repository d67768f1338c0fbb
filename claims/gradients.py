"""Cards on the gradient: along its direction, through the layers, and a wrong one."""

import numpy as np
import torch
import torch.nn.functional as F

from claims.card import Card, Measures
from claims.digits import epochs, scaled_digits, stepped
from claims.torch_nets import generator, linear
from normlib.affine import Cache
from normlib.kernel import Array
from normlib.layers import batch_norm_backward
from normlib.training import BATCH, MLP, NONE, Norm

DEEP = (64, *[64] * 6, 10)
FACTOR = (np.pi / (np.pi - 1)) ** 0.5  # per layer, for ReLU and large batches


def smoothness(seed: int) -> Measures:
    """Measure how the loss and the gradient vary along the gradient's direction.

    After each fifth step of an epoch, `loss` is the spread of the loss over steps of
    0.5 to 4 times the rate along the gradient, `gradient` the largest change of the
    gradient on the way, relative to it; medians over the steps.
    """
    found: Measures = {}
    for name, norm in (("plain", NONE), ("batch", BATCH)):
        loss, gradient = _along_gradient(norm, seed)
        found |= {f"{name}_loss": loss, f"{name}_gradient": gradient}
    return found


def gradient_per_layer(seed: int) -> Measures:
    """Find the factor by which the gradient's norm grows per layer, towards the input.

    At initialization, 30 layers of 256 ReLU units, a batch of 256 Gaussian inputs.
    """
    found: Measures = {}
    for name in ("plain", "batch", "residual"):
        norms = _gradient_norms(name, generator(seed), depth=30)
        found[name] = (norms[5] / norms[25]) ** (1 / 20)
    return found


def constant_statistics(seed: int) -> Measures:
    """Train with a backward pass that takes mean and variance for constants.

    A column of ones carries the bias through batch norm, as in the paper's example.
    """
    wrong = Norm(BATCH.forward, _constants, BATCH.inference)
    found: Measures = {}
    for name, norm in (("right", BATCH), ("wrong", wrong)):
        rng = np.random.default_rng(seed)
        data = scaled_digits(rng)
        x, x_test = (np.pad(v, ((0, 0), (0, 1)), constant_values=1) for v in data[::2])
        net = MLP(rng, (65, 64, 64, 10), norm)
        net.weights[0][-1] = 0
        for rows in epochs(5, 32)(rng, data.labels_train):
            net.step(x[rows], data.labels_train[rows], 0.2)
        found[name] = 100 * net.accuracy(x_test, data.labels_test)
        found[f"{name}_bias"] = np.abs(net.weights[0][-1]).mean()
    return found


def _along_gradient(norm: Norm, seed: int, rate: float = 0.1) -> tuple:
    rng = np.random.default_rng(seed)
    data = scaled_digits(rng)
    net, spreads, changes = MLP(rng, DEEP, norm), [], []
    for step, rows in enumerate(epochs(2, 32)(rng, data.labels_train)):
        x, labels = data.x_train[rows], data.labels_train[rows]
        if step % 5 == 0:
            start = _gradient(net, x, labels)
            losses, largest = [], 0.0
            for far in (0.5, 1.0, 2.0, 4.0):
                there = stepped(net, x, labels, far * rate)
                losses.append(there.step(x, labels, 0.0))
                change = np.linalg.norm(_gradient(there, x, labels) - start)
                largest = max(largest, float(change / np.linalg.norm(start)))
            spreads.append(max(losses) - min(losses))
            changes.append(largest)
        net.step(x, labels, rate)
    return np.median(spreads), np.median(changes)


def _gradient(net: MLP, x: Array, labels: Array) -> Array:
    """Return the gradient of all weights as one vector."""
    after = stepped(net, x, labels, 1.0)
    pairs = zip(net.weights, after.weights, strict=True)
    return np.concatenate([(old - new).ravel() for old, new in pairs])


def _gradient_norms(name: str, draw: torch.Generator, depth: int) -> list[float]:
    """Return the norm of the gradient at the input of each layer, the first first."""
    x = torch.randn(256, 256, generator=draw).requires_grad_()
    upstream = torch.randn(256, 256, generator=draw)
    maps = [linear(draw, 256, 256, gain=2.0) for _ in range(depth)]
    inputs = []
    for layer in maps:
        inputs.append(x)
        if name == "residual":
            x = x + layer(F.relu(F.batch_norm(x, None, None, training=True)))
        else:
            z = layer(x)
            z = F.batch_norm(z, None, None, training=True) if name == "batch" else z
            x = F.relu(z)
    return [float(g.norm()) for g in torch.autograd.grad(x, inputs, upstream)]


def _constants(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    _, dgamma, dbeta = batch_norm_backward(dy, cache)
    return dy * cache.gamma * cache.inv_std, dgamma, dbeta


CARDS = (
    Card(
        name="smoothness",
        chapter="why",
        title="Is the loss smoother with batch norm?",
        paper="santurkar2018how",
        theirs="along the gradient, the loss and the gradient vary less with batch "
        "norm",
        known="repeated",
        differs="an MLP of 6 hidden layers on 1,347 digits, the first 2 epochs at "
        "rate 0.1, steps of 0.5 to 4 times that",
        sentence="Batch norm at least halves the spread of the loss and the change of "
        "the gradient.",
        ours="spread of the loss: plain {plain_loss:.2f}, batch norm "
        "{batch_loss:.2f}; relative change of the gradient: {plain_gradient:.1f} and "
        "{batch_gradient:.1f}",
        measure=smoothness,
        claim=lambda m: (
            m["batch_loss"] < 0.5 * m["plain_loss"]
            and m["batch_gradient"] < 0.5 * m["plain_gradient"]
        ),
        leaves_out="small rates: at 0.01 the loss falls further along the gradient "
        "with batch norm, so its spread is wider.",
    ),
    Card(
        name="gradient-per-layer",
        chapter="why",
        title="Does batch norm keep gradients in bounds?",
        paper="yang2019mean",
        theirs="without skip connections gradients grow exponentially with depth at "
        "initialization; for ReLU by √(π/(π − 1)) = 1.211 per layer",
        known="repeated",
        differs="30 layers of 256 units and a batch of 256, where the theory takes "
        "both to be large",
        sentence="Per layer, the gradient's norm grows by a factor within 0.02 of "
        "1.211 with batch norm, by one within 0.03 of 1 with He's weights alone, and "
        "by less than 1.1 with skip connections.",
        ours="factor per layer: plain {plain:.3f}, batch norm {batch:.3f}, with skip "
        "connections {residual:.3f}",
        measure=gradient_per_layer,
        claim=lambda m: (
            abs(m["batch"] - FACTOR) < 0.02
            and abs(m["plain"] - 1) < 0.03
            and m["residual"] < 1.1
        ),
    ),
    Card(
        name="constant-statistics",
        chapter="batch-norm-backward",
        title="Does a gradient that ignores the statistics fail?",
        paper="ioffe2015batch",
        theirs="if the gradient step ignores the normalization, the bias grows "
        "without end while the loss stays the same (section 2)",
        known="read",
        differs="batch norm whose backward pass takes mean and variance for "
        "constants; two hidden layers on 1,347 digits, 5 epochs",
        sentence="The bias grows above 0.1, and the network ends below 50 % accuracy.",
        ours="bias after training: right gradient {right_bias:.0e}, wrong "
        "{wrong_bias:.2f}; accuracy {right:.1f} % and {wrong:.1f} %",
        measure=constant_statistics,
        claim=lambda m: m["wrong_bias"] > 0.1 and m["wrong"] < 50,
    ),
)
