"""Cards on faster training: fewer steps, larger learning rates, any initialization."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from claims.card import Card, Measures
from claims.digits import accuracy, epochs, scaled_digits, trained
from claims.torch_nets import digit_tensors, generator, mlp
from normlib.training import BATCH, MLP, NONE, Norm

DEEP = (64, *[64] * 6, 10)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SCALES = (0.1, 0.3, 1.0, 3.0, 10.0)


def steps_to_accuracy(seed: int) -> Measures:
    """Count steps until 93 % of the test digits are right, in steps of 5."""
    return {
        "plain": _steps(NONE, seed, 0.1),
        "batch": _steps(BATCH, seed, 0.1),
        "batch_3": _steps(BATCH, seed, 0.3),
        "batch_10": _steps(BATCH, seed, 1.0),
    }


def learning_rates(seed: int) -> Measures:
    """Find how far apart the rates lie with which 90 % are right after 5 epochs."""
    found: Measures = {}
    for name, norm in (("plain", NONE), ("batch", BATCH)):
        runs = [trained(norm, seed, DEEP, epochs(5, 32), rate) for rate in RATES]
        good = [
            rate for rate, run in zip(RATES, runs, strict=True) if accuracy(*run) >= 90
        ]
        found[name] = max(good) / min(good) if good else 0.0
        found[f"{name}_largest"] = max(good, default=0.0)
    return found


def initialization(seed: int) -> Measures:
    """Find the test accuracy for weights drawn smaller or larger than He's."""
    found: Measures = {}
    for name, norm in (("plain", NONE), ("batch", BATCH)):
        scores = [_scaled(norm, seed, scale) for scale in SCALES]
        found[f"{name}_worst"] = min(scores)
        found[f"{name}_good"] = sum(score >= 90 for score in scores)
    return found


def sigmoid(seed: int) -> Measures:
    """Train three hidden layers of 100 sigmoid units, batches of 60, with and without.

    The network of the paper's figure 1, with its Gaussian weights.
    """
    found: Measures = {}
    for name, norm in (("plain", nn.Identity), ("batch", nn.BatchNorm1d)):
        early, late = _sigmoid_accuracy(norm, seed)
        found |= {f"{name}_early": early, f"{name}_late": late}
    return found


def _steps(norm: Norm, seed: int, rate: float, goal: float = 93.0) -> float:
    rng = np.random.default_rng(seed)
    data = scaled_digits(rng)
    net = MLP(rng, DEEP, norm)
    step = 0
    for step, rows in enumerate(epochs(10, 32)(rng, data.labels_train), start=1):
        with np.errstate(all="ignore"):
            net.step(data.x_train[rows], data.labels_train[rows], rate)
        if step % 5 == 0 and accuracy(net, data) >= goal:
            return step
    return step


def _scaled(norm: Norm, seed: int, scale: float) -> float:
    rng = np.random.default_rng(seed)
    data = scaled_digits(rng)
    net = MLP(rng, DEEP, norm)
    net.weights = [scale * weight for weight in net.weights]
    for rows in epochs(5, 32)(rng, data.labels_train):
        with np.errstate(all="ignore"):
            net.step(data.x_train[rows], data.labels_train[rows], 0.1)
    return accuracy(net, data)


def _sigmoid_accuracy(norm: type[nn.Module], seed: int) -> tuple[float, float]:
    """Return the test accuracy in percent after 44 steps and after 440."""
    x, labels, x_test, labels_test = digit_tensors(seed)
    net = mlp(generator(seed), (64, 100, 100, 100, 10), norm, nn.Sigmoid, gain=1.0)
    descent = torch.optim.SGD(net.parameters(), lr=0.5)
    draw = np.random.default_rng(seed)
    scores = []
    for step, rows in enumerate(epochs(20, 60)(draw, labels.numpy()), start=1):
        descent.zero_grad()
        F.cross_entropy(net.train()(x[rows]), labels[rows]).backward()
        descent.step()
        if step in (44, 440):
            with torch.no_grad():
                right = net.eval()(x_test).argmax(dim=1) == labels_test
            scores.append(100 * float(right.float().mean()))
    return scores[0], scores[1]


CARDS = (
    Card(
        name="steps-to-accuracy",
        chapter="training",
        title="How many steps does batch norm save?",
        paper="ioffe2015batch",
        theirs="Inception needs 31.0 million steps to 72.2 % accuracy, with batch "
        "norm 13.3 million, and 2.1 million at 5 times the learning rate",
        known="read",
        differs="an MLP of 6 hidden layers on 1,347 digits; the plain network has its "
        "best learning rate, 0.1",
        sentence="To 93 % accuracy, batch norm needs at most 9/10 of the plain "
        "network's steps at the same rate, and at most 6/10 of them at 3 times the "
        "rate.",
        ours="steps to 93 %: plain {plain:.0f}, batch norm {batch:.0f}, at 3 times "
        "the rate {batch_3:.0f}, at 10 times {batch_10:.0f}",
        measure=steps_to_accuracy,
        claim=lambda m: (
            m["batch"] <= 0.9 * m["plain"] and m["batch_3"] <= 0.6 * m["plain"]
        ),
        leaves_out="the factor of 14; a small network leaves less to save.",
    ),
    Card(
        name="learning-rates",
        chapter="training",
        title="Which learning rates work?",
        paper="ioffe2015batch",
        theirs="with batch norm, Inception trains at 5 and at 30 times its learning "
        "rate, and reaches 73.0 % and 74.8 %",
        known="read",
        differs="an MLP of 6 hidden layers on 1,347 digits, 5 epochs, six rates from "
        "0.01 to 3",
        sentence="Batch norm reaches 90 % accuracy at rates that lie a factor of 30 "
        "or more apart and at a rate 10 times the plain network's largest.",
        ours="largest rate that reaches 90 %: plain {plain_largest:g}, batch norm "
        "{batch_largest:g}; largest over smallest {plain:.0f} and {batch:.0f}",
        measure=learning_rates,
        claim=lambda m: (
            m["batch"] > 29 and m["batch_largest"] > 9.9 * m["plain_largest"]
        ),
    ),
    Card(
        name="initialization",
        chapter="training",
        title="Does the scale of the first weights matter?",
        paper="ioffe2015batch",
        theirs="batch norm lets one be less careful about initialization",
        known="abstract",
        differs="an MLP of 6 hidden layers on 1,347 digits; He's weights times 0.1, "
        "0.3, 1, 3 and 10, 5 epochs",
        sentence="Batch norm is above 70 % accuracy at all five scales and above 90 % "
        "at three or more; the plain network is below 30 % at one or more, and above "
        "90 % at two at most.",
        ours="worst accuracy over the scales: plain {plain_worst:.0f} %, batch norm "
        "{batch_worst:.0f} %; scales above 90 %: {plain_good:.0f} and "
        "{batch_good:.0f}",
        measure=initialization,
        claim=lambda m: (
            m["batch_worst"] > 70
            and m["batch_good"] >= 3
            and m["plain_worst"] < 30
            and m["plain_good"] <= 2
        ),
    ),
    Card(
        name="sigmoid",
        chapter="training",
        title="Can deep sigmoid networks be trained?",
        paper="ioffe2015batch",
        theirs="Inception with sigmoid units stays at chance; with batch norm and 5 "
        "times the rate it reaches 69.8 %",
        known="read",
        differs="the network of the paper's figure 1, 3 hidden layers of 100 sigmoid "
        "units and batches of 60, on the digits instead of MNIST",
        sentence="After 44 steps the plain network is below 30 % accuracy and batch "
        "norm above 85 %; after 440 steps batch norm is 20 points ahead.",
        ours="accuracy after 44 steps: plain {plain_early:.0f} %, batch norm "
        "{batch_early:.0f} %; after 440: {plain_late:.0f} % and {batch_late:.0f} %",
        measure=sigmoid,
        claim=lambda m: (
            m["plain_early"] < 30
            and m["batch_early"] > 85
            and m["batch_late"] > m["plain_late"] + 20
        ),
    ),
)
