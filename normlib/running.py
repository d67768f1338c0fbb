"""Statistics for inference: kept while training, or computed exactly afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from normlib.kernel import Array, merge_moments, moments
from normlib.validation import normalizable, vector

__all__ = ["RunningStats", "batch_norm_inference", "recalibrate"]


def require_weight(momentum: float | None) -> None:
    """Raise ValueError unless `momentum` is a weight, or None."""
    if momentum is not None and not 0 <= momentum <= 1:
        raise ValueError(
            f"momentum is the weight of the new batch, in [0, 1] or None, "
            f"got {momentum}"
        )


@dataclass(frozen=True, eq=False)
class RunningStats:
    """A channel's mean and variance as estimated so far; frozen.

    Attributes
    ----------
    mean, var : array, shape (C,)
        Estimates of the population's mean and variance; `var` is unbiased.
    momentum : float or None, default 0.1
        Weight of the new batch, as in torch. None: every batch weighs the same.
    num_batches_tracked : int, default 0
        Number of updates so far.
    """

    mean: Array
    var: Array
    momentum: float | None = 0.1
    num_batches_tracked: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a momentum that is no weight, or unequal shapes."""
        require_weight(self.momentum)
        if np.shape(self.mean) != np.shape(self.var):
            raise ValueError(
                f"mean has shape {np.shape(self.mean)}, var {np.shape(self.var)}"
            )

    @classmethod
    def initial(cls, num_features: int, momentum: float | None = 0.1) -> "RunningStats":
        """Return mean 0 and variance 1 for `num_features` channels, as torch starts."""
        return cls(np.zeros(num_features), np.ones(num_features), momentum)

    @property
    def new_weight(self) -> float:
        """The weight of the next batch: `momentum`, or 1/t for the t-th if None."""
        if self.momentum is None:
            return 1 / (self.num_batches_tracked + 1)
        return self.momentum

    def update(self, mean: Array, var: Array, m: int) -> "RunningStats":
        """Return the successor, moved towards the statistics of a batch.

        Parameters
        ----------
        mean, var : array, C entries
            The batch's mean and biased variance, as `moments` returns them.
        m : int
            Elements behind each of them; the unbiased ``m / (m - 1) * var`` is stored.

        Raises
        ------
        ValueError
            If ``m < 2`` or the number of channels differs.
        FloatingPointError
            If a statistic is NaN or infinite.

        Notes
        -----
        Equation ``eq-running-update``.
        """
        if m < 2:
            raise ValueError(f"an unbiased variance needs m >= 2 values, got m = {m}")
        mean, var = _channels(mean, "mean", self.mean), _channels(var, "var", self.var)
        return self.toward(mean, var * (m / (m - 1)))

    def toward(self, mean: Array, var: Array) -> "RunningStats":
        """Return the successor that gives `mean` and `var` the weight `new_weight`."""
        w = self.new_weight
        return replace(
            self,
            mean=self.mean + w * (mean - self.mean),
            var=self.var + w * (var - self.var),
            num_batches_tracked=self.num_batches_tracked + 1,
        )


def batch_norm_inference(
    x: Array, gamma: Array, beta: Array, stats: RunningStats, eps: float = 1e-5
) -> Array:
    """Return batch norm with fixed statistics: an affine map, sample by sample.

    Parameters
    ----------
    x : array, shape (N, C, *spatial)
        Floating point; N may be 1.
    gamma, beta : array, shape (C,)
        Scale and shift of each channel.
    stats : RunningStats
        For C channels.
    eps : float, default 1e-5
        Added to the variance, inside the square root.

    Returns
    -------
    y : array
        Shape and dtype of `x`.

    Raises
    ------
    ValueError, TypeError
        As in `batch_norm`, but a single value per channel is fine.

    Notes
    -----
    Equation ``eq-inference`` (Ioffe & Szegedy 2015, Algorithm 2, line 11).
    """
    x = normalizable(x, eps, ndim=2)
    shape = (1, -1) + (1,) * (x.ndim - 2)
    coarse = vector(stats.mean, x, "stats.mean")
    fine = vector(stats.mean - coarse, x, "stats.mean")  # what float32 cannot hold
    inv_std = (vector(stats.var, x, "stats.var") + eps) ** -0.5
    y = x - coarse.reshape(shape)
    y -= fine.reshape(shape)
    y *= (vector(gamma, x, "gamma") * inv_std).reshape(shape)
    y += vector(beta, x, "beta").reshape(shape)
    return y


def recalibrate(batches: Iterable[Array]) -> RunningStats:
    """Return the exact mean and unbiased variance of all `batches` together.

    Parameters
    ----------
    batches : iterable of array, shape (N_i, C, *spatial)
        Inputs of one layer. Batches may differ in size; one value is enough in each.

    Returns
    -------
    RunningStats
        What one huge batch would give; `num_batches_tracked` counts the batches.

    Raises
    ------
    ValueError
        If there are fewer than two values in all, or batches differ in channels.
    FloatingPointError
        If a batch holds NaN or infinity.

    Notes
    -----
    Equation ``eq-merge`` (Wu & Johnson 2021 call the idea PreciseBN).
    """
    counts: list[int] = []
    means: list[Array] = []
    variances: list[Array] = []
    for x in batches:
        x = normalizable(x, 1.0, ndim=2).astype(np.float64)
        with np.errstate(all="ignore"):  # _channels names what is not finite
            mean, var = moments(x, (0, *range(2, x.ndim)))
        counts.append(x.size // x.shape[1])
        first = means[0] if means else mean.reshape(-1)
        means.append(_channels(mean, "mean", first))
        variances.append(_channels(var, "var", first))
    if sum(counts) < 2:
        raise ValueError(f"recalibrate needs at least 2 values, got {sum(counts)}")
    m, mean, var = merge_moments(np.array(counts), np.array(means), np.array(variances))
    return RunningStats(mean, var * (m / (m - 1)), num_batches_tracked=len(counts))


def _channels(v: Array, name: str, like: Array) -> Array:
    """Return `v` as float64 in the shape of `like`, if its values are finite."""
    v = np.asarray(v, dtype=np.float64).reshape(-1)
    if v.shape != np.shape(like):
        raise ValueError(
            f"{name} has {v.size} channels, the running statistics have {np.size(like)}"
        )
    if not np.isfinite(v).all():
        raise FloatingPointError(
            f"NaN or infinity in the {name} of channel "
            f"{', '.join(map(str, np.flatnonzero(~np.isfinite(v))))}: the running "
            f"statistics stay as they were; skip this batch"
        )
    return v
