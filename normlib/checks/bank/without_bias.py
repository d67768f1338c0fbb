"""The exercise on taking the bias out of a trained layer before batch norm."""

import numpy as np

from normlib.checks.bank import _solutions_depth
from normlib.checks.cases import float32, parameters
from normlib.checks.exercise import Arrays, Case, Exercise

__all__ = ["without_bias"]


def _reference(
    bias: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    eps: float,
) -> Arrays:
    """Go by what inference returns for an output of 0 that had the bias added."""
    scale = gamma * (running_var + eps) ** -0.5
    level = scale * (bias - running_mean) + beta
    return (beta - level) / scale, beta


def _cases(rng: np.random.Generator) -> list[Case]:
    """Return biases and means far from 0, and variances on both sides of 1."""
    sizes = {"by hand": 2, "ordinary": 4, "one feature": 1, "large eps": 3, "wide": 8}
    cases = []
    for label, c in sizes.items():
        bias = rng.uniform(0.5, 2, c) * rng.choice([-1, 1], c)
        mean = rng.uniform(0.5, 3, c) * rng.choice([-1, 1], c)
        var = rng.uniform(1.5, 4, c) ** rng.choice([-1, 1], c)
        statistics = bias.round(1), mean.round(1), var.round(2)
        eps = 0.5 if label == "large eps" else 1e-3
        cases.append(Case(label, (*statistics, *parameters(rng, c), eps)))
    return [*cases, float32(cases[1])]


without_bias = Exercise(
    "without-bias",
    "training",
    "sec-training",
    _solutions_depth.without_bias,
    ("running_mean", "beta"),
    _reference,
    _cases,
    (
        "In training the batch's own mean is subtracted, and the bias with it. What "
        "must stay as it is, so that a training step gives what it gave?",
        "At inference the running mean is subtracted. It is a mean of outputs that had "
        "the bias in them; what would it be of outputs without?",
        "A shift moves the mean and leaves the variance: `running_mean - bias`. "
        "`beta` stays, and the other arguments are not needed.",
    ),
)


mistake = without_bias.mistake


@mistake(
    "The running mean is as it was: it still has the bias in it.",
    "The network then trains as before and answers wrong, with no error in sight.",
    "eq-bias-in-mean",
)
def _mean_kept(bias, mean, var, gamma, beta, eps):
    return mean, beta


@mistake(
    "The bias was added to the running mean.",
    "The mean is that of outputs with the bias in them; without it they lie lower by "
    "the bias, and so does their mean.",
    "eq-bias-in-mean",
)
def _bias_added_to_mean(bias, mean, var, gamma, beta, eps):
    return mean + bias, beta


@mistake(
    "The bias was divided by the deviation before it left the running mean.",
    "The running mean is subtracted first, so it is in units of the outputs, as the "
    "bias is.",
    "eq-bias-in-mean",
)
def _bias_over_deviation(bias, mean, var, gamma, beta, eps):
    return mean - bias / np.sqrt(var + eps), beta


@mistake(
    "The bias was scaled by γ/√(σ² + ε) before it left the running mean.",
    "That factor is for what comes after the normalization, as `beta` does; the "
    "running mean is subtracted before it.",
    "eq-bias-in-mean",
)
def _bias_scaled(bias, mean, var, gamma, beta, eps):
    return mean - gamma * bias / np.sqrt(var + eps), beta


@mistake(
    "The bias was multiplied by `gamma` before it left the running mean.",
    "`gamma` comes after the mean is subtracted.",
    "eq-bias-in-mean",
)
def _bias_times_gamma(bias, mean, var, gamma, beta, eps):
    return mean - gamma * bias, beta


@mistake(
    "Only a tenth of the bias left the running mean, as if one batch had updated it.",
    "It would take dozens of batches to forget the bias that way; subtract all of it.",
    "eq-bias-in-mean",
)
def _one_update(bias, mean, var, gamma, beta, eps):
    return mean - 0.1 * bias, beta


@mistake(
    "The running mean was reset to 0.",
    "It holds more than the bias: the mean of what the weights return.",
    "eq-bias-in-mean",
)
def _mean_reset(bias, mean, var, gamma, beta, eps):
    return 0.0 * mean, beta


@mistake(
    "Only the bias, with its sign turned, is left of the running mean.",
    "The outputs without the bias have a mean, too.",
    "eq-bias-in-mean",
)
def _mean_replaced(bias, mean, var, gamma, beta, eps):
    return -bias, beta


@mistake(
    "The bias went into `beta`, scaled by γ/√(σ² + ε), and the running mean stayed.",
    "At inference that is right. In training the batch's mean is subtracted, without "
    "the bias as with it, and then every output is off by what `beta` gained.",
    "eq-bias-in-mean",
)
def _bias_into_beta(bias, mean, var, gamma, beta, eps):
    return mean, beta + gamma * bias / np.sqrt(var + eps)


@mistake(
    "The bias was added to `beta` as it is.",
    "It never stood there: what the layer adds is subtracted again with the batch's "
    "mean, so `beta` has nothing to make up for.",
    "eq-bias-in-mean",
)
def _bias_added_to_beta(bias, mean, var, gamma, beta, eps):
    return mean, beta + bias


@mistake(
    "The bias went into `beta`, scaled by γ/σ without `eps`, and the running mean "
    "stayed.",
    "At inference that is right but for eps. In training the batch's mean is "
    "subtracted, without the bias as with it, and every output is off.",
    "eq-bias-in-mean",
)
def _bias_into_beta__without_eps(bias, mean, var, gamma, beta, eps):
    return mean, beta + gamma * bias / np.sqrt(var)


@mistake(
    "The bias went into `beta`, multiplied by `gamma`, and the running mean stayed.",
    "`beta` has nothing to make up for: the bias is subtracted again with the mean.",
    "eq-bias-in-mean",
)
def _bias_into_beta__times_gamma(bias, mean, var, gamma, beta, eps):
    return mean, beta + gamma * bias


@mistake(
    "The bias was taken out of the running mean and put into `beta`, scaled.",
    "One of the two is enough at inference, and only the first is right in training.",
    "eq-bias-in-mean",
)
def _counted_twice(bias, mean, var, gamma, beta, eps):
    return mean - bias, beta + gamma * bias / np.sqrt(var + eps)


@mistake(
    "`beta` took over the bias, beside what the running mean lost.",
    "`beta` does in training what a bias would do, but it does so already.",
    "eq-bias-in-mean",
)
def _beta_takes_over(bias, mean, var, gamma, beta, eps):
    return mean - bias, beta + bias


@mistake(
    "The bias was subtracted from `beta` as well.",
    "`beta` is added after the mean was subtracted; the bias was never in it.",
    "eq-bias-in-mean",
)
def _beta_loses_bias(bias, mean, var, gamma, beta, eps):
    return mean - bias, beta - bias


@mistake(
    "`beta` was dropped with the bias.",
    "Only the layer's own bias is dead. `beta` comes after the norm, and lives.",
    "eq-bias-in-mean",
)
def _beta_dropped(bias, mean, var, gamma, beta, eps):
    return mean - bias, 0.0 * beta


@mistake(
    "The running mean and the bias were both folded into `beta`.",
    "That is right at inference only: in training `beta` would be added to what the "
    "batch's mean has been subtracted from already.",
    "eq-bias-in-mean",
)
def _folded(bias, mean, var, gamma, beta, eps):
    return 0.0 * mean, beta + gamma * (bias - mean) / np.sqrt(var + eps)
