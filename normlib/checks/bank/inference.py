"""The exercise on inference with running statistics."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank.running import running_statistics
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Case, Exercise

__all__ = ["batch_norm_inference"]


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
        mean, var = running_statistics(rng, x)
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


@batch_norm_inference.mistake(
    "The statistics of the batch were used, not the running ones.",
    "The answer for one sample then depends on its neighbors, and a batch of one "
    "always gives beta.",
    "eq-inference",
)
def _batch_statistics(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, x.mean(axis=0), x.var(axis=0) + eps, gamma, beta)


@batch_norm_inference.mistake(
    "The mean is that of the batch, only the variance is the running one.",
    "Both must be fixed; otherwise a brighter batch looks like any other.",
    "eq-inference",
)
def _batch_mean(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, x.mean(axis=0), running_var + eps, gamma, beta)


@batch_norm_inference.mistake(
    "The variance is that of the batch, only the mean is the running one.",
    "Both must be fixed; a single row has variance 0.",
    "eq-inference",
)
def _batch_variance(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, x.var(axis=0) + eps, gamma, beta)


@batch_norm_inference.mistake(
    "The division is by the running variance; its square root is missing.",
    "`running_var` is a variance, in units of x².",
    "eq-inference",
)
def _divided_by_variance(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, (running_var + eps) ** 2, gamma, beta)


@batch_norm_inference.mistake(
    "The square root of the running variance was taken twice.",
    "It happens when a standard deviation is stored and used as a variance.",
    "eq-inference",
)
def _root_taken_twice(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, np.sqrt(running_var + eps), gamma, beta)


@batch_norm_inference.mistake(
    "The square root of the running variance was taken twice.",
    "It happens when a standard deviation is stored and used as a variance.",
    "eq-inference",
)
def _root_taken_twice__eps_between(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, np.sqrt(running_var) + eps, gamma, beta)


@batch_norm_inference.mistake(
    "`eps` was added to the standard deviation, outside the square root.",
    "Inference must repeat the formula of training, or the two disagree where the "
    "variance is small.",
    "eq-inference",
)
def _eps_outside_root(x, running_mean, running_var, gamma, beta, eps):
    std = np.sqrt(running_var) + eps
    return _affine(x, running_mean, std**2, gamma, beta)


@batch_norm_inference.mistake(
    "`eps` is not used.",
    "A feature that never varied in training has running variance 0.",
    "eq-inference",
)
def _eps_missing(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, running_var, gamma, beta)


@batch_norm_inference.mistake(
    "The argument `eps` is ignored: 1e-5 is used always.",
    "Inference must use the eps that training used.",
    "eq-inference",
)
def _eps_always_1e_5(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, running_var + 1e-5, gamma, beta)


@batch_norm_inference.mistake(
    "The running mean is not subtracted.",
    "The output has the right scale around the wrong place.",
    "eq-inference",
)
def _mean_not_subtracted(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, 0.0, running_var + eps, gamma, beta)


@batch_norm_inference.mistake(
    "`beta` was added before `gamma` multiplied: γ(x̂ + β).",
    "The shift is then γβ; it goes unnoticed while γ is 1 or β is 0.",
    "eq-inference",
)
def _beta_inside_scale(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, running_var + eps, gamma, gamma * beta)


@batch_norm_inference.mistake(
    "`gamma` was added and `beta` multiplied: they changed places.",
    "γ is the scale and β the shift, in training and at inference.",
    "eq-inference",
)
def _gamma_and_beta_swapped(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, running_var + eps, beta, gamma)


@batch_norm_inference.mistake(
    "This is x̂: `gamma` and `beta` are not applied.",
    "They were learned together with the layers that follow.",
    "eq-inference",
)
def _affine_forgotten(x, running_mean, running_var, gamma, beta, eps):
    return _affine(x, running_mean, running_var + eps, 1.0, 0.0)


@batch_norm_inference.mistake(
    "The running variance was corrected by m/(m - 1) once more.",
    "It is stored unbiased; and the size of the batch must not matter here.",
    "eq-inference",
)
def _corrected_again(x, running_mean, running_var, gamma, beta, eps):
    var = running_var * len(x) / (len(x) - 1) if len(x) > 1 else running_var
    return _affine(x, running_mean, var + eps, gamma, beta)


def _affine(x, mean, square, gamma, beta) -> np.ndarray:
    return gamma * ((x - mean) / np.sqrt(square)) + beta
