"""The exercise on weight standardization."""

import numpy as np

from normlib.checks.bank import _solutions_images
from normlib.checks.bank._forward import share
from normlib.checks.bank._layer import Layer
from normlib.checks.cases import float32
from normlib.checks.exercise import Case, Exercise, Law
from normlib.kernel import normalize

__all__ = ["weight_standardize"]

FILTER = (1, 2, 3)


def _reference(weight: np.ndarray, eps: float) -> np.ndarray:
    return normalize(weight, FILTER, eps)[0]


def _filters(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return filters that differ in level and spread, none of them nearly constant."""
    level, spread = rng.uniform(-1, 1, shape[0]), rng.uniform(0.5, 2, shape[0])
    noise = rng.uniform(-1, 1, (shape[0], int(np.prod(shape[1:]))))
    noise[:, 0], noise[:, -1] = 1.2, -0.9
    return (level[:, None] + spread[:, None] * noise).reshape(shape)


def _cases(rng: np.random.Generator) -> list[Case]:
    tiny, constant = _filters(rng, 4, 2, 3, 3), _filters(rng, 3, 2, 2, 2)
    tiny[0] *= 1e-3
    tiny[1] = 0.02 + 4e-3 * tiny[1]
    constant[1] = 0.5
    cases = [
        ("by hand", _filters(rng, 2, 1, 2, 2).round(1), 0.1),
        ("ordinary", _filters(rng, 6, 4, 3, 3), 1e-5),
        ("as many of everything", _filters(rng, 3, 3, 3, 3), 1e-4),
        ("one input channel", _filters(rng, 5, 1, 3, 3), 1e-3),
        ("one filter", _filters(rng, 1, 3, 2, 2), 1e-4),
        ("kernels of one pixel", _filters(rng, 4, 6, 1, 1), 1e-5),
        ("large eps", _filters(rng, 4, 3, 2, 2), 0.5),
        ("tiny variance", tiny, 1e-5),
        ("constant filter", constant, 1e-5),
        ("mean of 3e3", _filters(rng, 3, 2, 3, 3) + 3e3, 1e-5),
        ("mean of 1e7", _filters(rng, 2, 3, 3, 3) + 1e7, 1e-5),
    ]
    tasks = [Case(label, (weight, eps)) for label, weight, eps in cases]
    return [*tasks, float32(tasks[1])]


weight_standardize = Exercise(
    "weight-standardize",
    "other-norms",
    "sec-other-norms",
    _solutions_images.weight_standardize,
    ("weight",),
    _reference,
    _cases,
    (
        "The layers of this chapter normalize what a filter returns. Here the filter "
        "itself is the sample: which axes of the array are *inside* one filter?",
        "One mean and one variance for each of the $C_\\text{out}$ filters, over axes "
        "1, 2 and 3, so $m = C_\\text{in} K^2$; the variance divides by $m$.",
        "It is layer norm over $(C, H, W)$ with `weight` in place of `x`: "
        "`axis=(1, 2, 3), keepdims=True`, and `eps` under the root. There is no "
        "`gamma`; the layer behind the convolution has one.",
    ),
    (
        Law("weight", "the mean of each filter", lambda args, w: w.mean(axis=FILTER)),
        Law(
            "weight",
            "the standard deviation of each filter",
            lambda args, w: w.std(axis=FILTER),
        ),
    ),
)


# A filter has no gamma and no beta: with 1 and 0 those mistakes would be right.
share(weight_standardize, lambda weight, eps: (Layer(FILTER), weight, 1.0, 0.0, eps))
weight_standardize.mistakes[:] = [
    m
    for m in weight_standardize.mistakes
    if not m.name.startswith(("gamma", "beta", "affine"))
]


def _over(weight: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    return Layer(axes).output(weight, np.ones(1), np.zeros(1), eps)


@weight_standardize.mistake(
    "The statistics are over the input channels only (`axis=1`).",
    "The places of the kernel belong to the filter too: axes 1, 2 and 3 are one set.",
    "sec-other-norms",
)
def _input_channels_only(weight, eps):
    return _over(weight, (1,), eps)


@weight_standardize.mistake(
    "Each K×K slice of a filter is standardized alone (`axis=(2, 3)`).",
    "A filter sums over its input channels; only as a whole does it have mean 0.",
    "sec-other-norms",
)
def _slices_apart(weight, eps):
    return _over(weight, (2, 3), eps)


@weight_standardize.mistake(
    "The statistics are over the filters (`axis=0`), one for each place in them.",
    "The first axis counts the filters, as a batch counts samples; each stands alone.",
    "sec-other-norms",
)
def _across_filters(weight, eps):
    return _over(weight, (0,), eps)


@weight_standardize.mistake(
    "The statistics are over axes 0, 2 and 3: one for each input channel.",
    "These are batch norm's axes on images. In a weight axis 0 counts the filters.",
    "sec-other-norms",
)
def _input_channels_apart(weight, eps):
    return _over(weight, (0, 2, 3), eps)


@weight_standardize.mistake(
    "The statistics are over axes 0, 1 and 2, as if the output channels came last.",
    "That is right for (K, K, C_in, C_out), as Keras keeps them; here C_out is first.",
    "sec-other-norms",
)
def _output_channels_last(weight, eps):
    return _over(weight, (0, 1, 2), eps)


@weight_standardize.mistake(
    "The weight was reshaped to (-1, C_out), not to (C_out, -1).",
    "`reshape` moves no number, so each column then takes pieces of every filter.",
    "sec-other-norms",
)
def _reshaped_the_wrong_way(weight, eps):
    columns = weight.reshape(-1, len(weight))
    return _over(columns, (0,), eps).reshape(weight.shape)


@weight_standardize.mistake(
    "Each filter has its own mean, but all share one variance, that of the tensor.",
    "A filter of small weights stays small then, and that is what should go.",
    "sec-other-norms",
)
def _one_variance_for_all(weight, eps):
    centered = weight - weight.mean(axis=FILTER, keepdims=True)
    return centered / np.sqrt(weight.var() + eps)


@weight_standardize.mistake(
    "Each filter has its own variance, but one mean, of the tensor, is subtracted.",
    "The filters keep means of their own, so they do not ignore a constant input.",
    "sec-other-norms",
)
def _one_mean_for_all(weight, eps):
    var = weight.var(axis=FILTER, keepdims=True)
    return (weight - weight.mean()) / np.sqrt(var + eps)


@weight_standardize.mistake(
    "Each filter is divided by its length: this is weight normalization.",
    "That leaves the mean in the filter, and the length is 1 where √m is wanted.",
    "sec-other-norms",
)
def _weight_normalization_instead(weight, eps):
    return weight / np.sqrt((weight**2).sum(axis=FILTER, keepdims=True) + eps)


@weight_standardize.mistake(
    "The result is divided by √m once more.",
    "That makes the sum of squares 1, not their mean; some networks without "
    "normalization layers do so on purpose.",
    "sec-other-norms",
)
def _scaled_by_fan_in(weight, eps):
    return _over(weight, FILTER, eps) / np.sqrt(weight[0].size)


@weight_standardize.mistake(
    "`eps` is a floor here: the variance is replaced by it where it is smaller.",
    "Asked for is σ² + ε, which also moves the variances that are large enough.",
    "eq-x-hat",
)
def _eps_as_a_floor(weight, eps):
    var = weight.var(axis=FILTER, keepdims=True)
    centered = weight - weight.mean(axis=FILTER, keepdims=True)
    return centered / np.sqrt(np.maximum(var, eps))


@weight_standardize.mistake(
    "The centered filter is multiplied by σ, not divided by it.",
    "`rsqrt` is one over the root already: whoever divides by it multiplies by σ.",
    "eq-x-hat",
)
def _multiplied_by_deviation(weight, eps):
    centered = weight - weight.mean(axis=FILTER, keepdims=True)
    return centered * np.sqrt(weight.var(axis=FILTER, keepdims=True) + eps)
