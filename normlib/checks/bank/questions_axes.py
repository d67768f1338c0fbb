"""Questions on which values share a mean."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["AXES"]

AXES: tuple[Number | Choice, ...] = (
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
        "two-words-two-zeros",
        "axes",
        "A channel of a padded batch holds the words 4 and 8 and two zeros of padding. "
        "With $\\varepsilon = 0$, $\\gamma = 1$ and $\\beta = 0$: what does batch norm "
        "make of the 4 if the padding is counted, and what if it is masked? Give the "
        "two numbers, to three digits.",
        (0.301511, -1.0),
        (
            Slip(
                "bessel-in-forward",
                (0.261116, -0.707107),
                "That divides the squares by 3 and by 1; the variance divides by m.",
            ),
            Slip(
                "order-swapped",
                (-1.0, 0.301511),
                "Those are the two numbers; first the one with the padding counted.",
            ),
            Slip(
                "padding-in-the-variance",
                (0.301511, -0.447214),
                "Masked, the mean is right; the zeros are still in the variance.",
            ),
            Slip(
                "mask-ignored",
                (0.301511, 0.301511),
                "Masked, the batch is the two words alone.",
            ),
        ),
        (
            "First the mean and the variance of 4, 8, 0 and 0.",
            "The mean is 3, and the squares around it are 1, 25, 9 and 9.",
            "Masked, it is a batch of two, and the 4 is the smaller one.",
        ),
        "Counted: μ = 3, σ² = 44/4 = 11, and (4 - 3)/√11 = 0.302. Masked: μ = 6, "
        "σ = 2, and (4 - 6)/2 = -1. The padding has turned the sign.",
    ),
)
