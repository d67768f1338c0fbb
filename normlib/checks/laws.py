"""Statistics of an output that a reader can compute without knowing the answer."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from normlib.checks.exercise import Law

__all__ = ["gradient_laws", "output_laws"]


Undo: TypeAlias = Callable[[tuple, np.ndarray], np.ndarray]


def output_laws(
    axes: tuple[int, ...], where: str, undo: Undo = lambda args, y: y
) -> tuple[Law, ...]:
    """Return the laws of ``y = gamma * x_hat + beta``, statistics over `axes`.

    Where gamma and beta vary along them, `undo` has to take them out of y first.
    """

    def mean(args: tuple, y: np.ndarray) -> np.ndarray:
        return undo(args, y).mean(axis=axes)

    def deviation(args: tuple, y: np.ndarray) -> np.ndarray:
        return undo(args, y).std(axis=axes)

    return (
        Law("y", f"the mean {where}", mean),
        Law("y", f"the standard deviation {where}", deviation),
    )


def gradient_laws(
    axis: int | tuple[int, ...], where: str, *, center: bool = True
) -> tuple[Law, ...]:
    """Return the laws of dx: what normalization removes from it."""

    def total(args: tuple, dx: np.ndarray) -> np.ndarray:
        return dx.sum(axis=axis)

    def along(args: tuple, dx: np.ndarray) -> np.ndarray:
        _, x, _, *_, eps = args
        centered = x - x.mean(axis=axis, keepdims=True) if center else x
        square = (centered**2).mean(axis=axis, keepdims=True)
        return (centered / np.sqrt(square + eps) * dx).sum(axis=axis)

    radial = Law("dx", f"Σ x̂·dx = O(ε) {where}", along)
    return (Law("dx", f"Σ dx = 0 {where}", total), radial) if center else (radial,)
