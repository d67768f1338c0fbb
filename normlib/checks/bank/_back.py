"""The pieces of a backward pass, from which right and wrong gradients are computed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Back"]


@dataclass(frozen=True)
class Back:
    """What a backward pass works with, on arrays of shape (N, D).

    `axis` is that of the statistics. Batch renorm sets `r` and `d`. Every mistake
    starts from here and changes one thing.
    """

    dy: np.ndarray
    x: np.ndarray
    gamma: np.ndarray
    eps: float
    residual: np.ndarray  # x, less its mean where the layer subtracts it
    inv_std: np.ndarray
    axis: int | tuple[int, ...]
    center: bool = True
    r: Any = 1.0
    d: Any = 0.0

    @classmethod
    def of(cls, dy, x, gamma, eps, axis, *, center=True, r=1.0, d=0.0) -> "Back":
        """Return the intermediate results for `x`."""
        residual = x - x.mean(axis=axis, keepdims=True) if center else x
        square = (residual**2).mean(axis=axis, keepdims=True)
        inv_std = (square + eps) ** -0.5
        return cls(dy, x, gamma, eps, residual, inv_std, axis, center, r, d)

    @property
    def x_hat(self) -> np.ndarray:
        """The normalized input."""
        return self.residual * self.inv_std

    @property
    def dx_hat(self) -> np.ndarray:
        """The gradient of the loss with respect to `x_hat`."""
        return self.gamma * self.r * self.dy

    def mean(self, a: np.ndarray) -> np.ndarray:
        """Return the mean over what shares a statistic."""
        return a.mean(axis=self.axis, keepdims=True)

    def dx(self, dx_hat=None, level=1.0, along=1.0, scale=None) -> np.ndarray:
        """Return dx, with its two projections weighted by `level` and `along`."""
        g = self.dx_hat if dx_hat is None else dx_hat
        level = level * self.mean(g) if self.center else 0.0
        scale = self.inv_std if scale is None else scale
        return scale * (g - level - along * self.x_hat * self.mean(g * self.x_hat))

    @property
    def dgamma(self) -> np.ndarray:
        """The right gradient of gamma."""
        return (self.dy * (self.x_hat * self.r + self.d)).sum(axis=0)

    @property
    def dbeta(self) -> np.ndarray:
        """The right gradient of beta."""
        return self.dy.sum(axis=0)

    def outputs(self, dx=None, dgamma=None, dbeta=None) -> tuple:
        """Return the three gradients, those not given computed rightly."""
        return (
            self.dx() if dx is None else dx,
            self.dgamma if dgamma is None else dgamma,
            self.dbeta if dbeta is None else dbeta,
        )
