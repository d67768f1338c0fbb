"""The exercise on folding batch norm into a linear map."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Arrays, Case, Exercise

__all__ = ["fold_batch_norm"]


def _fold_reference(
    weight: np.ndarray,
    bias: np.ndarray | None,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    eps: float,
) -> Arrays:
    scale = gamma * (running_var + eps) ** -0.5
    old = 0.0 if bias is None else bias
    return weight * scale[:, None], (old - running_mean) * scale + beta


def _fold_cases(rng: np.random.Generator) -> list[Case]:
    """Return weights of shape (C_out, C_in); one is square, some have no bias."""
    shapes = {
        "by hand": (2, 3),
        "ordinary": (4, 3),
        "square": (5, 5),
        "one row": (1, 4),
    }
    cases = []
    for label, (c, inputs) in shapes.items():
        for with_bias in (True, False):
            weight = rng.uniform(-2, 2, (c, inputs)).round(1)
            bias = rng.uniform(0.5, 1.5, c).round(1) if with_bias else None
            mean = (rng.uniform(0.5, 3, c) * rng.choice([-1, 1], c)).round(1)
            var = rng.uniform(1.3, 4, c).round(1)
            if label == "ordinary":
                var[0] = 1e-6
            eps = 0.1 if label == "by hand" else 1e-3
            name = label if with_bias else f"{label}, bias None"
            args = (weight, bias, mean, var, *parameters(rng, c), eps)
            cases.append(Case(name, args))
    return [*cases, float32(cases[4])]


fold_batch_norm = Exercise(
    "fold-batch-norm",
    "inference",
    "sec-inference",
    _solutions.fold_batch_norm,
    ("weight", "bias"),
    _fold_reference,
    _fold_cases,
    (
        "Write the linear map and then the inference-time batch norm as one formula "
        "in the input. What multiplies the input, and what is left?",
        "With `scale = gamma / np.sqrt(running_var + eps)`, each output channel is "
        "multiplied by its scale: the weights, and whatever bias there is.",
        "`weight * scale[:, None]`, since outputs lie along axis 0, and `(bias - "
        "running_mean) * scale + beta`. A bias of None counts as zeros: the mean and "
        "`beta` still need a place.",
    ),
)


@fold_batch_norm.mistake(
    "The old bias was not multiplied by the scale.",
    "Batch norm scales everything that comes out of the linear map, the bias too.",
    "eq-fold",
)
def _bias_not_scaled(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    return weight * scale[:, None], _filled(bias, mean) - mean * scale + beta


@fold_batch_norm.mistake(
    "Where the bias is None, the running mean was dropped.",
    "A missing bias is a bias of 0: 0 - mean is still there, times the scale.",
    "eq-fold",
)
def _missing_bias_drops_mean(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    shift = beta if bias is None else (bias - mean) * scale + beta
    return weight * scale[:, None], shift


@fold_batch_norm.mistake(
    "Where the bias is None, the new bias is 0.",
    "The mean and beta need a place even if the linear map had no bias.",
    "eq-fold",
)
def _missing_bias_stays_zero(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    shift = 0.0 * beta if bias is None else (bias - mean) * scale + beta
    return weight * scale[:, None], shift


@fold_batch_norm.mistake(
    "The running mean is not subtracted from the bias.",
    "It is what batch norm subtracts first; folded away, it sits in the bias.",
    "eq-fold",
)
def _mean_forgotten(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    return weight * scale[:, None], _filled(bias, mean) * scale + beta


@fold_batch_norm.mistake(
    "The running mean was not multiplied by the scale.",
    "It is subtracted before the division, so it is divided too.",
    "eq-fold",
)
def _mean_not_scaled(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    return weight * scale[:, None], _filled(bias, mean) * scale - mean + beta


@fold_batch_norm.mistake(
    "The running mean was added; it must be subtracted.",
    "Batch norm subtracts the mean, and so does its fold.",
    "eq-fold",
)
def _mean_added(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    return weight * scale[:, None], (_filled(bias, mean) + mean) * scale + beta


@fold_batch_norm.mistake(
    "`beta` is missing in the new bias.",
    "It is added last, after the scale, and stays as it is.",
    "eq-fold",
)
def _beta_forgotten(weight, bias, mean, var, gamma, beta, eps):
    return _folded(weight, bias, mean, var + eps, gamma, 0.0 * beta)


@fold_batch_norm.mistake(
    "`beta` was multiplied by the scale as well.",
    "It is added after the scale, and stays as it is.",
    "eq-fold",
)
def _beta_scaled(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    return _folded(weight, bias, mean, var + eps, gamma, beta * scale)


@fold_batch_norm.mistake(
    "`gamma` is missing in the scale.",
    "The scale of inference is γ/√(σ² + ε).",
    "eq-fold",
)
def _gamma_forgotten(weight, bias, mean, var, gamma, beta, eps):
    return _folded(weight, bias, mean, var + eps, np.ones_like(gamma), beta)


@fold_batch_norm.mistake(
    "`eps` is not used.",
    "The folded layer then differs from the two layers where the variance is small.",
    "eq-fold",
)
def _eps_missing(weight, bias, mean, var, gamma, beta, eps):
    return _folded(weight, bias, mean, var, gamma, beta)


@fold_batch_norm.mistake(
    "`eps` was added to the standard deviation, outside the square root.",
    "The folded layer then differs from the two layers where the variance is small.",
    "eq-fold",
)
def _eps_outside_root(weight, bias, mean, var, gamma, beta, eps):
    return _folded(weight, bias, mean, (np.sqrt(var) + eps) ** 2, gamma, beta)


@fold_batch_norm.mistake(
    "The scale divides by the variance; its square root is missing.",
    "`running_var` is a variance, in units of the square of the output.",
    "eq-fold",
)
def _divided_by_variance(weight, bias, mean, var, gamma, beta, eps):
    return _folded(weight, bias, mean, (var + eps) ** 2, gamma, beta)


@fold_batch_norm.mistake(
    "The weights were scaled along their input axis.",
    "A scale belongs to an output channel, a row of `weight`: `scale[:, None]`. For a "
    "square matrix `weight * scale` runs, and is wrong.",
    "eq-fold",
)
def _inputs_scaled(weight, bias, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    shift = _folded(weight, bias, mean, var + eps, gamma, beta)[1]
    return weight * scale, shift


@fold_batch_norm.mistake(
    "The weights were not scaled.",
    "Both the weights and the bias pass through the batch norm.",
    "eq-fold",
)
def _weight_not_scaled(weight, bias, mean, var, gamma, beta, eps):
    shift = _folded(weight, bias, mean, var + eps, gamma, beta)[1]
    return weight.copy(), shift


def _filled(bias: np.ndarray | None, like: np.ndarray) -> np.ndarray:
    return np.zeros_like(like) if bias is None else bias


def _folded(weight, bias, mean, square, gamma, beta) -> Arrays:
    scale = gamma / np.sqrt(square)
    return weight * scale[:, None], (_filled(bias, mean) - mean) * scale + beta
