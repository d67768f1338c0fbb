"""Exercises on running statistics, inference and folding."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.kernel import moments

__all__ = ["batch_norm_inference", "fold_batch_norm", "running_update"]


def _statistics(rng: np.random.Generator, x: np.ndarray) -> Arrays:
    """Return a running mean and variance near those of `x`, never equal to them."""
    d = x.shape[1]
    mean = x.mean(axis=0) + rng.uniform(0.2, 0.9, d) * rng.choice([-1, 1], d)
    return mean.round(1), (rng.uniform(1.3, 2.5, d) * (x.var(axis=0) + 0.1)).round(2)


def _update_reference(
    running_mean: np.ndarray, running_var: np.ndarray, x: np.ndarray, momentum: float
) -> Arrays:
    mean, var = (s[0] for s in moments(x, (0,)))
    var = var * (len(x) / (len(x) - 1))
    return (
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (var - running_var),
    )


def _update_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, _ in tables(rng):
        momentum = 0.1 if label == "by hand" else round(rng.uniform(0.1, 0.4), 2)
        cases.append(Case(label, (*_statistics(rng, x), x, momentum)))
    return [*cases, float32(cases[1])]


running_update = Exercise(
    "running-update",
    "inference",
    "sec-inference",
    _solutions.running_update,
    ("mean", "var"),
    _update_reference,
    _update_cases,
    (
        "Each new value lies between the old one and that of the batch. `momentum` "
        "says how far to go towards the batch.",
        "As in PyTorch, `momentum` is the weight of the new batch: 0.1 means a tenth "
        "of the way. Keras and JAX count the other way.",
        "`(1 - momentum) * old + momentum * new`, for both. The new variance is the "
        "unbiased one, which divides by $N - 1$: `x.var(axis=0, ddof=1)`.",
    ),
)


def _inference_reference(
    x: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    eps: float,
) -> np.ndarray:
    return (x - running_mean) * (running_var + eps) ** -0.5 * gamma + beta


def _inference_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, eps in tables(rng):
        mean, var = _statistics(rng, x)
        if label == "tiny variance":
            var[:2] = 1e-6, 3e-6
        if label == "constant column":
            var[1] = 0.0
        cases.append(Case(label, (x, mean, var, *parameters(rng, x.shape[1]), eps)))
    x, *rest = cases[1].args
    return [*cases, Case("one row", (x[:1], *rest)), float32(cases[1])]


batch_norm_inference = Exercise(
    "batch-norm-inference",
    "inference",
    "sec-inference",
    _solutions.batch_norm_inference,
    ("y",),
    _inference_reference,
    _inference_cases,
    (
        "At inference the answer for one sample must not depend on which others "
        "happen to be in the batch. What may it depend on?",
        "Same formula as in training, but the mean and the variance come from the "
        "arguments; nothing is averaged over `x`.",
        "`x_hat = (x - running_mean) / np.sqrt(running_var + eps)`, then `gamma` and "
        "`beta`. It works for a single row.",
    ),
)


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
