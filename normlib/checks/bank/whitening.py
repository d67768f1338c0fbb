"""The exercise on whitening, which has many right answers."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, tables
from normlib.checks.exercise import Arrays, Case, Exercise, Law
from normlib.kernel import moments

__all__ = ["whiten"]


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
    laws=(
        Law("z", "the mean of `z` is 0", lambda args, gram: gram.sum(axis=1)),
        Law("z", "the variances of `z`, added up", lambda args, gram: np.trace(gram)),
    ),
    canonical=_gram,
    compared=("z @ z.T",),
)


@whiten.mistake(
    "The features were standardized one by one; their correlations are still there.",
    "Whitening makes the whole covariance matrix the identity, not its diagonal only.",
    "eq-whiten",
)
def _only_standardized(x, eps):
    c = _centered(x)
    return c / np.sqrt((c**2).mean(axis=0) + eps)


@whiten.mistake(
    "The data was rotated onto the eigenvectors, but not scaled.",
    "It is decorrelated; the variances are still the eigenvalues.",
    "eq-whiten",
)
def _only_decorrelated(x, eps):
    c, _, vectors = _eigen(x)
    return c @ vectors


@whiten.mistake(
    "The division is by the eigenvalues; their square root is missing.",
    "An eigenvalue is a variance, in units of x²; the variances become 1/λ.",
    "eq-whiten",
)
def _divided_by_eigenvalues(x, eps):
    c, values, vectors = _eigen(x)
    return c @ vectors / (values + eps)


@whiten.mistake(
    "The data was multiplied by the roots of the eigenvalues, not divided.",
    "Long directions become longer.",
    "eq-whiten",
)
def _multiplied_by_deviation(x, eps):
    c, values, vectors = _eigen(x)
    return c @ vectors * np.sqrt(np.maximum(values, 0) + eps)


@whiten.mistake(
    "The mean was not subtracted from what is transformed.",
    "The covariance is right, but the cloud does not lie around 0.",
    "eq-whiten",
)
def _not_centered(x, eps):
    _, values, vectors = _eigen(x)
    return x @ vectors / np.sqrt(np.maximum(values, 0) + eps)


@whiten.mistake(
    "The mean was subtracted neither from the data nor in the covariance matrix.",
    "The largest direction is then that of the mean, and it is scaled away.",
    "eq-whiten",
)
def _mean_not_used(x, eps):
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    return x @ vectors / np.sqrt(np.maximum(values, 0) + eps)


@whiten.mistake(
    "The covariance matrix divides by N - 1 (the default of `np.cov`).",
    "The covariance of the result then is (N - 1)/N times what it should be.",
    "eq-moments",
)
def _bessel(x, eps):
    c, values, vectors = _eigen(x)
    n = len(x)
    return c @ vectors / np.sqrt(np.maximum(values, 0) * n / (n - 1) + eps)


@whiten.mistake(
    "The covariance matrix is not divided by N.",
    "The result shrinks as 1/√N when rows are added.",
    "eq-whiten",
)
def _sum_of_products(x, eps):
    c, values, vectors = _eigen(x)
    return c @ vectors / np.sqrt(np.maximum(values, 0) * len(x) + eps)


@whiten.mistake(
    "`eps` was added to the root of the eigenvalue, not to the eigenvalue.",
    "A direction without variance is then amplified by up to 1/ε, not 1/√ε.",
    "eq-whiten",
)
def _eps_outside_root(x, eps):
    c, values, vectors = _eigen(x)
    return c @ vectors / (np.sqrt(np.maximum(values, 0)) + eps)


@whiten.mistake(
    "`eps` is not used.",
    "A direction without variance is divided by 0, or by what rounding left of it.",
    "eq-whiten",
)
def _eps_missing(x, eps):
    c, values, vectors = _eigen(x)
    return c @ vectors / np.sqrt(values)


@whiten.mistake(
    "The data was multiplied by the transposed matrix of eigenvectors.",
    "`eigh` returns eigenvectors as columns, so coordinates are `centered @ vectors`.",
    "eq-whiten",
)
def _eigenvectors_transposed(x, eps):
    c, values, vectors = _eigen(x)
    return c @ vectors.T / np.sqrt(np.maximum(values, 0) + eps)


@whiten.mistake(
    "The data was multiplied by the Cholesky factor of Σ⁻¹ transposed the wrong way.",
    "With Σ⁻¹ = L Lᵀ it is `centered @ L` that has covariance I.",
    "eq-whiten",
)
def _cholesky_transposed(x, eps):
    c = _centered(x)
    cov = c.T @ c / len(x) + eps * np.eye(x.shape[1])
    return c @ np.linalg.cholesky(np.linalg.inv(cov)).T


def _centered(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=0)


def _eigen(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the centered data, and eigenvalues and eigenvectors of its covariance."""
    c = _centered(x)
    values, vectors = np.linalg.eigh(c.T @ c / len(x))
    return c, values, vectors
