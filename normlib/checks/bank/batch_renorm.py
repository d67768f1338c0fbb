"""Exercises on batch renormalization."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Arrays, Case, Exercise
from normlib.checks.laws import gradient_laws
from normlib.kernel import normalize, normalize_vjp

__all__ = ["backward", "forward"]


def _corrected(x, running_mean, running_std, r_max, d_max, eps) -> tuple:
    """Return x_hat, inv_std, r and d."""
    x_hat, inv_std = normalize(x, (0,), eps)
    mean = x[0] - x_hat[0] / inv_std[0]
    r = np.clip(1 / (inv_std[0] * running_std), 1 / r_max, r_max)
    d = np.clip((mean - running_mean) / running_std, -d_max, d_max)
    return x_hat, inv_std, r, d


def _forward_reference(
    x, gamma, beta, running_mean, running_std, r_max, d_max, eps
) -> np.ndarray:
    x_hat, _, r, d = _corrected(x, running_mean, running_std, r_max, d_max, eps)
    return gamma * (x_hat * r + d) + beta


def _cases(rng: np.random.Generator) -> list[tuple[str, tuple]]:
    """Return (label, (x, gamma, beta, mean, std, r_max, d_max, eps)).

    In the second half both corrections are within their limits; before, some are not.
    """
    cases = []
    for label, x, eps in tables(rng):
        std = np.sqrt(x.var(axis=0) + eps)
        for ratio, shift, r_max, d_max, note in (
            ([2.6, 0.3, 1.2], [0.2, -0.9, 0.8], 1.8, 0.5, ""),
            ([1.3, 0.8], [0.4, -0.3], 3.0, 5.0, ", within the limits"),
        ):
            d = x.shape[1]
            running_std = (std / np.resize(ratio, d)).round(6)
            running_mean = x.mean(axis=0) - np.resize(shift, d) * running_std
            if label == "by hand":
                running_std, running_mean = running_std.round(2), running_mean.round(2)
            args = (x, *parameters(rng, d), running_mean, running_std)
            cases.append((label + note, (*args, r_max, d_max, eps)))
    return cases


def _forward_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case(*case) for case in _cases(rng)]
    x, gamma, beta, mean, std, _, _, eps = cases[2].args
    plain = Case("r_max = 1, d_max = 0", (x, gamma, beta, mean, std, 1.0, 0.0, eps))
    return [*cases, plain, float32(cases[2])]


forward = Exercise(
    "batch-renorm-forward",
    "batch-renorm",
    "sec-batch-renorm",
    _solutions.batch_renorm_forward,
    ("y",),
    _forward_reference,
    _forward_cases,
    (
        "Begin with batch norm's $\\hat x$. The two corrections then move it towards "
        "what inference would compute with the running statistics.",
        "$r = \\sigma_B / \\sigma_R$ and $d = (\\mu_B - \\mu_R) / \\sigma_R$: both are "
        "measured in running standard deviations, and both are clipped.",
        "`r = np.clip(std / running_std, 1 / r_max, r_max)`, `d = np.clip((mean - "
        "running_mean) / running_std, -d_max, d_max)`, and `gamma * (x_hat * r + d) + "
        "beta`. Here `std` has `eps` inside; `running_std` is already a deviation.",
    ),
)


def _backward_reference(
    dy, x, gamma, running_mean, running_std, r_max, d_max, eps
) -> Arrays:
    x_hat, inv_std, r, d = _corrected(x, running_mean, running_std, r_max, d_max, eps)
    dx = normalize_vjp(gamma * r * dy, x_hat, inv_std, (0,))
    return dx, (dy * (x_hat * r + d)).sum(axis=0), dy.sum(axis=0)


def _backward_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, (x, gamma, _, *rest) in _cases(rng):
        dy = rng.uniform(-2, 2, x.shape).round(1)
        cases.append(Case(label, (dy, x, gamma, *rest)))
    return [*cases, float32(cases[2])]


backward = Exercise(
    "batch-renorm-backward",
    "batch-renorm",
    "sec-batch-renorm",
    _solutions.batch_renorm_backward,
    ("dx", "dgamma", "dbeta"),
    _backward_reference,
    _backward_cases,
    (
        "No gradient flows through $r$ and $d$: compute them, then treat them as "
        "numbers that happen to be there.",
        "With $r$ and $d$ constant, $y = (\\gamma r) \\hat x + (\\gamma d + \\beta)$ "
        "is batch norm with another scale and shift. You have its backward pass.",
        "`dx` is batch norm's with `dx_hat = gamma * r * dy`; `dgamma` is the sum of "
        "`dy * (x_hat * r + d)`, everything that `gamma` multiplies; `dbeta` the sum "
        "of `dy`.",
    ),
    gradient_laws(0, "over the batch"),
)
