"""The network, against the same network in torch; the batches; a run that learns."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import TOLERANCE

from normlib import RunningStats, recalibrate
from normlib.data import digits
from normlib.training import BATCH, LAYER, MLP, NONE, batches, group, renorm

WIDTHS = (5, 8, 6, 3)


def torch_batch(z, gamma, beta):
    return F.batch_norm(z, None, None, gamma, beta, training=True)


# With r = 1 and d = 0, renorm trains as batch norm does; test_renorm has the rest.
NORMS = {
    "batch": (BATCH, torch_batch),
    "layer": (LAYER, lambda z, g, b: F.layer_norm(z, z.shape[1:], g, b)),
    "group": (group(2), lambda z, g, b: F.group_norm(z, 2, g, b)),
    "renorm": (renorm(lambda step: (1.0, 0.0)), torch_batch),
    "none": (NONE, lambda z, g, b: g * z + b),
}
each_norm = pytest.mark.parametrize(
    ("norm", "torch_norm"), NORMS.values(), ids=list(NORMS)
)


def draw(norm, rng, n=16):
    """Return a network whose gammas and betas are not 1 and 0, and a batch."""
    net = MLP(rng, WIDTHS, norm)
    net.gammas = [rng.normal(1, 0.3, g.shape) for g in net.gammas]
    net.biases = [rng.normal(0, 0.3, b.shape) for b in net.biases]
    return net, rng.normal(1, 2, (n, 5)), rng.integers(0, 3, n)


def torch_step(net, torch_norm, x, labels, lr):
    """Return the loss, and weights, biases and gammas after a step, by autograd."""
    groups = [
        [torch.tensor(p, requires_grad=True) for p in ps]
        for ps in (net.weights, net.biases, net.gammas)
    ]
    weights, biases, gammas = groups
    h = torch.tensor(x)
    for weight, bias, gamma in zip(weights, biases, gammas, strict=False):
        h = torch.relu(torch_norm(h @ weight, gamma, bias))
    loss = F.cross_entropy(h @ weights[-1] + biases[-1], torch.tensor(labels))
    loss.backward()
    stepped = [[(p - lr * p.grad).detach() for p in ps] for ps in groups]
    return loss.item(), stepped


@each_norm
def test_step_matches_autograd(norm, torch_norm, rng):
    net, x, labels = draw(norm, rng)
    expected_loss, expected = torch_step(net, torch_norm, x, labels, 0.5)
    loss = net.step(x, labels, 0.5)
    np.testing.assert_allclose(loss, expected_loss, **TOLERANCE["float64"])
    for ours, theirs in zip(
        (net.weights, net.biases, net.gammas), expected, strict=True
    ):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, **TOLERANCE["float64"])


@each_norm
def test_inference_matches_torch_with_the_running_statistics(norm, torch_norm, rng):
    net, x, labels = draw(norm, rng)
    for _ in range(3):
        net.step(x, labels, 0.1)
    h = torch.tensor(x)
    for i in range(2):
        z = h @ torch.tensor(net.weights[i])
        gamma, beta = torch.tensor(net.gammas[i]), torch.tensor(net.biases[i])
        if net.stats[i].num_batches_tracked:
            mean, var = torch.tensor(net.stats[i].mean), torch.tensor(net.stats[i].var)
            h = torch.relu(F.batch_norm(z, mean, var, gamma, beta))
        else:
            h = torch.relu(torch_norm(z, gamma, beta))
    expected = h @ torch.tensor(net.weights[2]) + torch.tensor(net.biases[2])
    np.testing.assert_allclose(net.logits(x), expected, **TOLERANCE["float64"])
    hits = (expected.argmax(dim=1).numpy() == labels).mean()
    np.testing.assert_allclose(net.accuracy(x, labels), hits, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "updates"), [("batch", 3), ("renorm", 3), ("layer", 0)]
)
def test_only_norms_with_memory_track_statistics(name, updates, rng):
    net, x, labels = draw(NORMS[name][0], rng)
    for _ in range(3):
        net.step(x, labels, 0.1)
    assert [s.num_batches_tracked for s in net.stats] == [updates] * 2


def test_renorm_asks_for_its_clips_at_each_step(rng):
    seen = []
    net, x, labels = draw(renorm(lambda step: (seen.append(step), (1.0, 0.0))[1]), rng)
    for _ in range(3):
        net.step(x, labels, 0.1)
    assert seen == [0, 0, 1, 1, 2, 2]


def test_recalibrated_statistics_are_exact_layer_after_layer(rng):
    net, x, labels = draw(BATCH, rng, n=64)
    net.step(x, labels, 0.1)
    net.recalibrate(x)
    *inputs, _ = net.hidden(x)
    for stats, z in zip(net.stats, inputs, strict=True):
        exact = recalibrate([z])
        np.testing.assert_allclose(stats.mean, exact.mean, **TOLERANCE["float64"])
        np.testing.assert_allclose(stats.var, exact.var, **TOLERANCE["float64"])


def test_step_changes_neither_the_batch_nor_the_old_parameters(rng):
    net, x, labels = draw(BATCH, rng)
    arrays = [x, labels, *net.weights, *net.biases, *net.gammas]
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    net.step(x, labels, 0.1)
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_allclose(a, copy, rtol=0)


def test_loss_of_large_logits_is_finite(rng):
    net, x, labels = draw(NONE, rng)
    net.weights[-1] = net.weights[-1] * 1e6
    assert np.isfinite(net.step(x, labels, 0.0))


def test_initial_weights_have_variance_2_over_fan_in(rng):
    widths = (400, 300, 200, 10)
    net = MLP(rng, widths, BATCH, momentum=None)
    for weight, (fan_in, fan_out) in zip(net.weights, pairwise(widths), strict=True):
        assert weight.shape == (fan_in, fan_out)
        np.testing.assert_allclose(weight.var(), 2 / fan_in, rtol=0.1)
    assert [s.momentum for s in net.stats] == [None, None]


def test_epoch_visits_each_row_once_and_drops_the_rest(rng):
    epoch = list(batches(rng, 23, 5))
    assert [len(batch) for batch in epoch] == [5] * 4
    rows = np.concatenate(epoch)
    assert len(set(rows)) == 20
    assert set(rows) <= set(range(23))
    assert not (np.diff(rows) == 1).all()
    assert len(list(batches(rng, 20, 5))) == 4


def test_batch_normed_network_learns_the_digits(rng):
    data = digits(rng)
    net = MLP(rng, (64, 32, 10), BATCH)
    for rows in (rows for _ in range(3) for rows in batches(rng, 1347, 32)):
        net.step(data.x_train[rows], data.labels_train[rows], 0.1)
    assert net.accuracy(data.x_test, data.labels_test) > 0.9


def test_batch_of_one_names_the_way_out(rng):
    net, x, labels = draw(BATCH, rng)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        net.step(x[:1], labels[:1], 0.1)
    assert isinstance(net.stats[0], RunningStats)
    assert net.stats[0].num_batches_tracked == 0


def levels(norm, rng, scale, width=64, depth=20):
    """Return the root mean square after each ReLU, for inputs where it is about 1."""
    net = MLP(rng, (width,) * depth + (10,), norm)
    net.weights = [scale * weight for weight in net.weights]
    x = np.random.default_rng(1).standard_normal((50, width))
    stages = []
    for weight, gamma, bias in zip(net.weights, net.gammas, net.biases, strict=False):
        y, _, _ = norm.forward(x @ weight, gamma, bias, RunningStats.initial(width))
        x = np.maximum(y, 0)
        stages.append((x**2).mean() ** 0.5)
    return np.array(stages)


def test_initial_weights_keep_the_mean_square_from_layer_to_layer(rng):
    squares = [levels(NONE, rng, 1.0, width=128, depth=4) ** 2 for _ in range(50)]
    np.testing.assert_allclose(np.mean(squares, axis=0), 1, rtol=0.1)


def test_errors_of_scale_multiply_without_a_norm_and_not_with_one():
    for scale in (0.8, 1.2):
        wrong, right = (
            [levels(norm, np.random.default_rng(0), s) for norm in (NONE, BATCH)]
            for s in (scale, 1.0)
        )
        grown = scale ** np.arange(1, 20)
        np.testing.assert_allclose(wrong[0] / right[0], grown, rtol=1e-10)
        np.testing.assert_allclose(wrong[1], right[1], rtol=1e-3)
