"""Mistakes that every layer with a mean, a variance, gamma and beta invites."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from normlib.checks.exercise import Exercise, Mistake, Mistakes

__all__ = ["SHARED", "share"]

SHARED: list[Mistake] = []
_shared = Mistakes(SHARED)


def share(exercise: Exercise, call: Callable[..., tuple]) -> None:
    """Give an exercise the mistakes; `call` maps its arguments to (layer, x, ...)."""
    for m in SHARED:
        exercise.mistakes.append(
            Mistake(m.name, _Adapted(m.answer, call), m.what, m.why, m.see)
        )


@dataclass(frozen=True)
class _Adapted:
    answer: Callable[..., Any]
    call: Callable[..., tuple]

    def __call__(self, *args: Any) -> Any:
        return self.answer(*self.call(*args))


@_shared(
    "`eps` was added to the standard deviation, outside the square root.",
    "Where the variance is near 0 the gain is then 1/ε, not 1/√ε: with ε = 1e-5 that "
    "is 100,000, not 316.",
    "eq-x-hat",
)
def _eps_outside_root(layer, x, gamma, beta, eps):
    c = layer.centered(x)
    return layer.affine(c / (np.sqrt(layer.mean(c**2)) + eps), gamma, beta)


@_shared(
    "The division is by the variance; its square root is missing.",
    "The output then has standard deviation 1/σ, and depends on the scale of x.",
    "eq-x-hat",
)
def _divided_by_variance(layer, x, gamma, beta, eps):
    c = layer.centered(x)
    return layer.affine(c / (layer.mean(c**2) + eps), gamma, beta)


@_shared(
    "`eps` is not used.",
    "Values that are all equal have variance 0, and 0/0 is NaN.",
    "eq-x-hat",
)
def _eps_missing(layer, x, gamma, beta, eps):
    c = layer.centered(x)
    return layer.affine(c / np.sqrt(layer.mean(c**2)), gamma, beta)


@_shared(
    "The variance divides by m - 1 (`ddof=1`, torch's default for `std`).",
    "Normalization uses the biased variance, over m; a batch of two shows it most, "
    "with outputs of 0.71 in place of 1.",
    "eq-moments",
)
def _bessel_in_forward(layer, x, gamma, beta, eps):
    c = layer.centered(x)
    mean = layer.mean(c**2)
    m = c.size // mean.size
    return layer.affine(c / np.sqrt(mean * m / (m - 1) + eps), gamma, beta)


@_shared(
    "Two things: the variance divides by m - 1, and `eps` is outside the square root.",
    "It is `std(ddof=1) + eps`, as in a much-copied transformer; both parts differ "
    "from the layers of every library.",
    "eq-moments",
)
def _bessel_and_eps_outside_root(layer, x, gamma, beta, eps):
    c = layer.centered(x)
    mean = layer.mean(c**2)
    m = c.size // mean.size
    return layer.affine(c / (np.sqrt(mean * m / (m - 1)) + eps), gamma, beta)


@_shared(
    "Two things: the variance divides by m - 1, and `eps` is not used.",
    "A small batch comes out too small, and a constant one as NaN.",
    "eq-moments",
)
def _bessel_and_eps_missing(layer, x, gamma, beta, eps):
    return _bessel_in_forward(layer, x, gamma, beta, 0.0)


@_shared(
    "The sum of squares is not divided by m.",
    "The output then shrinks as 1/√m when more values share a statistic.",
    "eq-moments",
)
def _sum_of_squares(layer, x, gamma, beta, eps):
    c = layer.centered(x)
    square = (c**2).sum(axis=layer.axes, keepdims=True)
    return layer.affine(c / np.sqrt(square + eps), gamma, beta)


@_shared(
    "The argument `eps` is ignored: 1e-5 is used always.",
    "1e-5 is torch's default, not the caller's choice; other libraries have others.",
    "eq-x-hat",
)
def _eps_always_1e_5(layer, x, gamma, beta, eps):
    return layer.output(x, gamma, beta, 1e-5)


@_shared(
    "The argument `eps` is ignored: 1e-3 is used always.",
    "1e-3 is Keras's default, not the caller's choice; other libraries have others.",
    "eq-x-hat",
)
def _eps_always_1e_3(layer, x, gamma, beta, eps):
    return layer.output(x, gamma, beta, 1e-3)


@_shared(
    "`beta` was added before `gamma` multiplied: γ(x̂ + β).",
    "The shift is then γβ; it goes unnoticed while γ is 1 or β is 0, as at the start "
    "of training.",
    "eq-batch-norm",
)
def _beta_inside_scale(layer, x, gamma, beta, eps):
    return layer.output(x, gamma, gamma * beta, eps)


@_shared(
    "`gamma` was added and `beta` multiplied: they changed places.",
    "With γ = 1 and β = 0 at the start, every output would be 1.",
    "eq-batch-norm",
)
def _gamma_and_beta_swapped(layer, x, gamma, beta, eps):
    return layer.output(x, beta, gamma, eps)


@_shared(
    "`gamma` is not applied.",
    "Without its own scale the layer can only give unit variance.",
    "eq-batch-norm",
)
def _gamma_forgotten(layer, x, gamma, beta, eps):
    return layer.output(x, np.ones_like(gamma), beta, eps)


@_shared(
    "`beta` is not added.",
    "Without its own shift the layer can only give mean 0.",
    "eq-batch-norm",
)
def _beta_forgotten(layer, x, gamma, beta, eps):
    return layer.output(x, gamma, np.zeros_like(beta), eps)


@_shared(
    "This is x̂: `gamma` and `beta` are not applied.",
    "They let the network choose the mean and the scale that it needs.",
    "eq-batch-norm",
)
def _affine_forgotten(layer, x, gamma, beta, eps):
    return layer.output(x, np.ones_like(gamma), np.zeros_like(beta), eps)


@_shared(
    "The mean is subtracted neither in the numerator nor in the variance: this "
    "divides by the root mean square.",
    "The output keeps a mean that is not 0. RMS norm does this on purpose.",
    "eq-x-hat",
)
def _mean_not_used(layer, x, gamma, beta, eps):
    x = layer.arrange(x)
    return layer.affine(x / np.sqrt(layer.mean(x**2) + eps), gamma, beta)


@_shared(
    "The mean is subtracted, but the divisor is the root mean square of the raw x.",
    "That is larger than σ whenever the mean is not 0, so the variance falls short "
    "of 1.",
    "eq-moments",
)
def _centered_over_raw_rms(layer, x, gamma, beta, eps):
    c, x = layer.centered(x), layer.arrange(x)
    return layer.affine(c / np.sqrt(layer.mean(x**2) + eps), gamma, beta)


@_shared(
    "The mean is not subtracted before the division by σ.",
    "The output has the right spread around the wrong place, μ/σ.",
    "eq-x-hat",
)
def _mean_not_subtracted(layer, x, gamma, beta, eps):
    c, x = layer.centered(x), layer.arrange(x)
    return layer.affine(x / np.sqrt(layer.mean(c**2) + eps), gamma, beta)


@_shared(
    "The mean is subtracted, but nothing is divided by σ.",
    "The output keeps the scale of x.",
    "eq-x-hat",
)
def _only_centered(layer, x, gamma, beta, eps):
    return layer.affine(layer.centered(x), gamma, beta)


@_shared(
    "The variance is computed as E[x²] - E[x]².",
    "Where the mean is large, two nearly equal numbers are subtracted and the digits "
    "are gone; in float32 a mean of 1,000 is enough, and the result can be negative.",
    "eq-moments",
)
def _one_pass_variance(layer, x, gamma, beta, eps):
    c, x = layer.centered(x), layer.arrange(x)
    var = layer.mean(x**2) - layer.mean(x) ** 2
    return layer.affine(c / np.sqrt(var + eps), gamma, beta)


@_shared(
    "The variance is computed as E[x²] - E[x]², in float32.",
    "Where the mean is large, two nearly equal numbers are subtracted and the digits "
    "are gone; in float32 a mean of 1,000 is enough, and the result can be negative.",
    "eq-moments",
)
def _one_pass_variance__in_float32(layer, x, gamma, beta, eps):
    return _one_pass_variance(layer, x.astype(np.float32), gamma, beta, eps)


@_shared(
    "One mean and one variance were taken over the whole array.",
    "What is large in one place then hides what is small in another.",
    "eq-index-sets",
)
def _global_statistics(layer, x, gamma, beta, eps):
    c = layer.arrange(x) - x.mean()
    return layer.affine(c / np.sqrt((c**2).mean() + eps), gamma, beta)
