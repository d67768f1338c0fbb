"""The exercise on batch normalization of texts that are padded to one length."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from normlib.checks.bank import _solutions_training
from normlib.checks.bank._forward import SHARED
from normlib.checks.bank._layer import Layer
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Case, Exercise, Law, Mistake
from normlib.kernel import normalize

__all__ = ["padded_batch_norm"]


def _reference(
    x: np.ndarray, lengths: list[int], gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    y, mask = np.zeros(x.shape), _mask(x, lengths)
    y[mask] = gamma * normalize(x[mask], (0,), eps)[0] + beta
    return y


def _texts(rng: np.random.Generator, words: np.ndarray) -> tuple:
    """Return the words as texts of different lengths, each padded, and the lengths."""
    n = len(words)
    parts = [n // 6, n // 3, n - n // 6 - n // 3] if n >= 6 else [1, n - 1]
    lengths = rng.permutation(parts).tolist()
    x = rng.uniform(5, 9, (len(parts), max(parts) + 1, words.shape[1])).round(1)
    x[_mask(x, lengths)] = words
    return x, lengths


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, words, eps in tables(rng):
        others = *parameters(rng, words.shape[1]), eps
        cases.append(Case(label, (*_texts(rng, words), *others)))
    x, lengths, *rest = cases[1].args
    zeros = np.where(_mask(x, lengths)[..., None], x, 0.0)
    zeros[lengths.index(max(lengths)), 1] = 0.0
    whole = x[[n > 1 for n in lengths], :2]
    return [
        *cases,
        Case("zeros as padding and as a word", (zeros, lengths, *rest)),
        Case("nothing padded", (whole, [2] * len(whole), *rest)),
        float32(cases[1]),
    ]


def _mask(x: np.ndarray, lengths: list[int]) -> np.ndarray:
    return np.arange(x.shape[1]) < np.array(lengths)[:, None]


def _words(args: tuple, y: np.ndarray) -> np.ndarray:
    return y[_mask(*args[:2])]


padded_batch_norm = Exercise(
    "padded-batch-norm",
    "axes",
    "sec-axes",
    _solutions_training.padded_batch_norm,
    ("y",),
    _reference,
    _cases,
    (
        "What should happen to a word's output if the batch is padded to twice the "
        "length?",
        "Nothing: so the mean of a channel is over the words of all texts, and $m$ is "
        "the sum of `lengths`. Which positions hold words? A mask of shape $(N, L)$ "
        "says it.",
        "`mask = np.arange(x.shape[1]) < np.array(lengths)[:, None]`; then `x[mask]` "
        "is a table with a row for each word. Normalize its columns, and write them "
        "into `y = np.zeros_like(x)` with `y[mask] = ...`.",
    ),
    (
        Law("y", "the mean over the words", lambda *a: _words(*a).mean(axis=0)),
        Law("y", "the deviation over the words", lambda *a: _words(*a).std(axis=0)),
        Law("y", "the padding is 0", lambda args, y: y[~_mask(*args[:2])]),
    ),
)


@dataclass(frozen=True)
class _OfWords:
    """A mistake made on tables, here on the words of all texts."""

    answer: Callable[..., Any]

    def __call__(self, x, lengths, gamma, beta, eps):
        y, mask = np.zeros_like(x), _mask(x, lengths)
        y[mask] = self.answer(Layer((0,)), x[mask], gamma, beta, eps)
        return y


padded_batch_norm.mistakes += [
    Mistake(m.name, _OfWords(m.answer), m.what, m.why, m.see) for m in SHARED
]


def _with(weights, x, axes, gamma, beta, eps):
    """Return all of `x`, normalized with moments that are weighted over `axes`."""
    w = weights[..., None] * np.ones_like(x)
    total = np.maximum(w.sum(axis=axes, keepdims=True), 1e-12)
    mean = (w * x).sum(axis=axes, keepdims=True) / total
    var = (w * (x - mean) ** 2).sum(axis=axes, keepdims=True) / total
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def _over(axes, x, lengths, gamma, beta, eps):
    """Return the answer with masked statistics over `axes`."""
    mask = _mask(x, lengths)
    return mask[..., None] * _with(mask, x, axes, gamma, beta, eps)


@padded_batch_norm.mistake(
    "`lengths` is not used: this is batch norm of all positions.",
    "The numbers in the padding then change the output of every word.",
    "eq-masked-moments",
)
def _lengths_ignored(x, lengths, gamma, beta, eps):
    return Layer((0, 1)).output(x, gamma, beta, eps)


@padded_batch_norm.mistake(
    "The mean and the variance include the padding; only the output is masked.",
    "The numbers in the padding then change the output of every word.",
    "eq-padded-moments",
)
def _padding_counted(x, lengths, gamma, beta, eps):
    y = Layer((0, 1)).output(x, gamma, beta, eps)
    return _mask(x, lengths)[..., None] * y


@padded_batch_norm.mistake(
    "The padding was set to 0, but counted in the mean and in the variance.",
    "A zero is a value like any other: it draws the mean to 0.",
    "eq-padded-moments",
)
def _zeros_counted(x, lengths, gamma, beta, eps):
    w = _mask(x, lengths)[..., None]
    return w * Layer((0, 1)).output(w * x, gamma, beta, eps)


@padded_batch_norm.mistake(
    "The sums are over the words, but both are divided by N·L, all positions.",
    "The mean is then too near to 0; m is the number of words.",
    "eq-masked-moments",
)
def _divided_by_all_positions(x, lengths, gamma, beta, eps):
    w = _mask(x, lengths)[..., None]
    c = x - (w * x).mean(axis=(0, 1))
    return w * (gamma * c / np.sqrt((w * c**2).mean(axis=(0, 1)) + eps) + beta)


@padded_batch_norm.mistake(
    "Each text has its own mean and variance.",
    "That is instance norm: what texts differ by is lost, and a text of one word "
    "becomes β.",
    "eq-index-sets",
)
def _statistics_per_text(x, lengths, gamma, beta, eps):
    return _over((1,), x, lengths, gamma, beta, eps)


@padded_batch_norm.mistake(
    "Each position has its own mean and variance, over the texts that reach it.",
    "The second word of a text is no other quantity than the first, and the last "
    "words have few neighbors to be compared with.",
    "eq-index-sets",
)
def _statistics_per_position(x, lengths, gamma, beta, eps):
    return _over((0,), x, lengths, gamma, beta, eps)


@padded_batch_norm.mistake(
    "The mean and the variance were taken over the features of each word (`axis=2`).",
    "That is layer norm, in which padding is no problem: words do not meet.",
    "eq-index-sets",
)
def _statistics_over_features(x, lengths, gamma, beta, eps):
    return _over((2,), x, lengths, gamma, beta, eps)


@padded_batch_norm.mistake(
    "The statistics are over axes 0 and 2, as if x had the shape (N, C, L).",
    "Here the channels are the last axis, and stay apart.",
    "eq-index-sets",
)
def _channels_first_axes(x, lengths, gamma, beta, eps):
    return _over((0, 2), x, lengths, gamma, beta, eps)


@padded_batch_norm.mistake(
    "The mean and the variance are means over the texts, each text counted once.",
    "A word of a short text then weighs more than one of a long text.",
    "eq-masked-moments",
)
def _texts_weighed_alike(x, lengths, gamma, beta, eps):
    mask = _mask(x, lengths)
    y = _with(mask / np.array(lengths)[:, None], x, (0, 1), gamma, beta, eps)
    return mask[..., None] * y


@padded_batch_norm.mistake(
    "The means of the texts were averaged, and so were their variances.",
    "A word of a short text then weighs more than one of a long text, and what the "
    "means of the texts differ by is missing in the variance.",
    "eq-masked-moments",
)
def _moments_of_texts_averaged(x, lengths, gamma, beta, eps):
    texts = [text[:n] for text, n in zip(x, lengths, strict=True)]
    mean = np.mean([text.mean(axis=0) for text in texts], axis=0)
    var = np.mean([text.var(axis=0) for text in texts], axis=0)
    y = gamma * (x - mean) / np.sqrt(var + eps) + beta
    return _mask(x, lengths)[..., None] * y


@padded_batch_norm.mistake(
    "The mask is one position too long: `<=` where `<` is meant.",
    "Positions count from 0, so that a text of n words ends at n - 1.",
    "eq-masked-moments",
)
def _one_position_too_many(x, lengths, gamma, beta, eps):
    return _over((0, 1), x, [n + 1 for n in lengths], gamma, beta, eps)


@padded_batch_norm.mistake(
    "A position counts as padding if it holds zeros, whatever `lengths` says.",
    "Padding may hold anything, and a word may be 0, for example after a ReLU.",
    "eq-masked-moments",
)
def _zeros_taken_for_padding(x, lengths, gamma, beta, eps):
    mask = np.any(x != 0, axis=2)
    return mask[..., None] * _with(mask, x, (0, 1), gamma, beta, eps)


@padded_batch_norm.mistake(
    "The padding of the output is not 0; it was normalized like the words.",
    "What comes next would take it for words.",
    "eq-batch-norm",
)
def _padding_normalized(x, lengths, gamma, beta, eps):
    return _with(_mask(x, lengths), x, (0, 1), gamma, beta, eps)


@padded_batch_norm.mistake(
    "The padding of the output is β: x̂ was set to 0 there before β was added.",
    "Mask the output, not x̂.",
    "eq-batch-norm",
)
def _padding_becomes_beta(x, lengths, gamma, beta, eps):
    y = _padding_normalized(x, lengths, gamma, beta, eps)
    return np.where(_mask(x, lengths)[..., None], y, beta)
