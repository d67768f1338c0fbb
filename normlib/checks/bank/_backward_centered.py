"""Mistakes in a backward pass through a mean, and in the gradient of beta."""

from dataclasses import replace

from normlib.checks.exercise import Mistake, Mistakes

__all__ = ["CENTERED"]

CENTERED: list[Mistake] = []
_centered = Mistakes(CENTERED)


@_centered(
    "The path through the mean is missing in `dx`.",
    "Adding a constant to x changes nothing, so Σ dx must be 0; here it is not.",
)
def _mean_path_missing(b):
    return b.outputs(dx=b.dx(level=0.0))


@_centered(
    "The path through the variance is missing in `dx`.",
    "Scaling x changes nothing (but for ε), so dx has no component along x̂; here it "
    "has.",
)
def _variance_path_missing(b):
    return b.outputs(dx=b.dx(along=0.0))


@_centered(
    "The last term of `dx` is divided by m - 1.",
    "The forward pass divides by m; whichever it is, the two must agree.",
)
def _bessel_in_backward(b):
    m = b.dy.shape[b.axis]
    return b.outputs(dx=b.dx(along=m / (m - 1)))


@_centered(
    "The mean of dx̂ is added to `dx`; it must be subtracted.",
    "Adding a constant to x changes nothing, so Σ dx must be 0.",
)
def _mean_path_sign(b):
    return b.outputs(dx=b.dx(level=-1.0))


@_centered(
    "The projection in `dx` uses x where it needs x̂.",
    "What is removed is the component along x̂, which has mean 0 and mean square 1.",
)
def _raw_x_in_projection(b):
    g = b.dx_hat
    return b.outputs(dx=b.inv_std * (g - b.mean(g) - b.x * b.mean(g * b.x)))


@_centered(
    "`dgamma` is Σ dy · (x - μ): the division by σ is missing.",
    "γ multiplies the normalized input, so x̂ is its derivative.",
)
def _dgamma_with_centered_x(b):
    return b.outputs(dgamma=(b.dy * b.residual).sum(axis=0))


@_centered(
    "`dbeta` is averaged over the batch; it is a sum.",
    "One β serves every row, and their contributions add up. (If the loss is a mean, "
    "dy contains the 1/N already.)",
)
def _dbeta_averaged(b):
    return b.outputs(dbeta=b.dbeta / len(b.dy))


@_centered(
    "`dbeta` is the sum of γ · dy; it needs dy.",
    "β is added after γ has multiplied, so its derivative is 1.",
)
def _dbeta_with_dx_hat(b):
    return b.outputs(dbeta=b.gamma * b.dbeta)


@_centered(
    "`dbeta` is summed over the features, not over the rows.",
    "There is one β for each feature, shared by the rows.",
)
def _dbeta_over_features(b):
    return b.outputs(dbeta=b.dy.sum(axis=1))


@_centered(
    "`dbeta` is dy itself, not summed.",
    "A gradient has the shape of its parameter.",
)
def _dbeta_not_summed(b):
    return b.outputs(dbeta=b.dy)


@_centered(
    "The path through the mean contains a sum where a mean belongs: 1/m is missing.",
    "Each element carries only one m-th of the mean, so that is its share.",
)
def _one_over_m_missing__in_the_mean(b):
    return b.outputs(dx=b.dx(level=b.dy.shape[b.axis]))


@_centered(
    "The variance divides by m - 1, in x̂ and in `dx`.",
    "The gradients fit each other, but not a forward pass with the biased variance.",
    "eq-moments",
)
def _bessel_in_forward(b):
    m = b.dy.shape[b.axis]
    square = b.mean(b.residual**2) * m / (m - 1)
    other = replace(b, inv_std=(square + b.eps) ** -0.5)
    return other.outputs(dx=other.dx(along=m / (m - 1)))
