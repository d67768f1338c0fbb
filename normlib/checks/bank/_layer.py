"""The axes of a layer, from which a right output and wrong ones are computed."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """Which elements share a statistic, and which a gamma.

    `groups` splits axis 1 first; with `channels`, gamma lies along axis 1.
    """

    axes: tuple[int, ...]
    channels: bool = False
    groups: int = 0

    def arrange(self, x: np.ndarray) -> np.ndarray:
        """Return `x` in the shape that `axes` refer to."""
        if not self.groups:
            return x
        return x.reshape(len(x), self.groups, -1, *x.shape[2:])

    def parameter(self, p: np.ndarray) -> np.ndarray:
        """Return gamma or beta in a shape that multiplies the input."""
        return p.reshape(1, -1, 1, 1) if self.channels else p

    def mean(self, a: np.ndarray) -> np.ndarray:
        """Return the mean over what shares a statistic."""
        return a.mean(axis=self.axes, keepdims=True)

    def centered(self, x: np.ndarray) -> np.ndarray:
        """Return `x` less its mean."""
        x = self.arrange(x)
        return x - self.mean(x)

    def affine(
        self, x_hat: np.ndarray, gamma: np.ndarray, beta: np.ndarray
    ) -> np.ndarray:
        """Return ``gamma * x_hat + beta`` in the shape of the input."""
        gamma, beta = self.parameter(gamma), self.parameter(beta)
        if self.groups:
            x_hat = x_hat.reshape(len(x_hat), -1, *x_hat.shape[3:])
        return gamma * x_hat + beta

    def output(
        self, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
    ) -> np.ndarray:
        """Return what the layer returns: right, unless it is the wrong layer."""
        c = self.centered(x)
        return self.affine(c / np.sqrt(self.mean(c**2) + eps), gamma, beta)
