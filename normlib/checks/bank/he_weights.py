"""The exercise on the first weights of a convolution before a ReLU."""

import numpy as np

from normlib.checks.bank import _solutions_training
from normlib.checks.cases import float32
from normlib.checks.exercise import Case, Exercise, Law

__all__ = ["he_weights"]

SHAPES = {
    "ordinary": (5, 3, 2, 4),
    "linear layer": (7, 4, 1, 1),
    "one channel in": (6, 1, 3, 2),
    "more channels in than out": (2, 9, 3, 3),
}


def _reference(z: np.ndarray) -> np.ndarray:
    return z * (z[0].size / 2) ** -0.5


def _cases(rng: np.random.Generator) -> list[Case]:
    by_hand = rng.uniform(0.5, 2, (2, 3, 1, 1)) * rng.choice([-1, 1], (2, 3, 1, 1))
    cases = [Case("by hand", (by_hand.round(1),))]
    for label, shape in SHAPES.items():
        cases.append(Case(label, (rng.standard_normal(shape),)))
    return [*cases, float32(cases[1])]


he_weights = Exercise(
    "he-weights",
    "hidden-layers",
    "sec-hidden-layers",
    _solutions_training.he_weights,
    ("weights",),
    _reference,
    _cases,
    (
        "A number of variance 1, times $s$, has variance $s^2$. Which variance do the "
        "weights need?",
        "$2/n$, where $n$ is the fan-in: how many inputs go into *one* output number?",
        "A filter reads all input channels under its window: `n = z.shape[1] * "
        "z.shape[2] * z.shape[3]`, and the factor is `np.sqrt(2 / n)`.",
    ),
    (
        Law(
            "weights",
            "the fan-in times the mean square of the weights",
            lambda args, w: np.full(1, args[0][0].size * (w**2).mean()),
        ),
    ),
)

mistake = he_weights.mistake


@mistake(
    "The fan-out was taken for the fan-in.",
    "That keeps the gradient level on the way back (PyTorch's `mode='fan_out'`); on "
    "the way forward it is right only where both are equal.",
    "eq-fan-in",
)
def _fan_out(z):
    return z * np.sqrt(2 / z[:, 0].size)


@mistake(
    "The fan-in lacks the size of the window: only channels were counted.",
    "A filter of 3 by 3 adds up nine numbers of each channel.",
    "eq-fan-in",
)
def _window_forgotten(z):
    return z * np.sqrt(2 / z.shape[1])


@mistake(
    "The number of filters was taken for the fan-in.",
    "It says how many outputs a position has, not how many inputs an output has.",
    "eq-fan-in",
)
def _number_of_filters(z):
    return z * np.sqrt(2 / z.shape[0])


@mistake(
    "Only the size of the window was counted, not the channels.",
    "A filter adds up its window in every input channel.",
    "eq-fan-in",
)
def _only_the_window(z):
    return z * np.sqrt(2 / z[0, 0].size)


@mistake(
    "All weights of the layer were counted.",
    "One output is the sum of one filter's products, and the other filters are not in "
    "it.",
    "eq-fan-in",
)
def _all_weights(z):
    return z * np.sqrt(2 / z.size)


@mistake(
    "`z` was multiplied by the variance, not by the deviation.",
    "The weights then have variance 4/n², and every layer divides the mean square by "
    "n/2.",
    "eq-he",
)
def _variance_for_deviation(z):
    return z * 2 / z[0].size


@mistake(
    "The 2 is missing: the variance is 1/n.",
    "That is right without a ReLU, which halves the mean square.",
    "eq-relu-half",
)
def _factor_2_missing(z):
    return z * np.sqrt(1 / z[0].size)


@mistake(
    "The 2 is below, not above: the variance is 1/(2n).",
    "The ReLU takes a half away; the weights must give it back.",
    "eq-relu-half",
)
def _two_below(z):
    return z * np.sqrt(0.5 / z[0].size)


@mistake(
    "The root was taken of n alone: the deviation is 2/√n.",
    "The 2 belongs to the variance, so it stands under the root.",
    "eq-he",
)
def _two_outside_root(z):
    return z * 2 / np.sqrt(z[0].size)


@mistake(
    "The root was taken of 2 alone: the deviation is √2/n.",
    "The variance 2/n has the root √2/√n.",
    "eq-he",
)
def _fan_in_outside_root(z):
    return z * np.sqrt(2) / z[0].size


@mistake(
    "The variance is that of Glorot, 2/(fan-in + fan-out).",
    "It weighs the way forward against the way back, and reckons without a ReLU.",
    "eq-glorot",
)
def _glorot(z):
    return z * np.sqrt(2 / (z[0].size + z[:, 0].size))


@mistake(
    "The factor is √(6/n): the bound of uniform weights.",
    "A uniform number between -a and a has variance a²/3; `z` has variance 1.",
    "eq-he",
)
def _uniform_bound(z):
    return z * np.sqrt(6 / z[0].size)


@mistake(
    "The variance is 1/(3n): what PyTorch's layers draw if nothing is said.",
    "A sixth of what a ReLU needs.",
    "eq-he",
)
def _default_of_pytorch(z):
    return z * np.sqrt(1 / (3 * z[0].size))


@mistake(
    "The factor is upside down.",
    "More inputs need smaller weights.",
    "eq-fan-in",
)
def _upside_down(z):
    return z * np.sqrt(z[0].size / 2)


@mistake(
    "`z` was standardized first.",
    "The numbers are draws with variance 1; that a sample of them has another is part "
    "of the draw.",
    "eq-he",
)
def _standardized_first(z):
    return (z - z.mean()) / z.std() * np.sqrt(2 / z[0].size)


@mistake(
    "`z` came back as it was.",
    "Weights of variance 1 multiply the mean square by n/2 in every layer.",
    "eq-he",
)
def _unchanged(z):
    return z.astype(float)
