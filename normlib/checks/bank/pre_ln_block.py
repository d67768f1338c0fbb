"""The exercise on the order of a residual block with layer norm in its branch."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from normlib.checks.bank import _solutions_depth
from normlib.checks.bank._forward import SHARED
from normlib.checks.bank._layer import Layer
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Case, Exercise
from normlib.kernel import normalize

__all__ = ["pre_ln_block"]


def _reference(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
    eps: float,
) -> np.ndarray:
    z = gamma * normalize(x, (2,), eps)[0] + beta
    hidden = np.einsum("nld,dh->nlh", z, up)
    return x + np.einsum("nlh,hd->nld", hidden * (hidden > 0), down)


def _tokens(rng: np.random.Generator, n: int, length: int, d: int) -> np.ndarray:
    """Return tokens that differ in level and spread, none of them nearly constant."""
    noise = rng.uniform(-1, 1, (n, length, d))
    noise[..., 0], noise[..., -1] = 1.2, -0.9
    spread = rng.uniform(0.5, 3, (n, length, 1))
    return rng.uniform(-3, 3, (n, length, 1)) + spread * noise


def _cases(rng: np.random.Generator) -> list[Case]:
    tiny, constant = _tokens(rng, 3, 4, 6), _tokens(rng, 2, 3, 4)
    tiny[0] *= 1e-3
    constant[1, 2] = 2.5
    drawn = [
        ("by hand", _tokens(rng, 1, 2, 3).round(1), 4, 0.1),
        ("ordinary", _tokens(rng, 4, 5, 7), 9, 1e-5),
        ("as many tokens as features", _tokens(rng, 3, 6, 6), 6, 1e-3),
        ("one text", _tokens(rng, 1, 5, 3), 8, 1e-4),
        ("texts of one token", _tokens(rng, 5, 1, 4), 6, 1e-4),
        ("large eps", _tokens(rng, 3, 2, 4), 5, 0.5),
        ("tiny variance", tiny, 8, 1e-5),
        ("constant token", constant, 7, 1e-5),
    ]
    cases = [Case(n, (x, *_parameters(rng, x, h), eps)) for n, x, h, eps in drawn]
    return [*cases, float32(cases[1])]


def _parameters(rng: np.random.Generator, x: np.ndarray, hidden: int) -> tuple:
    """Return gamma, beta, and maps of one decimal, `hidden` wide in between."""
    d = x.shape[2]
    up, down = rng.uniform(-1, 1, (d, hidden)), rng.uniform(-1, 1, (hidden, d))
    return *parameters(rng, d), up.round(1), down.round(1)


pre_ln_block = Exercise(
    "pre-ln-block",
    "transformers",
    "sec-transformers",
    _solutions_depth.pre_ln_block,
    ("y",),
    _reference,
    _cases,
    (
        "Draw the two ways from x to the sum. On which of them does the norm stand?",
        "Keep `x`: give what the norm returns another name, such as `z`. Then the sum "
        "is of `x` and of what the branch makes of `z`.",
        "`z` is `x` less its mean over the last axis, divided by the root of its "
        "variance plus `eps`, times `gamma`, plus `beta`; return `x + np.maximum(z @ "
        "up, 0) @ down`.",
    ),
)


mistake = pre_ln_block.mistake


def _norm(x, gamma, beta, eps):
    return Layer((2,)).output(x, gamma, beta, eps)


def _branch(z, up, down):
    return np.maximum(z @ up, 0) @ down


@mistake(
    "The norm stands after the sum: this is post-LN.",
    "The skip then passes a norm in every block, and the stream is normalized.",
    "eq-pre-post",
)
def _post_ln(x, gamma, beta, up, down, eps):
    return _norm(x + _branch(x, up, down), gamma, beta, eps)


@mistake(
    "The skip carries the normalized x, as after `x = norm(x)`.",
    "Then a norm stands in the stream after all, and nothing passes it by: keep `x` "
    "and give the branch's input another name.",
    "eq-pre-post",
)
def _skip_normalized(x, gamma, beta, up, down, eps):
    z = _norm(x, gamma, beta, eps)
    return z + _branch(z, up, down)


@mistake(
    "The branch's output is normalized; its input should be.",
    "The branch reads a stream that grows with depth, and adds the same size each "
    "time.",
    "eq-pre-post",
)
def _branch_output_normalized(x, gamma, beta, up, down, eps):
    return x + _norm(_branch(x, up, down), gamma, beta, eps)


@mistake(
    "There is a norm before the branch and another after the sum.",
    "The second one puts a norm into the stream, where pre-LN has none.",
    "eq-pre-post",
)
def _both_places(x, gamma, beta, up, down, eps):
    y = x + _branch(_norm(x, gamma, beta, eps), up, down)
    return _norm(y, gamma, beta, eps)


@mistake(
    "There is a norm at both ends of the branch.",
    "Some models do so; here the branch's output goes into the sum as it is.",
    "eq-pre-post",
)
def _both_ends(x, gamma, beta, up, down, eps):
    z = _norm(x, gamma, beta, eps)
    return x + _norm(_branch(z, up, down), gamma, beta, eps)


@mistake(
    "The skip is missing: the branch alone is returned.",
    "Without x the gradient has no way around the branch.",
    "eq-pre-post",
)
def _skip_missing(x, gamma, beta, up, down, eps):
    return _branch(_norm(x, gamma, beta, eps), up, down)


@mistake(
    "There is no norm: the branch reads x as it is.",
    "In a deep network each branch then adds in proportion to a stream that grows.",
    "eq-pre-post",
)
def _norm_missing(x, gamma, beta, up, down, eps):
    return x + _branch(x, up, down)


@mistake(
    "The skip is added before the second map.",
    "The branch ends behind `down`; only there is it added to the stream.",
    "eq-pre-post",
)
def _skip_inside_branch(x, gamma, beta, up, down, eps):
    hidden = np.maximum(_norm(x, gamma, beta, eps) @ up, 0)
    return (hidden + x @ up) @ down


@mistake(
    "`up` and `down` were transposed.",
    "A linear layer of torch holds (outputs, inputs) and multiplies by the transpose; "
    "`up` has shape (d, h), so `z @ up` is it.",
    "eq-pre-post",
)
def _maps_transposed(x, gamma, beta, up, down, eps):
    return x + _branch(_norm(x, gamma, beta, eps), up.T, down.T)


@mistake(
    "The ReLU between the two maps is missing.",
    "Two linear maps in a row are one linear map.",
    "eq-pre-post",
)
def _relu_missing(x, gamma, beta, up, down, eps):
    return x + _norm(x, gamma, beta, eps) @ up @ down


@mistake(
    "The ReLU is at the end of the branch.",
    "It belongs between the two maps; at the end, a branch could only add.",
    "eq-pre-post",
)
def _relu_at_end(x, gamma, beta, up, down, eps):
    return x + np.maximum(_norm(x, gamma, beta, eps) @ up @ down, 0)


@mistake(
    "The ReLU acts on the sum, as in the first residual networks.",
    "The stream could then only be positive, and the skip would be no identity.",
    "eq-pre-post",
)
def _relu_on_sum(x, gamma, beta, up, down, eps):
    z = _norm(x, gamma, beta, eps)
    return np.maximum(x + _branch(z, up, down), 0)


@mistake(
    "The statistics are over the batch and the length, as in batch norm.",
    "Layer norm takes each token alone.",
    "eq-index-sets",
)
def _batch_norm_instead(x, gamma, beta, up, down, eps):
    z = Layer((0, 1)).output(x, gamma, beta, eps)
    return x + _branch(z, up, down)


@mistake(
    "The statistics are over the length as well, one for each text.",
    "A token would then depend on those behind it.",
    "eq-index-sets",
)
def _statistics_over_length(x, gamma, beta, up, down, eps):
    z = Layer((1, 2)).output(x, gamma, beta, eps)
    return x + _branch(z, up, down)


@mistake(
    "`gamma` and `beta` act on the branch's output.",
    "They belong to the norm, and so before the first map.",
    "eq-batch-norm",
)
def _affine_after_branch(x, gamma, beta, up, down, eps):
    return x + gamma * _branch(_norm(x, 1.0, 0.0, eps), up, down) + beta


@dataclass(frozen=True)
class _Within:
    """The block, right but for a mistake in its norm."""

    norm: Callable[..., np.ndarray]

    def __call__(self, x, gamma, beta, up, down, eps):
        return x + _branch(self.norm(Layer((2,)), x, gamma, beta, eps), up, down)


for m in SHARED:
    # Beside a large x, which the skip adds again, those digits do not show.
    if m.name != "one-pass-variance":
        pre_ln_block.mistakes.append(replace(m, answer=_Within(m.answer)))
