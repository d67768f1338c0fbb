"""The exercise on batch normalization of rows of which some are padding."""

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

__all__ = ["masked_batch_norm"]


def _reference(
    x: np.ndarray, mask: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    y = np.zeros(x.shape)
    y[mask] = gamma * normalize(x[mask], (0,), eps)[0] + beta
    return y


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, eps in tables(rng):
        mask = rng.permutation(np.repeat([True, False], [len(x), len(x) // 2 + 1]))
        padding = int(mask.argmin())
        mask[[0, padding]] = mask[[padding, 0]]  # one of the padded rows comes first
        padded = rng.uniform(5, 9, (len(mask), x.shape[1])).round(1)
        padded[mask] = x
        cases.append(Case(label, (padded, mask, *parameters(rng, x.shape[1]), eps)))
    padded, mask, *others = cases[1].args
    zeros = np.where(mask[:, None], padded, 0.0)
    nothing = np.ones(mask.sum(), dtype=bool)
    return [
        *cases,
        Case("padding with zeros", (zeros, mask, *others)),
        Case("nothing masked", (padded[mask], nothing, *others)),
        float32(cases[1]),
    ]


def _mean(args: tuple, y: np.ndarray) -> np.ndarray:
    return y[args[1]].mean(axis=0)


def _deviation(args: tuple, y: np.ndarray) -> np.ndarray:
    return y[args[1]].std(axis=0)


def _padding(args: tuple, y: np.ndarray) -> np.ndarray:
    return y[~args[1]]


masked_batch_norm = Exercise(
    "masked-batch-norm",
    "axes",
    "sec-axes",
    _solutions_training.masked_batch_norm,
    ("y",),
    _reference,
    _cases,
    (
        "A padded row is no sample. What should happen to the other rows of `y` if "
        "somebody changes the numbers in it?",
        "Nothing: so the mean and the variance are those of the rows `x[mask]`, and "
        "$m$ is their number. Only at the end do the padded rows come back, as zeros.",
        "`rows = x[mask]`, then batch norm of `rows`; write it into `y = "
        "np.zeros_like(x)` with `y[mask] = ...`. In the zeros there is no `beta` "
        "either.",
    ),
    (
        Law("y", "the mean over the rows in the mask", _mean),
        Law("y", "the standard deviation over the rows in the mask", _deviation),
        Law("y", "the rows outside the mask are 0", _padding),
    ),
)


@dataclass(frozen=True)
class _InMask:
    """A mistake made on all rows, here on those in the mask."""

    answer: Callable[..., Any]

    def __call__(self, x, mask, gamma, beta, eps):
        y = np.zeros_like(x)
        y[mask] = self.answer(Layer((0,)), x[mask], gamma, beta, eps)
        return y


masked_batch_norm.mistakes += [
    Mistake(m.name, _InMask(m.answer), m.what, m.why, m.see) for m in SHARED
]


def _normalized(x, mean, var, gamma, beta, eps):
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def _of_rows(rows, x, gamma, beta, eps):
    """Return all of `x`, normalized with the statistics of some rows."""
    return _normalized(x, rows.mean(axis=0), rows.var(axis=0), gamma, beta, eps)


@masked_batch_norm.mistake(
    "The mask is not used: this is batch norm of all rows.",
    "The numbers in the padding then change the output of every sample.",
    "eq-masked-moments",
)
def _mask_ignored(x, mask, gamma, beta, eps):
    return _of_rows(x, x, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The mean and the variance include the padded rows; only the output is masked.",
    "The numbers in the padding then change the output of every sample.",
    "eq-padded-moments",
)
def _statistics_of_all_rows(x, mask, gamma, beta, eps):
    return mask[:, None] * _of_rows(x, x, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The padded rows were set to 0, but counted in the mean and in the variance.",
    "A zero is a value like any other: it draws the mean to 0.",
    "eq-padded-moments",
)
def _zeros_counted(x, mask, gamma, beta, eps):
    m = mask[:, None]
    return m * _of_rows(x * m, x, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The sums are over the rows in the mask, but both are divided by the number of "
    "all rows.",
    "The mean is then too near to 0; m is the number of rows that are summed.",
    "eq-masked-moments",
)
def _divided_by_all_rows(x, mask, gamma, beta, eps):
    m = mask[:, None]
    mean = (x * m).mean(axis=0)
    return m * _normalized(x, mean, ((x - mean) ** 2 * m).mean(0), gamma, beta, eps)


@masked_batch_norm.mistake(
    "The variance is divided by the number of all rows; the mean is right.",
    "The variance is then too small, the more so the more padding there is.",
    "eq-masked-moments",
)
def _variance_divided_by_all_rows(x, mask, gamma, beta, eps):
    rows, m = x[mask], mask[:, None]
    var = rows.var(axis=0) * len(rows) / len(x)
    return m * _normalized(x, rows.mean(axis=0), var, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The padded rows entered the sum of squares, as zeros less the mean.",
    "Set to 0 before the mean is subtracted, each adds μ² to the variance.",
    "eq-masked-moments",
)
def _padding_in_the_variance(x, mask, gamma, beta, eps):
    m, count = mask[:, None], mask.sum()
    mean = x[mask].mean(axis=0)
    var = ((x * m - mean) ** 2).sum(axis=0) / count
    return m * _normalized(x, mean, var, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The padded rows of the output are not 0; they were normalized like the others.",
    "What comes next would take them for samples.",
    "eq-batch-norm",
)
def _padding_normalized(x, mask, gamma, beta, eps):
    return _of_rows(x[mask], x, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The padded rows of the output are β: they were set to 0 before β was added.",
    "Mask the output, not x̂.",
    "eq-batch-norm",
)
def _padding_becomes_beta(x, mask, gamma, beta, eps):
    return np.where(mask[:, None], _of_rows(x[mask], x, gamma, beta, eps), beta)


@masked_batch_norm.mistake(
    "The padded rows of the output are those of x, unchanged.",
    "What comes next would take them for samples.",
    "eq-batch-norm",
)
def _padding_left_as_it_was(x, mask, gamma, beta, eps):
    return np.where(mask[:, None], _of_rows(x[mask], x, gamma, beta, eps), x)


@masked_batch_norm.mistake(
    "The padded rows are missing in the output.",
    "The output of a layer has a row for each row of the input, or nobody knows which "
    "is which.",
    "eq-batch-norm",
)
def _padding_dropped(x, mask, gamma, beta, eps):
    return _of_rows(x[mask], x[mask], gamma, beta, eps)


@masked_batch_norm.mistake(
    "The rows in the mask all come first in the output, and the padding last.",
    "Each row must stay where it is in x.",
    "eq-batch-norm",
)
def _padding_moved_to_the_end(x, mask, gamma, beta, eps):
    rows = _of_rows(x[mask], x[mask], gamma, beta, eps)
    return np.vstack([rows, np.zeros_like(x[~mask])])


@masked_batch_norm.mistake(
    "The first rows were taken for the samples: the mask only served to count them.",
    "Padding may stand anywhere; `x[mask]` finds the rows.",
    "eq-masked-moments",
)
def _padding_believed_at_the_end(x, mask, gamma, beta, eps):
    first = np.arange(len(x)) < mask.sum()
    return first[:, None] * _of_rows(x[first], x, gamma, beta, eps)


@masked_batch_norm.mistake(
    "The mask is the wrong way round: the padding was normalized, the samples set to "
    "0.",
    "True marks a row that counts.",
    "eq-batch-norm",
)
def _mask_inverted(x, mask, gamma, beta, eps):
    return ~mask[:, None] * np.nan_to_num(_of_rows(x[~mask], x, gamma, beta, eps))


@masked_batch_norm.mistake(
    "The mean and the variance were taken over the features of each row (`axis=1`).",
    "That is layer norm, in which padding is no problem: rows do not meet.",
    "eq-index-sets",
)
def _statistics_over_features(x, mask, gamma, beta, eps):
    return mask[:, None] * Layer((1,)).output(x, gamma, beta, eps)
