"""The exercise on layer norm for texts: one token, one mean."""

import numpy as np

from normlib.checks.bank import _solutions_images
from normlib.checks.bank._forward import share
from normlib.checks.bank._layer import Layer
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Case, Exercise
from normlib.checks.laws import output_laws
from normlib.kernel import normalize

__all__ = ["layer_norm_tokens"]


def _tokens(rng: np.random.Generator, n: int, length: int, d: int) -> np.ndarray:
    """Return tokens that differ in level and spread, none of them nearly constant."""
    level = rng.uniform(-2, 2, (n, 1, 1)) + rng.uniform(-3, 3, (n, length, 1))
    noise = rng.uniform(-1, 1, (n, length, d))
    noise[..., 0], noise[..., -1] = 1.2, -0.9
    return level + rng.uniform(0.5, 3, (n, length, 1)) * noise


def _cases(rng: np.random.Generator) -> list[Case]:
    tiny, constant = _tokens(rng, 3, 4, 6), _tokens(rng, 2, 3, 4)
    tiny[0] *= 1e-3
    constant[1, 2] = 2.5
    drawn = [
        ("by hand", _tokens(rng, 1, 2, 3).round(1), 0.1),
        ("ordinary", _tokens(rng, 4, 5, 7), 1e-5),
        ("as many tokens as features", _tokens(rng, 3, 6, 6), 1e-3),
        ("as many texts as tokens", _tokens(rng, 4, 4, 5), 1e-4),
        ("one text", _tokens(rng, 1, 5, 3), 1e-4),
        ("texts of one token", _tokens(rng, 5, 1, 4), 1e-4),
        ("large eps", _tokens(rng, 3, 2, 4), 0.5),
        ("tiny variance", tiny, 1e-5),
        ("constant token", constant, 1e-5),
        ("mean of 3e3", _tokens(rng, 2, 3, 5) + 3e3, 1e-5),
        ("mean of 1e7", _tokens(rng, 3, 2, 5) + 1e7, 1e-5),
    ]
    cases = [Case(n, (x, *parameters(rng, x.shape[2]), eps)) for n, x, eps in drawn]
    return [*cases, float32(cases[1])]


def _reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    return gamma * normalize(x, (2,), eps)[0] + beta


layer_norm_tokens = Exercise(
    "layer-norm-tokens",
    "other-norms",
    "sec-other-norms",
    _solutions_images.layer_norm_tokens,
    ("y",),
    _reference,
    _cases,
    (
        "What would a token's output be if the text went on for another page?",
        "The same: a token is normalized alone. So there are $N \\cdot L$ means, each "
        "over $D$ features.",
        "`x.mean(axis=-1, keepdims=True)` has shape $(N, L, 1)$; `gamma` and `beta` of "
        "shape $(D,)$ lie along the last axis without any reshape.",
    ),
    output_laws((2,), "of x̂ over each token", lambda args, y: (y - args[2]) / args[1]),
)


share(layer_norm_tokens, lambda *args: (Layer((2,)), *args))


@layer_norm_tokens.mistake(
    "The statistics are over the length as well (`axis=(1, 2)`), one for each text.",
    "A token would then depend on those behind it, which a model that writes word by "
    "word has not seen, and on padding.",
    "eq-index-sets",
)
def _statistics_over_length(x, gamma, beta, eps):
    return Layer((1, 2)).output(x, gamma, beta, eps)


@layer_norm_tokens.mistake(
    "The statistics are over the length only (`axis=1`), one for each feature.",
    "That is instance norm on texts; the features of a token are one set.",
    "eq-index-sets",
)
def _length_only(x, gamma, beta, eps):
    return Layer((1,)).output(x, gamma, beta, eps)


@layer_norm_tokens.mistake(
    "The statistics are over the batch and the length (`axis=(0, 1)`).",
    "That is batch norm: a token depends on other texts.",
    "eq-index-sets",
)
def _batch_norm_instead(x, gamma, beta, eps):
    return Layer((0, 1)).output(x, gamma, beta, eps)


@layer_norm_tokens.mistake(
    "The statistics are over the batch only (`axis=0`), for each place and feature.",
    "Texts have nothing to do with each other, nor with who stands at one place.",
    "eq-index-sets",
)
def _batch_only(x, gamma, beta, eps):
    return Layer((0,)).output(x, gamma, beta, eps)


@layer_norm_tokens.mistake(
    "The statistics are over the batch and the features (`axis=(0, 2)`).",
    "Layer norm never looks at another text.",
    "eq-index-sets",
)
def _batch_and_features(x, gamma, beta, eps):
    return Layer((0, 2)).output(x, gamma, beta, eps)


@layer_norm_tokens.mistake(
    "All features share the first entry of `gamma` and of `beta`.",
    "Each feature has its own scale and shift.",
    "eq-index-sets",
)
def _one_gamma_for_all(x, gamma, beta, eps):
    return Layer((2,)).output(x, gamma[:1], beta[:1], eps)


@layer_norm_tokens.mistake(
    "All features share one scale and one shift, the means of `gamma` and `beta`.",
    "Each feature has its own scale and shift.",
    "eq-index-sets",
)
def _one_gamma_for_all__their_mean(x, gamma, beta, eps):
    return Layer((2,)).output(x, gamma.mean(), beta.mean(), eps)


@layer_norm_tokens.mistake(
    "`beta` is not added, and nothing is centered: this is RMS norm.",
    "Layer norm subtracts the mean of each token and adds `beta`.",
    "eq-rms-norm",
)
def _rms_norm_instead(x, gamma, beta, eps):
    return gamma * x / np.sqrt((x**2).mean(axis=2, keepdims=True) + eps)
