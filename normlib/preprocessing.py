"""Preprocessing of data (N, D): fit on the training set, freeze, apply, invert."""

from abc import ABC, abstractmethod
from typing import Literal, Self

import numpy as np

from normlib.kernel import Array, moments

__all__ = ["MinMaxScaler", "Standardizer", "Whitener"]


class _Affine(ABC):
    """A fitted affine map of the features; subclasses say how to fit and apply it."""

    mean_: Array

    def fit(self, x: Array) -> Self:
        """Learn the parameters from `x`, shape (N, D), and return self."""
        x = _table(x)
        if x.shape[0] == 0:
            raise ValueError(f"cannot fit on no rows: x has shape {x.shape}")
        self._fit(x)
        return self

    def transform(self, x: Array) -> Array:
        """Return `x`, shape (N, D), mapped with the parameters that `fit` learned."""
        return self._apply(self._checked(x) - self.mean_)

    def inverse_transform(self, z: Array) -> Array:
        """Return the `x` that `transform` would map to `z`, shape (N, D)."""
        return self._unapply(self._checked(z)) + self.mean_

    def fit_transform(self, x: Array) -> Array:
        """Fit on `x` and return it mapped; for the training set only."""
        return self.fit(x).transform(x)

    def _checked(self, x: Array) -> Array:
        x = _table(x)
        if not hasattr(self, "mean_"):
            raise ValueError(
                f"this {type(self).__name__} is not fitted: call fit(train) first"
            )
        if x.shape[1] != self.mean_.size:
            raise ValueError(
                f"fitted on {self.mean_.size} features, got x of shape {x.shape}"
            )
        return x

    @abstractmethod
    def _fit(self, x: Array) -> None:
        """Set `mean_` and whatever `_apply` and `_unapply` need."""

    @abstractmethod
    def _apply(self, centered: Array) -> Array:
        """Return centered rows, mapped."""

    @abstractmethod
    def _unapply(self, z: Array) -> Array:
        """Return centered rows that `_apply` would map to `z`."""


class _PerFeature(_Affine):
    scale_: Array

    def _apply(self, centered: Array) -> Array:
        return centered / self.scale_

    def _unapply(self, z: Array) -> Array:
        return z * self.scale_


class Standardizer(_PerFeature):
    """Give each feature of the training set mean 0 and variance ``var / (var + eps)``.

    Parameters
    ----------
    eps : float, default 0.0
        Added to the variance, inside the square root. With 0, a constant feature is
        divided by 1, as scikit-learn's StandardScaler does.

    Attributes
    ----------
    mean_, scale_ : array, shape (D,)
        Mean, and standard deviation (biased), of the training set.

    Notes
    -----
    Equation ``eq-standardize``.

    Examples
    --------
    >>> s = Standardizer().fit(np.array([[7, 70], [8, 80], [9, 90], [6, 60]]))
    >>> s.mean_, s.scale_**2
    (array([ 7.5, 75. ]), array([  1.25, 125.  ]))
    """

    def __init__(self, eps: float = 0.0) -> None:
        """Keep eps; raise ValueError if it is negative."""
        self.eps = _non_negative(eps)

    def _fit(self, x: Array) -> None:
        mean, var = moments(x, (0,))
        scale = np.sqrt(var[0] + self.eps)
        self.mean_, self.scale_ = mean[0], np.where(scale > 0, scale, 1.0)


class MinMaxScaler(_PerFeature):
    """Map each feature of the training set onto [0, 1].

    Attributes
    ----------
    mean_, scale_ : array, shape (D,)
        Minimum, which plays the part of the mean, and range (1 for a constant feature).

    Notes
    -----
    Equation ``eq-min-max``.
    """

    def _fit(self, x: Array) -> None:
        scale = np.ptp(x, axis=0)
        self.mean_, self.scale_ = x.min(axis=0), np.where(scale > 0, scale, 1.0)


class Whitener(_Affine):
    """Give the training set mean 0 and covariance I.

    Parameters
    ----------
    method : {"zca", "pca", "cholesky"}
        Which of the whitening matrices, all equal up to a rotation of the output: the
        one that changes the data least, the one along the principal axes (largest
        variance first), or a triangular one.
    eps : float, default 0.0
        Added to every eigenvalue of the covariance. In units of ``x**2``.

    Attributes
    ----------
    mean_ : array, shape (D,)
    matrix_, inverse_ : array, shape (D, D)
        ``z = (x - mean_) @ matrix_`` and back.

    Notes
    -----
    Equation ``eq-whiten`` (Kessy, Lewin & Strimmer 2018). The covariance is biased.
    """

    matrix_: Array
    inverse_: Array

    def __init__(
        self, method: Literal["zca", "pca", "cholesky"] = "zca", eps: float = 0.0
    ) -> None:
        """Keep the choice; raise ValueError if it is none of the three."""
        if method not in ("zca", "pca", "cholesky"):
            raise ValueError(f"method must be zca, pca or cholesky, got {method!r}")
        self.method, self.eps = method, _non_negative(eps)

    def _fit(self, x: Array) -> None:
        mean = moments(x, (0,))[0][0]
        centered = x - mean
        values, axes = np.linalg.eigh(centered.T @ centered / len(x))
        values, axes = values[::-1] + self.eps, _with_fixed_signs(axes[:, ::-1])
        _require_full_rank(values)
        self.mean_ = mean
        self.matrix_ = axes * values**-0.5
        self.inverse_ = (axes * values**0.5).T
        if self.method == "zca":
            self.matrix_, self.inverse_ = self.matrix_ @ axes.T, axes @ self.inverse_
        elif self.method == "cholesky":
            precision = (axes / values) @ axes.T
            self.matrix_ = np.linalg.cholesky(precision)
            self.inverse_ = np.linalg.inv(self.matrix_)

    def _apply(self, centered: Array) -> Array:
        return centered @ self.matrix_

    def _unapply(self, z: Array) -> Array:
        return z @ self.inverse_


def _table(x: Array) -> Array:
    """Return `x` as a float64 table (N, D) of finite numbers; integers are welcome."""
    x = np.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"expected a table of shape (N, D), got shape {x.shape}")
    if x.dtype.kind not in "iuf":
        raise TypeError(f"expected numbers, got dtype {x.dtype}")
    x = x.astype(np.float64)
    if not np.isfinite(x).all():
        columns = np.flatnonzero(~np.isfinite(x).all(axis=0))
        raise ValueError(f"NaN or infinity in column {', '.join(map(str, columns))}")
    return x


def _non_negative(eps: float) -> float:
    if not eps >= 0:
        raise ValueError(f"eps must be 0 or more, got {eps}")
    return eps


def _with_fixed_signs(axes: Array) -> Array:
    """Return eigenvectors whose largest entry is positive: the same on any machine."""
    largest = np.abs(axes).argmax(axis=0)
    return axes * np.sign(axes[largest, np.arange(axes.shape[1])])


def _require_full_rank(values: Array) -> None:
    rank = int((values > len(values) * np.finfo(np.float64).eps * values[0]).sum())
    if rank < len(values):
        raise ValueError(
            f"the covariance has rank {rank} of {len(values)}, so it has no inverse: "
            f"pass eps > 0, drop constant or redundant features, or take more rows"
        )
