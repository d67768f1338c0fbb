"""Inputs on which a wrong answer shows: sizes all different, columns of every kind."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from normlib.checks.exercise import Case, numbers

__all__ = ["Builder", "float32", "images", "parameters", "tables"]

Builder: TypeAlias = Callable[[np.random.Generator, np.ndarray, float], tuple]


def tables(rng: np.random.Generator) -> list[tuple[str, np.ndarray, float]]:
    """Return (label, x of shape (N, D), eps), from easy to hard."""
    tiny = _table(rng, 6, 4)
    tiny[:, 0] = 1e-3 * rng.standard_normal(6)
    tiny[:, 1] = 4e-3 * rng.standard_normal(6) + 0.02
    constant = _table(rng, 5, 3)
    constant[:, 1] = 2.5
    return [
        ("by hand", _table(rng, 3, 2).round(1), 0.1),
        ("ordinary", _table(rng, 7, 4), 1e-5),
        ("more columns than rows", _table(rng, 3, 8), 1e-4),
        ("large eps", _table(rng, 5, 3), 0.5),
        ("two rows", _table(rng, 2, 3), 1e-3),
        ("tiny variance", tiny, 1e-5),
        ("constant column", constant, 1e-5),
        ("mean of 3e3", _table(rng, 9, 5) + 3e3, 1e-5),
        ("mean of 1e7", _table(rng, 8, 3) + 1e7, 1e-5),
    ]


def images(rng: np.random.Generator) -> list[tuple[str, np.ndarray, float]]:
    """Return (label, x of shape (N, C, H, W), eps); C is even, so that groups fit."""
    tiny = _images(rng, 3, 4, 2, 5)
    tiny[:, 0] *= 1e-3
    constant = _images(rng, 2, 4, 3, 2)
    constant[:, 1] = 2.5
    return [
        ("by hand", _images(rng, 2, 2, 1, 3).round(1), 0.1),
        ("ordinary", _images(rng, 5, 6, 3, 4), 1e-5),
        ("as many columns as channels", _images(rng, 3, 4, 5, 4), 1e-3),
        ("large eps", _images(rng, 3, 4, 2, 5), 0.5),
        ("tiny variance", tiny, 1e-5),
        ("constant channel", constant, 1e-5),
        ("mean of 3e3", _images(rng, 3, 4, 5, 2) + 3e3, 1e-5),
        ("mean of 1e7", _images(rng, 2, 4, 3, 5) + 1e7, 1e-5),
    ]


def parameters(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return gamma, of both signs and away from 0 and 1, and beta, away from 0."""
    gamma = rng.uniform(1.2, 2.5, size) * rng.choice([-1, 1], size)
    beta = rng.uniform(0.3, 1.5, size) * rng.choice([-1, 1], size)
    return gamma.round(1), beta.round(1)


def float32(case: Case) -> Case:
    """Return `case` with its float64 arrays in single precision."""
    args = numbers(case.args, lambda a: a.astype(np.float32))
    return Case(f"{case.label}, float32", args)


def _table(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    spread = rng.uniform(0.5, 3, d)
    return rng.uniform(-3, 3, d) + spread * _spread_out(rng, (n, d))


def _images(rng: np.random.Generator, n: int, c: int, h: int, w: int) -> np.ndarray:
    level = rng.uniform(-2, 2, (n, 1, 1, 1)) + rng.uniform(-3, 3, (1, c, 1, 1))
    return level + rng.uniform(0.5, 3, (1, c, 1, 1)) * _spread_out(rng, (n, c, h, w))


def _spread_out(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise whose first two rows lie well apart: no variance is tiny by luck."""
    noise = rng.uniform(-1, 1, shape)
    signs = rng.choice([-1, 1], shape[1:])
    noise[0], noise[1] = signs * rng.uniform(0.7, 1.3, shape[1:]), -signs * 0.8
    return noise
