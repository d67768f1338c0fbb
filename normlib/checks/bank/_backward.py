"""Mistakes that the backward pass of every normalization invites."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normlib.checks.bank._back import Back
from normlib.checks.exercise import Exercise, Mistake, Mistakes

__all__ = ["SHARED", "share"]

SHARED: list[Mistake] = []
_shared = Mistakes(SHARED)


def share(
    exercise: Exercise,
    mistakes: list[Mistake],
    back: Callable[..., Back],
    see: str,
    see_parameters: str,
    outputs: int = 3,
) -> None:
    """Give an exercise mistakes; `back` maps its arguments to a `Back`.

    `see` is the equation of dx, `see_parameters` that of dgamma and dbeta.
    """
    for m in mistakes:
        answer = _Adapted(m.answer, back, outputs)
        equation = see_parameters if m.name.startswith(("dgamma", "dbeta")) else see
        exercise.mistakes.append(
            Mistake(m.name, answer, m.what, m.why, m.see or equation)
        )


@dataclass(frozen=True)
class _Adapted:
    answer: Callable[[Back], tuple]
    back: Callable[..., Back]
    outputs: int

    def __call__(self, *args: Any) -> tuple:
        return self.answer(self.back(*args))[: self.outputs]


@_shared(
    "`dx` is γ/σ · dy: the statistics were treated as constants.",
    "They depend on x. Without the paths through them the gradient asks for changes "
    "that normalization takes out again.",
)
def _statistics_as_constants(b):
    return b.outputs(dx=b.inv_std * b.dx_hat)


@_shared(
    "The projection along x̂ has the wrong sign.",
    "The gradient of a square root of a mean of squares is subtracted; added, it "
    "doubles the component that should vanish.",
)
def _variance_path_sign(b):
    return b.outputs(dx=b.dx(along=-1.0))


@_shared(
    "The projection along x̂ is only half as large as it should be.",
    "The 2 from the derivative of a square and the ½ from the square root cancel; "
    "here the 2 is missing.",
)
def _variance_path_halved(b):
    return b.outputs(dx=b.dx(along=0.5))


@_shared(
    "The projection along x̂ is twice as large as it should be.",
    "The 2 from the derivative of a square and the ½ from the square root cancel; "
    "here the ½ is missing.",
)
def _variance_path_doubled(b):
    return b.outputs(dx=b.dx(along=2.0))


@_shared(
    "`dx` contains sums where means belong: the factor 1/m is missing.",
    "Each element carries only one m-th of a statistic, so that is its share.",
)
def _one_over_m_missing(b):
    m = b.dy.shape[b.axis]
    return b.outputs(dx=b.dx(level=m, along=m))


@_shared(
    "`dx` is 0 everywhere.",
    "A gradient check whose upstream gradient is all ones would let it pass.",
)
def _no_gradient(b):
    return b.outputs(dx=np.zeros_like(b.dx()))


@_shared(
    "The projection along x̂ contains a sum where a mean belongs: 1/m is missing.",
    "Each element carries only one m-th of the variance, so that is its share.",
)
def _one_over_m_missing__in_the_variance(b):
    return b.outputs(dx=b.dx(along=b.dy.shape[b.axis]))


@_shared(
    "The power of (σ² + ε) in the derivative of the variance is -1/2, not -3/2.",
    "The derivative of v^(-1/2) is -½ v^(-3/2); the difference is a factor σ² + ε.",
)
def _power_minus_one_half(b):
    variance = b.inv_std**-2
    return b.outputs(dx=b.dx(along=variance))


@_shared(
    "`dx` is divided by σ² + ε, not by its square root.",
    "It shows as a wrong scale wherever σ is not 1.",
)
def _divided_by_variance(b):
    return b.outputs(dx=b.dx(scale=b.inv_std**2))


@_shared(
    "The factor 1/√(σ² + ε) in front of `dx` is missing.",
    "A small change of x is a large change of x̂ where σ is small.",
)
def _inv_std_missing(b):
    return b.outputs(dx=b.dx(scale=1.0))


@_shared(
    "`dx` is γ · dy: the gradient with respect to x̂, one step too early.",
    "The step from x̂ back to x is the one with the projections.",
)
def _stops_at_x_hat(b):
    return b.outputs(dx=b.dx_hat)


@_shared(
    "`gamma` is missing in `dx`.",
    "The gradient with respect to x̂ is γ · dy; with γ = 1 nobody notices.",
)
def _gamma_forgotten(b):
    return b.outputs(dx=b.dx(dx_hat=b.r * b.dy))


@_shared(
    "`gamma` enters `dx` twice.",
    "It belongs into dx̂ = γ · dy, once.",
)
def _gamma_twice(b):
    return b.outputs(dx=b.dx(dx_hat=b.gamma * b.dx_hat))


@_shared(
    "`eps` is not used in the backward pass.",
    "The forward pass used it, so its x̂ and σ are others: 3 % off at ε = 0.5, and "
    "NaN where all values are equal.",
)
def _eps_forgotten(b):
    square = b.mean(b.residual**2)
    return replace(b, inv_std=square**-0.5).outputs()


@_shared(
    "`eps` stands outside the square root.",
    "The forward pass has √(σ² + ε); where σ is small the two differ greatly.",
    "eq-x-hat",
)
def _eps_outside_root(b):
    square = b.mean(b.residual**2)
    return replace(b, inv_std=1 / (np.sqrt(square) + b.eps)).outputs()


@_shared(
    "`dgamma` is averaged over the batch; it is a sum.",
    "One γ serves every row, and their contributions add up. (If the loss is a mean, "
    "dy contains the 1/N already.)",
)
def _dgamma_averaged(b):
    return b.outputs(dgamma=b.dgamma / len(b.dy))


@_shared(
    "`dgamma` is Σ dy · x; it needs x̂.",
    "γ multiplies the normalized input, so that is its derivative.",
)
def _dgamma_with_x(b):
    return b.outputs(dgamma=(b.dy * b.x).sum(axis=0))


@_shared(
    "`dgamma` contains γ once too often: Σ dy · γ x̂, which is y in place of x̂.",
    "y = γ x̂ + β, so the derivative with respect to γ is x̂ alone.",
)
def _dgamma_with_dx_hat(b):
    return b.outputs(dgamma=b.gamma * b.dgamma)


@_shared(
    "`dgamma` is summed over the features, not over the rows.",
    "There is one γ for each feature, shared by the rows.",
)
def _dgamma_over_features(b):
    return b.outputs(dgamma=(b.dy * (b.x_hat * b.r + b.d)).sum(axis=1))


@_shared(
    "`dgamma` is not summed: it has one entry for each element of x.",
    "A gradient has the shape of its parameter.",
)
def _dgamma_not_summed(b):
    return b.outputs(dgamma=b.dy * (b.x_hat * b.r + b.d))
