"""The pieces of batch renorm, from which right and wrong outputs are computed."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """The intermediate results of a forward pass, from which mistakes start."""

    x: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    running_mean: np.ndarray
    running_std: np.ndarray
    r_max: float
    d_max: float
    eps: float

    @property
    def mean(self) -> np.ndarray:
        """The batch's mean."""
        return self.x.mean(axis=0)

    @property
    def std(self) -> np.ndarray:
        """The batch's deviation, with eps inside."""
        return np.sqrt(self.x.var(axis=0) + self.eps)

    @property
    def ratio(self) -> np.ndarray:
        """What is clipped to r."""
        return self.std / self.running_std

    @property
    def shift(self) -> np.ndarray:
        """What is clipped to d."""
        return (self.mean - self.running_mean) / self.running_std

    @property
    def r(self) -> np.ndarray:
        """The correction of the scale."""
        return self.clipped_r(self.ratio)

    @property
    def d(self) -> np.ndarray:
        """The correction of the shift."""
        return self.clipped_d(self.shift)

    def clipped_r(self, ratio: np.ndarray) -> np.ndarray:
        """Return `ratio` within the limits of r."""
        return np.clip(ratio, 1 / self.r_max, self.r_max)

    def clipped_d(self, shift: np.ndarray) -> np.ndarray:
        """Return `shift` within the limits of d."""
        return np.clip(shift, -self.d_max, self.d_max)

    def output(self, r=None, d=None, std=None) -> np.ndarray:
        """Return y, with what is not given computed rightly."""
        r, d = self.r if r is None else r, self.d if d is None else d
        x_hat = (self.x - self.mean) / (self.std if std is None else std)
        return self.gamma * (x_hat * r + d) + self.beta
