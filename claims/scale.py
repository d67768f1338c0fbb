"""Cards on the scale of weights before batch norm: it is no more than a rate."""

import numpy as np
import torch
import torch.nn.functional as F

from claims.card import Card, Measures
from claims.digits import epochs
from claims.torch_nets import digit_tensors, generator, linear

RATE, DECAY = 0.1, 0.05
EPS = 1e-12  # small beside any variance here, so that the equations are exact

Weights = list[torch.Tensor]


def scale_invariance(seed: int) -> Measures:
    """Check the paper's two equations for BN((aW)u) by autograd, with a = 7."""
    draw = generator(seed)
    u = torch.randn(32, 16, dtype=torch.float64, generator=draw)
    w = torch.randn(8, 16, dtype=torch.float64, generator=draw)
    upstream = torch.randn(32, 8, dtype=torch.float64, generator=draw)
    y, du, dw = _layer(u, w, upstream)
    y_7, du_7, dw_7 = _layer(u, 7 * w, upstream)
    return {
        "output": _gap(y_7, y),
        "input_gradient": _gap(du_7, du),
        "weight_gradient": _gap(7 * dw_7, dw),
        "along_weights": float((dw * w).sum() / dw.norm() / w.norm()),
    }


def weight_decay(seed: int) -> Measures:
    """Replace weight decay before batch norm by a changed learning rate.

    Of three networks one decays its weights. One does not, keeps them at norm 1, and
    divides its rate by the square of the norm that the first one has. The third does
    neither. The last linear map stays as drawn in all of them.
    """
    x, labels, x_test, _ = digit_tensors(seed, torch.float64)
    hidden = [linear(generator(seed + k), 64, 64, gain=2.0) for k in range(2)]
    decayed = [layer.weight.detach().double() for layer in hidden]
    plain, unit = list(decayed), [w / w.norm() for w in decayed]
    last = linear(generator(seed + 2), 64, 10, gain=2.0).weight.detach().double()
    start = decayed[0].norm()
    for rows in epochs(5, 32)(np.random.default_rng(seed), labels.numpy()):
        batch = x[rows], labels[rows], last
        rates = [RATE / ((1 - RATE * DECAY) * w.norm() ** 2) for w in decayed]
        decayed = _descended(decayed, batch, [RATE, RATE], DECAY)
        plain = _descended(plain, batch, [RATE, RATE])
        unit = [w / w.norm() for w in _descended(unit, batch, rates)]
    scores = _scores(decayed, x_test, last)
    return {
        "norm": float(decayed[0].norm() / start),
        "gap": _gap(_scores(unit, x_test, last), scores),
        "gap_plain": _gap(_scores(plain, x_test, last), scores),
    }


def _layer(u: torch.Tensor, w: torch.Tensor, upstream: torch.Tensor) -> tuple:
    """Return BN(Wu), and the gradients with respect to u and W."""
    u, w = u.clone().requires_grad_(), w.clone().requires_grad_()
    y = F.batch_norm(u @ w.T, None, None, training=True, eps=EPS)
    return y.detach(), *torch.autograd.grad(y, (u, w), upstream)


def _gap(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the largest difference, relative to the largest value of `b`."""
    return float((a - b).abs().max() / b.abs().max())


def _scores(weights: Weights, x: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Return the class scores, all batch norms using the statistics of `x`."""
    for w in weights:
        x = F.relu(F.batch_norm(x @ w.T, None, None, training=True, eps=EPS))
    return x @ last.T


def _descended(
    weights: Weights, batch: tuple, rates: list, decay: float = 0.0
) -> Weights:
    """Return the hidden weights after a step of SGD with weight decay."""
    x, labels, last = batch
    leaves = [w.clone().requires_grad_() for w in weights]
    loss = F.cross_entropy(_scores(leaves, x, last), labels)
    gradients = torch.autograd.grad(loss, leaves)
    return [
        (1 - rate * decay) * w - rate * g
        for w, g, rate in zip(weights, gradients, rates, strict=True)
    ]


CARDS = (
    Card(
        name="scale-invariance",
        chapter="why",
        title="What does scaling the weights change?",
        paper="ioffe2015batch",
        theirs="BN((aW)u) = BN(Wu); the gradient for u stays, the gradient for aW is "
        "1/a of that for W (section 3.3)",
        known="read",
        differs="checked by autograd in float64 for a = 7, with an ε of 1e-12",
        sentence="All three hold to 1e-9, and the gradient for W is at right angles "
        "to W.",
        ours="largest relative gap: output {output:.0e}, gradient for u "
        "{input_gradient:.0e}, for W {weight_gradient:.0e}; cosine of the gradient "
        "and W {along_weights:.0e}",
        measure=scale_invariance,
        claim=lambda m: max(map(abs, m.values())) < 1e-9,
    ),
    Card(
        name="weight-decay",
        chapter="why",
        title="What does weight decay do before batch norm?",
        paper="vanlaarhoven2017l2",
        theirs="an L2 penalty has no regularizing effect with normalization; it "
        "changes the scale of the weights, and so the effective learning rate",
        known="repeated",
        differs="two hidden layers on 1,347 digits, 5 epochs of SGD, the last linear "
        "map fixed",
        sentence="A network without decay, at the learning rate that the decayed norm "
        "implies, gives the same scores to 1e-6; at the old rate they differ by more "
        "than 5 %.",
        ours="the norm shrinks to {norm:.2f} of its start; gap of the scores at the "
        "implied rate {gap:.0e}, at the old rate {gap_plain:.2f}",
        measure=weight_decay,
        claim=lambda m: m["gap"] < 1e-6 and m["gap_plain"] > 0.05,
    ),
)
