"""The exercise on the backward pass of group norm."""

import numpy as np

from normlib.checks.bank import _solutions_images
from normlib.checks.bank._back_images import (
    IMAGES,
    PIXELS,
    ImageBack,
    image_laws,
    partition,
)
from normlib.checks.bank._backward import share
from normlib.checks.bank.instance_norm_backward import image_gradient_cases
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.kernel import normalize, normalize_vjp

__all__ = ["group_norm_backward"]


def _group_norm_reference(
    dy: np.ndarray, x: np.ndarray, num_groups: int, gamma: np.ndarray, eps: float
) -> Arrays:
    n, c, *spatial = x.shape
    grouped = (n, num_groups, c // num_groups, *spatial)
    x_hat, inv_std = normalize(x.reshape(grouped), (2, 3, 4), eps)
    dx_hat = (gamma[:, None, None] * dy).reshape(grouped)
    dx = normalize_vjp(dx_hat, x_hat, inv_std, (2, 3, 4)).reshape(x.shape)
    dgamma = np.einsum("nchw,nchw->c", dy, x_hat.reshape(x.shape))
    return dx, dgamma, np.einsum("nchw->c", dy)


def _group_norm_cases(rng: np.random.Generator) -> list[Case]:
    """Return the cases of instance norm, with 1 group, C groups, and most between."""
    cases = []
    for label, (dy, x, *rest) in image_gradient_cases(rng):
        groups = 2 if x.shape[1] > 2 else 1
        cases.append(Case(label, (dy, x, groups, *rest)))
    label, (dy, x, _, *rest) = cases[1]
    more = [Case(f"{label}, {g} groups", (dy, x, g, *rest)) for g in (1, 3, len(x[0]))]
    return [*cases, *more]


def _sets(shape: tuple[int, ...], groups: int, axes=(2, 3, 4)) -> np.ndarray:
    """Return the sets over `axes` of an array (N, G, C / G, H, W)."""
    index = np.arange(np.prod(shape))
    return partition(index.reshape(shape[0], groups, -1, *shape[2:]), axes)


def _back(dy, x, num_groups, gamma, eps, axes=(2, 3, 4)) -> ImageBack:
    return ImageBack.over(dy, x, gamma, eps, _sets(x.shape, num_groups, axes))


group_norm_backward = Exercise(
    "group-norm-backward",
    "other-norms",
    "sec-other-norms",
    _solutions_images.group_norm_backward,
    ("dx", "dgamma", "dbeta"),
    _group_norm_reference,
    _group_norm_cases,
    (
        "Only the sets are new. Two shapes meet: a group shares its statistics, a "
        "channel its $\\gamma$, and a group holds several channels.",
        "`x.reshape(N, G, -1)` has one group in each row of its last axis; bring "
        "$\\partial L/\\partial \\hat x$ into that shape too, *after* `gamma` has "
        "multiplied it channel by channel.",
        "On the rows it is layer norm's `dx`, with means over the last axis, reshaped "
        "back at the end. `dgamma` and `dbeta` are sums over axes 0, 2 and 3 of arrays "
        "of shape $(N, C, H, W)$.",
    ),
    image_laws(_back, "over each group"),
)


share(group_norm_backward, IMAGES, _back, "eq-dx-sets", "eq-dgamma-dbeta")


@group_norm_backward.mistake(
    "`gamma` was pulled out of the projections: γ · (dy - ...).",
    "In batch norm and instance norm it can be, being constant along the statistics; "
    "in a group it differs from channel to channel, so it belongs inside.",
    "eq-dx-sets",
)
def _gamma_outside_projection(dy, x, num_groups, gamma, eps):
    b = _back(dy, x, num_groups, gamma, eps)
    return b.outputs(dx=b.gamma * b.dx(dx_hat=b.dy))


@group_norm_backward.mistake(
    "All channels of a group share one `gamma` in `dx`, the first of the group.",
    "Only the statistics are shared; the scale is per channel.",
    "eq-dx-sets",
)
def _gamma_per_group(dy, x, num_groups, gamma, eps):
    size = x.shape[1] // num_groups
    first = np.repeat(np.arange(num_groups) * size, size)
    return _back(dy, x, num_groups, gamma[first], eps).outputs()


@group_norm_backward.mistake(
    "The means in `dx` are over each channel, though x̂ is right.",
    "They are over what shares a statistic, which is the group.",
    "eq-dx-sets",
)
def _means_per_channel(dy, x, num_groups, gamma, eps):
    b = _back(dy, x, num_groups, gamma, eps)
    g, x_hat, inv_std = (b.image(a + 0 * b.x) for a in (b.dx_hat, b.x_hat, b.inv_std))
    level, along = (a.mean((2, 3), keepdims=True) for a in (g, g * x_hat))
    return inv_std * (g - level - x_hat * along), *b.outputs()[1:]


@group_norm_backward.mistake(
    "`dgamma` is summed over the channels of a group as well.",
    "Only the statistics are shared; each channel has its own γ.",
    "eq-dgamma-dbeta",
)
def _dgamma_per_group(dy, x, num_groups, gamma, eps):
    b = _back(dy, x, num_groups, gamma, eps)
    total = b.dgamma_terms.sum(axis=PIXELS).reshape(num_groups, -1).sum(axis=1)
    return b.outputs(dgamma=np.repeat(total, x.shape[1] // num_groups))


@group_norm_backward.mistake(
    "`dgamma` has one entry for each group.",
    "Only the statistics are shared; each channel has its own γ.",
    "eq-dgamma-dbeta",
)
def _dgamma_per_group__in_its_shape(dy, x, num_groups, gamma, eps):
    b = _back(dy, x, num_groups, gamma, eps)
    total = b.dgamma_terms.sum(axis=PIXELS).reshape(num_groups, -1).sum(axis=1)
    return b.outputs(dgamma=total)


@group_norm_backward.mistake(
    "Channels 0, G, 2G, ... share a group; it should be neighbors.",
    "The weights of a network trained elsewhere count on neighboring channels.",
    "eq-index-sets",
)
def _channels_interleaved(dy, x, num_groups, gamma, eps):
    n, c, *spatial = x.shape
    index = np.arange(x.size).reshape(n, c // num_groups, num_groups, *spatial)
    return ImageBack.over(dy, x, gamma, eps, partition(index, (1, 3, 4))).outputs()


@group_norm_backward.mistake(
    "`num_groups` was taken as the number of channels in a group.",
    "There are `num_groups` groups of C / num_groups channels.",
    "eq-index-sets",
)
def _group_size_for_number(dy, x, num_groups, gamma, eps):
    return _back(dy, x, x.shape[1] // num_groups, gamma, eps).outputs()


@group_norm_backward.mistake(
    "x̂ and the means in `dx` are over the batch as well.",
    "Group norm never looks at another image; that is why it works for a batch of one.",
    "eq-index-sets",
)
def _statistics_over_batch(dy, x, num_groups, gamma, eps):
    return _back(dy, x, num_groups, gamma, eps, (0, 2, 3, 4)).outputs()


@group_norm_backward.mistake(
    "Each channel is treated alone: this is instance norm's backward pass.",
    "The channels of a group share one mean and one variance.",
    "eq-index-sets",
)
def _channels_apart(dy, x, num_groups, gamma, eps):
    return _back(dy, x, x.shape[1], gamma, eps).outputs()


@group_norm_backward.mistake(
    "All channels are treated together: this is layer norm over (C, H, W).",
    "Each of the G groups has its own mean and variance.",
    "eq-index-sets",
)
def _one_group(dy, x, num_groups, gamma, eps):
    return _back(dy, x, 1, gamma, eps).outputs()


@group_norm_backward.mistake(
    "The arrays were reshaped as if channels came last: (N, H, W, G, C / G).",
    "`reshape` moves no number; on (N, C, H, W) it cuts across channels and pixels.",
    "eq-index-sets",
)
def _channels_last_reshape(dy, x, num_groups, gamma, eps):
    n, c, h, w = x.shape
    index = np.arange(x.size).reshape(n, h, w, num_groups, c // num_groups)
    return ImageBack.over(dy, x, gamma, eps, partition(index, (1, 2, 4))).outputs()
