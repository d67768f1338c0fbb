"""Mistakes with statistics, gamma and beta in the forward pass of batch renorm."""

from dataclasses import replace

import numpy as np

from normlib.checks.bank._renorm import Parts
from normlib.checks.bank.batch_renorm import forward

__all__ = ["forward"]


@forward.mistake(
    "`running_std` was used as a variance: its square root was taken.",
    "The paper averages the standard deviation, with eps inside; it is used as it is.",
    "eq-r-d",
)
def _root_of_running_std(*args):
    p = Parts(*args)
    return replace(p, running_std=np.sqrt(p.running_std)).output()


@forward.mistake(
    "`eps` was added to the running deviation: √(σ_R² + ε).",
    "The running deviation averages √(σ² + ε); eps is in it already.",
    "eq-r-d",
)
def _eps_added_again(*args):
    p = Parts(*args)
    return replace(p, running_std=np.sqrt(p.running_std**2 + p.eps)).output()


@forward.mistake(
    "`eps` was added to the standard deviation, outside the square root.",
    "At low variance that is far from √(σ² + ε), and r inherits the error.",
    "eq-r-d",
)
def _eps_outside_root(*args):
    p = Parts(*args)
    return _with_std(p, p.x.std(axis=0) + p.eps)


@forward.mistake(
    "The batch's variance divides by N - 1.",
    "Normalization uses the biased variance; with a batch of two the output shrinks to "
    "0.71 of what it should be.",
    "eq-moments",
)
def _bessel_in_forward(*args):
    p = Parts(*args)
    return _with_std(p, np.sqrt(p.x.var(axis=0, ddof=1) + p.eps))


@forward.mistake(
    "`beta` was added before `gamma` multiplied.",
    "The shift is then γβ; it goes unnoticed while γ is 1 or β is 0.",
    "eq-batch-renorm",
)
def _beta_inside_scale(*args):
    p = Parts(*args)
    return replace(p, beta=p.gamma * p.beta).output()


@forward.mistake(
    "`gamma` and `beta` are not applied.",
    "They let the network choose the mean and the scale that it needs.",
    "eq-batch-renorm",
)
def _affine_forgotten(*args):
    p = Parts(*args)
    return replace(p, gamma=np.ones_like(p.gamma), beta=0.0 * p.beta).output()


@forward.mistake(
    "The batch's statistics were taken over the features of each row (`axis=1`).",
    "The running statistics are per feature, so the batch's must be too.",
    "eq-index-sets",
)
def _statistics_over_features(*args):
    p = Parts(*args)
    mean = p.x.mean(axis=1, keepdims=True)
    std = np.sqrt(p.x.var(axis=1, keepdims=True) + p.eps)
    r = p.clipped_r(std / p.running_std)
    d = p.clipped_d((mean - p.running_mean) / p.running_std)
    return p.gamma * ((p.x - mean) / std * r + d) + p.beta


@forward.mistake(
    "The running statistics were updated before r and d were computed.",
    "r and d compare the batch with what was known before it; updated first, they "
    "are biased towards 1 and 0.",
    "eq-r-d",
)
def _updated_before_use(*args):
    return _updated(Parts(*args), 0.01).output()


@forward.mistake(
    "The running statistics were updated before r and d were computed.",
    "r and d compare the batch with what was known before it; updated first, they "
    "are biased towards 1 and 0.",
    "eq-r-d",
)
def _updated_before_use__with_momentum_0_1(*args):
    return _updated(Parts(*args), 0.1).output()


def _updated(p: Parts, momentum: float) -> Parts:
    """Return the parts with running statistics that have seen the batch."""
    mean = p.running_mean + momentum * (p.mean - p.running_mean)
    std = p.running_std + momentum * (p.std - p.running_std)
    return replace(p, running_mean=mean, running_std=std)


def _with_std(p: Parts, std: np.ndarray) -> np.ndarray:
    """Return the output for another deviation of the batch, in x_hat and in r."""
    return p.output(r=p.clipped_r(std / p.running_std), std=std)
