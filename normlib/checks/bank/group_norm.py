"""The exercise on group norm."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.bank._forward import share
from normlib.checks.bank._layer import Layer
from normlib.checks.bank.instance_norm import image_cases
from normlib.checks.exercise import Case, Exercise
from normlib.checks.laws import output_laws
from normlib.kernel import normalize

__all__ = ["group_norm"]


def _group_norm_reference(
    x: np.ndarray, num_groups: int, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    n, c, *spatial = x.shape
    grouped = x.reshape(n, num_groups, c // num_groups, *spatial)
    x_hat = normalize(grouped, (2, 3, 4), eps)[0].reshape(x.shape)
    return gamma[:, None, None] * x_hat + beta[:, None, None]


def _group_norm_cases(rng: np.random.Generator) -> list[Case]:
    """Return the cases of instance norm, with 1 group, C groups, and most between."""
    cases = []
    for label, (x, *rest) in image_cases(rng):
        channels = x.shape[1]
        groups = 2 if channels > 2 else 1
        cases.append(Case(label, (x, groups, *rest)))
    label, (x, _, *rest) = cases[1]
    more = [Case(f"{label}, {g} groups", (x, g, *rest)) for g in (1, 3, x.shape[1])]
    return [*cases, *more]


def _groups(args: tuple, y: np.ndarray) -> np.ndarray:
    """Return y without gamma and beta, one group in each row of the last axis."""
    x, num_groups, gamma, beta, _ = args
    x_hat = (y - beta[:, None, None]) / gamma[:, None, None]
    return x_hat.reshape(len(x), num_groups, -1)


group_norm = Exercise(
    "group-norm",
    "other-norms",
    "sec-other-norms",
    _solutions.group_norm,
    ("y",),
    _group_norm_reference,
    _group_norm_cases,
    (
        "One group is layer norm over $(C, H, W)$, $C$ groups are instance norm. What "
        "does two groups of three channels look like?",
        "Neighboring channels share a group. NumPy's `reshape` keeps neighbors "
        "together, so `x.reshape(N, G, -1)` has one group per row of its last axis.",
        "Normalize the last axis of `x.reshape(N, G, -1)`, reshape back to `x.shape`, "
        "and only then scale and shift, with `gamma` and `beta` per channel.",
    ),
    output_laws((2,), "of x̂ over each group", _groups),
)


def _layer(groups: int) -> Layer:
    return Layer((2, 3, 4), channels=True, groups=groups)


share(group_norm, lambda x, groups, *rest: (_layer(groups), x, *rest))


@group_norm.mistake(
    "Channels 0, G, 2G, ... share a group; it should be neighbors.",
    "The weights of a network trained elsewhere count on neighboring channels.",
    "eq-index-sets",
)
def _channels_interleaved(x, num_groups, gamma, beta, eps):
    order = np.arange(x.shape[1]).reshape(-1, num_groups).T.ravel()
    back = np.argsort(order)
    ones, zeros = np.ones_like(gamma), np.zeros_like(beta)
    x_hat = _layer(num_groups).output(x[:, order], ones, zeros, eps)[:, back]
    return Layer((), channels=True).affine(x_hat, gamma, beta)


@group_norm.mistake(
    "`num_groups` was taken as the number of channels in a group.",
    "There are `num_groups` groups of C / num_groups channels.",
    "eq-index-sets",
)
def _group_size_for_number(x, num_groups, gamma, beta, eps):
    return _layer(x.shape[1] // num_groups).output(x, gamma, beta, eps)


@group_norm.mistake(
    "The statistics are over the batch as well.",
    "Group norm never looks at another image; that is why it works for a batch of one.",
    "eq-index-sets",
)
def _statistics_over_batch(x, num_groups, gamma, beta, eps):
    layer = Layer((0, 2, 3, 4), channels=True, groups=num_groups)
    return layer.output(x, gamma, beta, eps)


@group_norm.mistake(
    "Each pixel is normalized over the channels of its group only.",
    "A group's statistics are over its channels and all pixels.",
    "eq-index-sets",
)
def _pixels_apart(x, num_groups, gamma, beta, eps):
    return Layer((2,), channels=True, groups=num_groups).output(x, gamma, beta, eps)


@group_norm.mistake(
    "Each channel is normalized alone: this is instance norm.",
    "The channels of a group share one mean and one variance.",
    "eq-index-sets",
)
def _channels_apart(x, num_groups, gamma, beta, eps):
    return _layer(x.shape[1]).output(x, gamma, beta, eps)


@group_norm.mistake(
    "All channels are normalized together: this is layer norm over (C, H, W).",
    "Each of the G groups has its own mean and variance.",
    "eq-index-sets",
)
def _one_group(x, num_groups, gamma, beta, eps):
    return _layer(1).output(x, gamma, beta, eps)


@group_norm.mistake(
    "All channels of a group share one `gamma` and one `beta`, the first of the group.",
    "Only the statistics are shared; scale and shift are per channel.",
    "eq-index-sets",
)
def _gamma_per_group(x, num_groups, gamma, beta, eps):
    size = x.shape[1] // num_groups
    first = np.repeat(np.arange(num_groups) * size, size)
    return _layer(num_groups).output(x, gamma[first], beta[first], eps)


@group_norm.mistake(
    "All channels of a group share one `gamma` and one `beta`: the first G entries.",
    "Only the statistics are shared; scale and shift are per channel.",
    "eq-index-sets",
)
def _gamma_per_group__the_first(x, num_groups, gamma, beta, eps):
    size = x.shape[1] // num_groups
    first = np.repeat(np.arange(num_groups), size)
    return _layer(num_groups).output(x, gamma[first], beta[first], eps)


@group_norm.mistake(
    "The array was reshaped as if its channels came last: (N, H, W, G, C / G).",
    "`reshape` moves no number; on (N, C, H, W) it cuts across channels and pixels.",
    "eq-index-sets",
)
def _channels_last_reshape(x, num_groups, gamma, beta, eps):
    n, c, h, w = x.shape
    grouped = x.reshape(n, h, w, num_groups, c // num_groups)
    centered = grouped - grouped.mean(axis=(1, 2, 4), keepdims=True)
    var = (centered**2).mean(axis=(1, 2, 4), keepdims=True)
    x_hat = (centered / np.sqrt(var + eps)).reshape(x.shape)
    return Layer((), channels=True).affine(x_hat, gamma, beta)


@group_norm.mistake(
    "The whole array was reshaped into G rows, `x.reshape(G, -1)`.",
    "The first axis is the batch: images are mixed before channels are.",
    "eq-index-sets",
)
def _batch_reshaped_away(x, num_groups, gamma, beta, eps):
    rows = x.reshape(num_groups, -1)
    centered = rows - rows.mean(axis=1, keepdims=True)
    var = (centered**2).mean(axis=1, keepdims=True)
    x_hat = (centered / np.sqrt(var + eps)).reshape(x.shape)
    return Layer((), channels=True).affine(x_hat, gamma, beta)
