"""Questions on batch normalization: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["BATCH_NORM"]

BATCH_NORM: tuple[Number | Choice, ...] = (
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
        "elements-behind-a-statistic",
        "axes",
        "`x` has shape (8, 3, 32, 32). How many numbers does batch norm average for "
        "one mean?",
        8192,
        (
            Slip("statistics-per-pixel", 8, "That is one mean for each pixel."),
            Slip(
                "statistics-per-image", 1024, "That is instance norm: one image only."
            ),
            Slip("statistics-over-channels", 3072, "That is layer norm over an image."),
            Slip(
                "global-statistics", 24576, "That is the whole array; channels differ."
            ),
            Slip(
                "counted-means", 3, "That is the number of means, not what is in one."
            ),
        ),
        (
            "There are as many means as channels.",
            "The means together cover each number of the array once.",
            "So it is the size of the array, divided by 3.",
        ),
        "m = N · H · W = 8 · 32 · 32 = 8192.",
        tolerance=1e-9,
    ),
    Number(
        "gradient-of-three",
        "batch-norm-backward",
        "Let $x = (1, 1, 4)$, $\\gamma = 1$, $\\varepsilon = 0$.\n"
        "Find $\\hat x$, then $dx$ for $dy = (1, 0, 0)$.\n"
        "Give the three numbers of $dx$.",
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
        "The sum of y over the batch is Nβ, whatever x is, so its gradient is 0: 11 of "
        "13 wrong backward passes survive this check.",
    ),
)
