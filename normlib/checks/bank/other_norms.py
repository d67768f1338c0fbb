"""Exercises on layer, instance, group and RMS norm: forward passes."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, images, parameters, tables
from normlib.checks.exercise import Case, Exercise
from normlib.checks.laws import output_laws
from normlib.kernel import normalize

__all__ = ["group_norm", "instance_norm", "layer_norm_forward", "rms_norm", "rows"]


def rows(rng: np.random.Generator) -> list[tuple[str, np.ndarray, float]]:
    """Return (label, x of shape (N, D), eps); here the hard columns are hard rows."""
    cases = [
        (label.replace("column", "row"), np.ascontiguousarray(x.T), eps)
        for label, x, eps in tables(rng)
        if label not in ("two rows", "more columns than rows")
    ]
    ordinary = cases[1][1]
    tall = np.vstack([ordinary, 2 * ordinary[:1] - 1, ordinary[::-1] - 0.3])
    return [*cases, ("more rows than columns", tall, 1e-4), ("one row", tall[:1], 1e-4)]


def _layer_norm_reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    return gamma * normalize(x, (1,), eps)[0] + beta


def _layer_norm_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, *parameters(rng, x.shape[1]), eps))
        for label, x, eps in rows(rng)
    ]
    return [*cases, float32(cases[1])]


layer_norm_forward = Exercise(
    "layer-norm-forward",
    "other-norms",
    "sec-other-norms",
    _solutions.layer_norm_forward,
    ("y",),
    _layer_norm_reference,
    _layer_norm_cases,
    (
        "Layer norm never looks at another sample. Which axis is left to average over?",
        "One mean and one variance for each row, over its features; `gamma` and "
        "`beta` still have one entry for each feature.",
        "`x.mean(axis=-1, keepdims=True)`: with `keepdims` the shape is $(N, 1)$ and "
        "broadcasts against $(N, D)$; without it, NumPy aligns it with the features.",
    ),
)


def _per_channel_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, *parameters(rng, x.shape[1]), eps))
        for label, x, eps in images(rng)
    ]
    x, *rest = cases[1].args
    return [*cases, Case("one image", (x[:1], *rest)), float32(cases[1])]


def _instance_norm_reference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float
) -> np.ndarray:
    x_hat = normalize(x, (2, 3), eps)[0]
    return gamma[:, None, None] * x_hat + beta[:, None, None]


instance_norm = Exercise(
    "instance-norm",
    "other-norms",
    "sec-other-norms",
    _solutions.instance_norm,
    ("y",),
    _instance_norm_reference,
    _per_channel_cases,
    (
        "Each image has its own contrast, in each channel. Instance norm removes it.",
        "There are $N \\cdot C$ means, each over the $H W$ pixels of one channel of "
        "one image: axes 2 and 3.",
        "Batch norm for images with `axis=(2, 3)` in place of `(0, 2, 3)`; `gamma` and "
        "`beta` remain one per channel, `reshape(1, -1, 1, 1)`.",
    ),
    output_laws((2, 3), "over each image and channel"),
)


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
    for label, (x, *rest) in _per_channel_cases(rng):
        channels = x.shape[1]
        groups = 2 if channels > 2 else 1
        cases.append(Case(label, (x, groups, *rest)))
    label, (x, _, *rest) = cases[1]
    more = [Case(f"{label}, {g} groups", (x, g, *rest)) for g in (1, 3, x.shape[1])]
    return [*cases, *more]


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
)


def _rms_norm_reference(x: np.ndarray, gamma: np.ndarray, eps: float) -> np.ndarray:
    return gamma * normalize(x, (1,), eps, center=False)[0]


def _rms_norm_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case(label, (x, parameters(rng, x.shape[1])[0], eps))
        for label, x, eps in rows(rng)
    ]
    zero = cases[1].args[0].copy()
    zero[0] = 0.0
    cases.append(Case("row of zeros", (zero, *cases[1].args[1:])))
    return [*cases, float32(cases[1])]


rms_norm = Exercise(
    "rms-norm",
    "other-norms",
    "sec-other-norms",
    _solutions.rms_norm,
    ("y",),
    _rms_norm_reference,
    _rms_norm_cases,
    (
        "RMS stands for root mean square: square, then mean, then root. Nothing is "
        "subtracted.",
        "One number for each row: $\\sqrt{\\frac{1}{D} \\sum_i x_i^2 + \\varepsilon}$.",
        "`rms = np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)`, then `gamma * x / "
        "rms`. There is no `beta`.",
    ),
)
