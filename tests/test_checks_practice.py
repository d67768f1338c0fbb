"""What is special about the exercises on training in practice."""

import numpy as np
from torch import nn

from normlib import batch_norm, batch_norm_backward, checks
from normlib.checks.bank import EXERCISES


def test_parts_of_the_worked_answer_are_the_backward_pass_of_the_whole_batch(rng):
    counts, gamma = np.array([5, 0, 2, 9]), rng.uniform(0.5, 2, 3)
    x, dy = rng.standard_normal((2, 16, 3))
    _, cache = batch_norm(x, gamma, np.zeros(3), 0.3)
    dx, dgamma, dbeta = batch_norm_backward(dy, cache)

    ends = np.cumsum(counts)[:-1]
    pairs = list(zip(np.split(dy, ends), np.split(cache.x_hat, ends), strict=True))
    sums_dy = np.array([d.sum(axis=0) for d, _ in pairs])
    sums_dy_x_hat = np.array([(d * x_hat).sum(axis=0) for d, x_hat in pairs])
    known = gamma, cache.inv_std[0], counts, sums_dy, sums_dy_x_hat
    answer = EXERCISES["synchronized-backward"].solution
    dxs, dgammas, dbetas = zip(*(answer(*pair, *known) for pair in pairs), strict=True)

    np.testing.assert_allclose(np.concatenate(dxs), dx, atol=1e-12)
    np.testing.assert_allclose(np.sum(dgammas, axis=0), dgamma, atol=1e-12)
    np.testing.assert_allclose(np.sum(dbetas, axis=0), dbeta, atol=1e-12)


def test_decays_of_a_torch_network_spare_norms_and_biases():
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.LayerNorm((4, 6, 6)), nn.Flatten(), nn.Linear(144, 2)
    )
    names = [name for name, _ in net.named_parameters()]
    modules = [type(net.get_submodule(n.rpartition(".")[0])).__name__ for n in names]
    ndims = [p.ndim for p in net.parameters()]
    decays = EXERCISES["decay-groups"].solution(names, modules, ndims, 0.1)
    np.testing.assert_array_equal(decays, [0.1, 0, 0, 0, 0.1, 0])


def test_decays_of_the_parameters_that_decay_only_are_too_few():
    def answer(names, modules, ndims, decay):
        return np.array([decay for ndim in ndims if ndim > 1])

    report = checks.check("decay-groups", answer)
    assert report.status == "wrong"
    assert "`decays` has shape" in report.message


def test_own_sums_are_named_for_what_they_are():
    def answer(dy, x_hat, gamma, inv_std, counts, sums_dy, sums_dy_x_hat):
        m = counts.sum()
        g = dy * gamma
        along = (g * x_hat).sum(0) / m
        dx = inv_std * (g - g.sum(0) / m - x_hat * along)
        return dx, (dy * x_hat).sum(0), dy.sum(0)

    report = checks.check("synchronized-backward", answer)
    assert report.mistake == "own-sums-over-all"
    assert "the loss of this process alone" in report.message
