"""The exercise on the backward pass of batch normalization at inference."""

from dataclasses import replace

import numpy as np

from normlib.checks.bank import _solutions_statistics
from normlib.checks.bank._back import Back
from normlib.checks.bank._backward import SHARED, share
from normlib.checks.bank._backward_centered import CENTERED
from normlib.checks.bank.running import running_statistics
from normlib.checks.cases import float32, parameters, tables
from normlib.checks.exercise import Arrays, Case, Exercise, Law

__all__ = ["batch_norm_inference_backward"]


def _reference(
    dy: np.ndarray,
    x: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    gamma: np.ndarray,
    eps: float,
) -> Arrays:
    slope = (running_var + eps) ** -0.5
    dgamma = np.einsum("nc,nc,c->c", dy, x - running_mean, slope)
    return dy * (gamma * slope), dgamma, dy.sum(axis=0)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, x, eps in tables(rng):
        mean, var = running_statistics(rng, x)
        if label == "tiny variance":
            var[:2] = 1e-6, 3e-6
        if label == "constant column":
            var[1] = 0.0
        dy = rng.uniform(-2, 2, x.shape).round(1)
        dy[0] = np.abs(dy[0]) + 0.5
        gamma = parameters(rng, x.shape[1])[0]
        cases.append(Case(label, (dy, x, mean, var, gamma, eps)))
    dy, x, *rest = cases[1].args
    return [*cases, Case("one row", (dy[:1], x[:1], *rest)), float32(cases[1])]


def _not_along_dy(args: tuple, dx: np.ndarray) -> np.ndarray:
    """Return what is left of dx when its multiple of dy is taken out."""
    dy = args[0]
    return dx - dy * (dx * dy).sum(axis=0) / (dy**2).sum(axis=0)


batch_norm_inference_backward = Exercise(
    "batch-norm-inference-backward",
    "inference",
    "sec-inference",
    _solutions_statistics.batch_norm_inference_backward,
    ("dx", "dgamma", "dbeta"),
    _reference,
    _cases,
    (
        "Which of the paths from one entry of `x` to the loss are left when the mean "
        "and the variance are fixed numbers?",
        "Only the direct one. $y$ is a straight line in $x$, and the gradient is its "
        "slope times $\\partial L / \\partial y$: no mean, no projection.",
        "`dx = gamma / np.sqrt(running_var + eps) * dy`. The other two are sums over "
        "the rows, with $\\hat x$ from the running statistics.",
    ),
    (Law("dx", "dx is dy times one number for each channel", _not_along_dy),),
)


def _back(dy, x, running_mean, running_var, gamma, eps) -> Back:
    """Return the pieces with running statistics in place of the batch's."""
    residual, inv_std = x - running_mean, (running_var + eps) ** -0.5
    return Back(dy, x, gamma, eps, residual, inv_std, axis=0)


def _slope(b: Back, inv_std: np.ndarray | float | None = None) -> np.ndarray:
    """Return dx as it is without any path through a statistic."""
    return b.dx_hat * (b.inv_std if inv_std is None else inv_std)


def _with(b: Back, inv_std: np.ndarray) -> tuple:
    """Return all gradients for another 1/σ."""
    other = replace(b, inv_std=inv_std)
    return other.outputs(dx=_slope(other))


mistake = batch_norm_inference_backward.mistake


@mistake(
    "This is the backward pass of training, with the statistics of the batch.",
    "At inference they are constants that no entry of x can move. Here Σ dx = 0, so "
    "nothing would ever push a whole batch up or down.",
    "eq-inference-dx",
)
def _training_formula(dy, x, running_mean, running_var, gamma, eps):
    return Back.of(dy, x, gamma, eps, axis=0).outputs()


@mistake(
    "`dx` is that of training, with the paths through the statistics of the batch.",
    "At inference they are constants that no entry of x can move.",
    "eq-inference-dx",
)
def _training_formula__in_dx_alone(dy, x, running_mean, running_var, gamma, eps):
    b = _back(dy, x, running_mean, running_var, gamma, eps)
    return b.outputs(dx=Back.of(dy, x, gamma, eps, axis=0).dx())


@mistake(
    "`dx` has the projections of the training formula, with running statistics in it.",
    "They belong to paths through a mean and a variance; fixed numbers have no paths.",
    "eq-inference-dx",
)
def _projected(*args):
    b = _back(*args)
    return b.outputs(dx=b.dx())


@mistake(
    "`dx` has its mean over the batch subtracted.",
    "That is the path through the mean, and the mean is a constant here.",
    "eq-inference-dx",
)
def _mean_path_kept(*args):
    b = _back(*args)
    return b.outputs(dx=b.dx(along=0.0))


@mistake(
    "The statistics are constants, but those of the batch, not the running ones.",
    "The forward pass used the running ones, so x̂ and σ must come from them.",
    "eq-inference",
)
def _batch_statistics(dy, x, running_mean, running_var, gamma, eps):
    b = Back.of(dy, x, gamma, eps, axis=0)
    return b.outputs(dx=_slope(b))


@mistake(
    "`dgamma` uses the x̂ of the batch, not that of the running statistics.",
    "The derivative of y with respect to γ is the x̂ that the forward pass computed.",
    "eq-inference",
)
def _dgamma_from_the_batch(dy, x, running_mean, running_var, gamma, eps):
    b = _back(dy, x, running_mean, running_var, gamma, eps)
    dgamma = Back.of(dy, x, gamma, eps, axis=0).dgamma
    return b.outputs(dx=_slope(b), dgamma=dgamma)


@mistake(
    "The running mean is not subtracted in `dgamma`.",
    "γ multiplies (x - μ_R)/σ_R, so that is its derivative.",
    "eq-inference",
)
def _dgamma_not_centered(*args):
    b = _back(*args)
    dgamma = (b.dy * b.x * b.inv_std).sum(axis=0)
    return b.outputs(dx=_slope(b), dgamma=dgamma)


@mistake(
    "`gamma` is missing in `dx`.",
    "The slope is γ/σ; with γ = 1 nobody notices.",
    "eq-inference-dx",
)
def _gamma_forgotten(*args):
    b = _back(*args)
    return b.outputs(dx=b.dy * b.inv_std)


@mistake(
    "The division by σ is missing in `dx`: it is γ · dy.",
    "That is the gradient with respect to x̂, one step too early.",
    "eq-inference-dx",
)
def _stops_at_x_hat(*args):
    b = _back(*args)
    return b.outputs(dx=b.dx_hat)


@mistake(
    "`dx` is divided by the running variance; its square root is missing.",
    "The forward pass divides by √(σ² + ε), and so does its derivative.",
    "eq-inference-dx",
)
def _divided_by_variance(*args):
    b = _back(*args)
    return b.outputs(dx=_slope(b, b.inv_std**2))


@mistake(
    "The square root of the running variance was taken twice.",
    "It happens when a standard deviation is stored and used as a variance.",
    "eq-inference-dx",
)
def _root_taken_twice(*args):
    b = _back(*args)
    return _with(b, np.sqrt(b.inv_std))


@mistake(
    "`eps` is not used.",
    "The forward pass used it; where the running variance is 0, this divides by 0.",
    "eq-inference-dx",
)
def _eps_missing(dy, x, running_mean, running_var, gamma, eps):
    b = _back(dy, x, running_mean, running_var, gamma, eps)
    return _with(b, running_var**-0.5)


@mistake(
    "`eps` was added to the standard deviation, outside the square root.",
    "Forward it is √(σ² + ε); where σ is small the two differ greatly.",
    "eq-inference-dx",
)
def _eps_outside_root(dy, x, running_mean, running_var, gamma, eps):
    b = _back(dy, x, running_mean, running_var, gamma, eps)
    return _with(b, 1 / (np.sqrt(running_var) + eps))


def _parameters_only(answer):
    """Return an answer with the gradients of the parameters from a shared mistake."""

    def adapted(b: Back) -> tuple:
        return _slope(b), *answer(b)[1:]

    return adapted


share(
    batch_norm_inference_backward,
    [
        replace(m, answer=_parameters_only(m.answer))
        for m in SHARED + CENTERED
        if m.name.startswith(("dgamma", "dbeta"))
    ],
    _back,
    "eq-inference-dx",
    "eq-dgamma-dbeta",
)
