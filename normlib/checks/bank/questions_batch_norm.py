"""Questions on batch normalization: a number, or a letter."""

from normlib.checks.by_hand import Number, Slip

__all__ = ["BATCH_NORM"]

BATCH_NORM: tuple[Number, ...] = (
    Number(
        "batch-of-two",
        "batch-norm",
        "A feature takes the values 3 and 900 in a batch of two. With $\\gamma = 2$, "
        "$\\beta = 1$ and $\\varepsilon = 0$, what does batch normalization make of "
        "the 900?",
        3.0,
        (
            Slip(
                "bessel-in-forward", 2.4142, "That divides the variance by N - 1 = 1."
            ),
            Slip("affine-forgotten", 1.0, "That is x̂; γ and β are still to come."),
            Slip("beta-inside-scale", 4.0, "That is γ(x̂ + β); β is added last."),
            Slip("beta-forgotten", 2.0, "β is still to be added."),
        ),
        (
            "The mean lies halfway between the two values.",
            "So both have the same distance from it. What is the standard deviation?",
            "That same distance: x̂ is +1, whatever the two values are.",
        ),
        "x̂ = 448.5 / 448.5 = 1, and 2 · 1 + 1 = 3. The size of the gap has canceled.",
    ),
    Number(
        "fourth-unit",
        "batch-norm",
        "A fourth unit reads the raw grades 7, 8, 9, 6 of the four students: "
        "$z_4 = 40 - 2 \\cdot \\text{cgpa}$.\n"
        "What is its $\\hat x$ for each of them, leaving $\\varepsilon$ aside? "
        "Three digits are enough.",
        (0.447214, -0.447214, -1.341641, 1.341641),
        (
            Slip(
                "sign-lost",
                (-0.447214, 0.447214, 1.341641, -1.341641),
                "A negative factor turns the order around: the grade 9 comes last.",
            ),
            Slip(
                "bessel-in-forward",
                (0.387298, -0.387298, -1.161895, 1.161895),
                "That divides the variance by m - 1 = 3; the layer divides by m = 4.",
            ),
            Slip(
                "divided-by-variance",
                (0.2, -0.2, -0.6, 0.6),
                "That divides by σ² = 5; its root is missing.",
            ),
            Slip(
                "only-centered",
                (1.0, -1.0, -3.0, 3.0),
                "These have mean 0; still to be divided by σ.",
            ),
            Slip(
                "mean-not-subtracted",
                (11.627553, 10.733126, 9.838699, 12.521981),
                "That is z/σ; subtract the mean first.",
            ),
        ),
        (
            "The values of $z_4$ are 26, 24, 22, 28. What is their mean?",
            "It is 25. Subtract it, square, and average over the four.",
            "The variance is 5, so each difference from 25 is divided by $\\sqrt 5$.",
        ),
        "z₄ = 26, 24, 22, 28 has mean 25 and variance 5: x̂ = (1, -1, -3, 3)/√5. "
        "Neither the 40 nor the 2 is left in it, only the minus sign.",
    ),
    Number(
        "one-in-a-hundred",
        "batch-norm",
        "99 values come from $\\mathcal N(0, 1)$, one is $10^6$.\n"
        "Where does $\\hat x$ put the outlier?\n"
        "Three digits are enough.",
        9.94987,
        (
            Slip(
                "square-root-of-m",
                10.0,
                "Close: √m. One value cannot be the mean of the others and far from it "
                "at once.",
            ),
            Slip("root-missing", 99.0, "That is the bound on the square of x̂."),
            Slip(
                "no-bound",
                1e6,
                "Then its square alone would be 10¹², and all hundred squares together "
                "make 100.",
            ),
            Slip("a-few-deviations", 3.0, "An ordinary value may lie there; not this."),
        ),
        (
            "The hundred values of $\\hat x$ have sum 0 and sum of squares 100. How "
            "are they shared?",
            "Beside the outlier the 99 others are all alike.",
            "If it is $a$, they are $-a/99$ each: $a^2 + 99\\, a^2/99^2 = 100$.",
        ),
        "a² (1 + 1/99) = 100 gives a = √99 = 9.95; the others are at -9.95/99 = -0.10.",
    ),
)
