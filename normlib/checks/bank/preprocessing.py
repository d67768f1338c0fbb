"""Exercises of the chapter on preprocessing."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, tables
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.kernel import moments

__all__ = ["standardize", "whiten"]


def _standardize_reference(train: np.ndarray, test: np.ndarray) -> Arrays:
    mean, var = moments(train, (0,))
    return (train - mean) * var**-0.5, (test - mean) * var**-0.5


def _standardize_cases(rng: np.random.Generator) -> list[Case]:
    """Return training and test sets that differ in size, in mean and in spread."""
    cases = []
    for label, x, _ in tables(rng):
        if label in ("tiny variance", "constant column"):
            continue  # without eps there is no one right answer to these
        test = 0.4 * x[: max(len(x) // 2, 1)] + 0.6 * x.mean(axis=0) + 0.9
        cases.append(Case(label, (x, test.round(1) if label == "by hand" else test)))
    small = Case("small spread", tuple(0.05 * a for a in cases[1].args))
    whole = Case(
        "whole numbers", (rng.integers(0, 9, (5, 3)) ** 2, np.arange(6).reshape(2, 3))
    )
    return [*cases, small, whole, float32(cases[1])]


standardize = Exercise(
    "standardize",
    "preprocessing",
    "sec-preprocessing",
    _solutions.standardize,
    ("train_std", "test_std"),
    _standardize_reference,
    _standardize_cases,
    (
        "How many means does a data set with three features have? Which axis of "
        "`train` do you average over to get that many?",
        "The test set stands for data that you have not seen. Whatever is done to it "
        "may depend on `train` only.",
        "With `mean` and `std` of each column of `train`, return `(train - mean) / "
        "std` and `(test - mean) / std`. The variance divides by the number of rows, "
        "which is what `std(axis=0)` does.",
    ),
)


def _whiten_reference(x: np.ndarray, eps: float) -> np.ndarray:
    centered = x - moments(x, (0,))[0]
    centered -= centered.mean(axis=0)
    u, s, vt = np.linalg.svd(centered, full_matrices=False)
    return u * (s / np.sqrt(s**2 / len(x) + eps)) @ vt


def _whiten_cases(rng: np.random.Generator) -> list[Case]:
    """Return correlated tables; eps is never so small that rounding decides."""
    cases = []
    for label, x, eps in tables(rng):
        if label == "mean of 1e7":
            continue
        if label != "by hand":
            x = x @ (np.eye(x.shape[1]) + 0.3 * rng.uniform(-1, 1, (x.shape[1],) * 2))
        cases.append(Case(label, (x, max(eps, 1e-3))))
    return [*cases, float32(cases[1])]


def _gram(outputs: Arrays) -> Arrays:
    """Return the scalar products of all rows: what no rotation changes."""
    return tuple(z @ z.T for z in outputs)


whiten = Exercise(
    "whiten",
    "preprocessing",
    "sec-preprocessing",
    _solutions.whiten,
    ("z",),
    _whiten_reference,
    _whiten_cases,
    (
        "Standardizing leaves the correlations in. Which matrix holds all variances "
        "and correlations at once, and what should it be afterwards?",
        "In the basis of its eigenvectors the covariance matrix is diagonal: there, "
        "whitening is standardizing. `np.linalg.eigh` gives the basis.",
        "Center `x`; `cov = centered.T @ centered / N`; rotate with the eigenvectors; "
        "divide column $i$ by $\\sqrt{\\lambda_i + \\varepsilon}$. You may rotate back "
        "(ZCA) or not (PCA).",
    ),
    canonical=_gram,
)
