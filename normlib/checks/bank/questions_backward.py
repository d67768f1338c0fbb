"""Questions on the backward pass of batch normalization."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["BACKWARD"]

BACKWARD: tuple[Number | Choice, ...] = (
    Number(
        "gradients-of-the-statistics",
        "batch-norm-backward",
        "Let $x = (1, 1, 4)$, $\\gamma = 1$, $\\varepsilon = 0$ and "
        "$dy = (1, 0, 0)$.\n"
        "Take steps 1 and 2 of the chain rule: find $d\\sigma^2$ and $d\\mu$, to "
        "three digits.",
        (0.176777, -0.707107),
        (
            Slip(
                "half-missing",
                (0.353553, -0.707107),
                "dσ² is twice as large: the ½ is missing, or the power is -1/2.",
            ),
            Slip(
                "variance-sign",
                (-0.176777, -0.707107),
                "The sign of dσ²: there are two minus signs, that of the power and "
                "that of x₁ - μ.",
            ),
            Slip(
                "mean-sign",
                (0.176777, 0.707107),
                "The sign of dμ: a larger mean makes x̂ smaller.",
            ),
            Slip(
                "averaged",
                (0.058926, -0.235702),
                "Both are sums over the batch, not means; the 1/m comes in step 3.",
            ),
            Slip(
                "with-x-hat",
                (0.125, -0.707107),
                "dσ² needs the sum of dx̂ (x - μ), not of dx̂ x̂.",
            ),
        ),
        (
            "$\\mu = 2$, $\\sigma^2 = 2$, and only the first element of "
            "$d\\hat x$ is not 0.",
            "So each sum has one term: $1 \\cdot (1 - 2) = -1$ in step 1, and 1 in "
            "step 2.",
            "$d\\sigma^2 = -\\frac12\\, 2^{-3/2} \\cdot (-1)$ and $d\\mu = -2^{-1/2}$.",
        ),
        "dσ² = 1/(4√2) and dμ = -1/√2. Step 3 makes dx = (1, -1, 0)/(2√2) of them.",
    ),
    Number(
        "gradient-of-three",
        "batch-norm-backward",
        "Let $x = (1, 1, 4)$, $\\gamma = 1$, $\\varepsilon = 0$.\n"
        "Find $\\hat x$, then $dx$ for $dy = (1, 0, 0)$.\n"
        "Give the three numbers of $dx$, to three digits.",
        (0.353553, -0.353553, 0.0),
        (
            Slip(
                "statistics-as-constants",
                (0.707107, 0.0, 0.0),
                "That is dy/σ: the first value moves the mean and the variance too.",
            ),
            Slip(
                "variance-path-missing",
                (0.471405, -0.235702, -0.235702),
                "The mean is subtracted; the part along x̂ is still in it.",
            ),
            Slip(
                "mean-path-missing",
                (0.589256, -0.117851, 0.235702),
                "The part along x̂ is gone, but the sum is not 0: subtract the mean.",
            ),
            Slip(
                "variance-path-sign",
                (0.589256, -0.117851, -0.471405),
                "The part along x̂ was added, not subtracted.",
            ),
            Slip(
                "bessel-in-backward",
                (0.294628, -0.412479, 0.117851),
                "The last term divides by m - 1 = 2; the variance divides by m.",
            ),
            Slip(
                "divided-by-variance", (0.25, -0.25, 0.0), "That divides by σ², not σ."
            ),
            Slip("inv-std-missing", (0.5, -0.5, 0.0), "Still to be divided by σ = √2."),
        ),
        (
            "$\\mu = 2$ and $\\sigma^2 = 2$.",
            "Subtract from $dy$ its mean 1/3, then $\\hat x$ times the mean of "
            "$dy\\,\\hat x$.",
            "That mean is $-1/(3\\sqrt 2)$; what is left is $(1, -1, 0)/2$, to be "
            "divided by $\\sigma$.",
        ),
        "x̂ = (-1, -1, 2)/√2 and dx = (1, -1, 0)/(2√2).",
    ),
    Choice(
        "forgotten-branch",
        "batch-norm-backward",
        "In the graph, `centered` is used twice. You keep the gradient that comes back "
        "from `x_hat = centered * inv_std`, forget the one that comes back from "
        "`square = centered**2`, and do all the rest right. Which wrong `dx` is it?",
        {
            "a": "The one that takes both statistics for constants.",
            "b": "The one without the path through the mean.",
            "c": "The one without the path through the variance.",
            "d": "The one with the sign of the variance path flipped.",
        },
        "c",
        {
            "a": "The mean is still walked back: dx = dcentered + dmean / m.",
            "b": "dmean is computed, from what is left of dcentered.",
            "d": "A sign flips where one is written wrong; here a term is missing.",
        },
        (
            "Which statistic is computed from `square`?",
            "The variance. Is there another way by which x reaches it?",
            "There is none. And the last two lines, through the mean, still run.",
        ),
        "The variance is reached through `square` alone. What is left, dx̂/σ less its "
        "mean, has sum 0, but a part along x̂.",
    ),
    Choice(
        "blind-gradient-check",
        "batch-norm-backward",
        "You compare your `dx` with finite differences. With which upstream gradient "
        "`dy` would the answer `dx = 0` pass?",
        {
            "a": "Random normal numbers.",
            "b": "All ones.",
            "c": "A single 1, zeros elsewhere.",
            "d": "Random numbers, shifted so that each column has mean 0.",
        },
        "b",
        {
            "a": "Random numbers have a part that neither projection removes.",
            "c": "The 1 moves its own output and, through the statistics, all others.",
            "d": "The mean is gone, but not the part that is orthogonal to x̂ as well.",
        },
        (
            "What does the loss look like whose gradient with respect to y is this dy?",
            "For dy = 1 the loss is the sum of y.",
            "And what is the sum of y over the batch, whatever x is?",
        ),
        "The sum of y over the batch is Nβ, whatever x is, so its gradient is 0: more "
        "than half of the bank's wrong backward passes survive this check.",
    ),
)
