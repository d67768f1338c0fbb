"""Questions on other norms: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["OTHER_NORMS"]

OTHER_NORMS: tuple[Number | Choice, ...] = (
    Number(
        "number-of-means",
        "other-norms",
        "`x` has shape (8, 6, 4, 4). How many means does group norm with 3 groups "
        "compute?",
        24,
        (
            Slip(
                "statistics-over-batch",
                3,
                "That is one mean for each group over the "
                "whole batch; group norm keeps samples apart.",
            ),
            Slip("channels-apart", 48, "That is instance norm: one for each channel."),
            Slip("one-group", 8, "That is layer norm: one for each sample."),
            Slip("batch-norm-instead", 6, "That is batch norm: one for each channel."),
            Slip("counted-elements", 32, "That many numbers share one mean."),
        ),
        (
            "No sample shares a mean with another.",
            "Within a sample there is one mean for each group.",
            "8 samples, 3 groups each.",
        ),
        "8 samples · 3 groups = 24 means, each over 2 · 4 · 4 = 32 numbers.",
        tolerance=1e-9,
    ),
    Number(
        "rms-by-hand",
        "other-norms",
        "What does RMS norm make of the 3 in the row (3, 4), with $\\gamma = 1$ and "
        "$\\varepsilon = 0$? Three digits are enough.",
        0.84853,
        (
            Slip(
                "sum-of-squares",
                0.6,
                "That divides by the Euclidean norm, 5; the mean "
                "of the squares is 12.5.",
            ),
            Slip(
                "mean-subtracted",
                -1.0,
                "That is layer norm; RMS norm subtracts no mean.",
            ),
            Slip("root-missing", 0.24, "That divides by 12.5; its root is missing."),
            Slip(
                "divided-by-deviation", 6.0, "That divides by the standard deviation."
            ),
        ),
        (
            "Square, then mean, then root.",
            "The squares are 9 and 16; their mean is 12.5.",
            "3 / √12.5.",
        ),
        "3 / √12.5 = 0.849.",
    ),
    Choice(
        "fog",
        "other-norms",
        "Fog turns an image $x$ into $0.3 x + 2$. Which layer, applied to it right "
        "away, returns something else for the foggy image ($\\varepsilon$ neglected)?",
        {
            "a": "Layer norm over (C, H, W).",
            "b": "Instance norm.",
            "c": "Group norm.",
            "d": "Batch norm at inference.",
        },
        "d",
        {
            "a": "It subtracts the image's own mean and divides by its own deviation: "
            "both 0.3 and 2 are gone.",
            "b": "It removes level and contrast of each channel, so the fog too.",
            "c": "Its statistics are the image's own, so they change with the fog.",
        },
        (
            "Whose mean and standard deviation does each layer use?",
            "If they are the image's own, they change with it.",
            "Only one of the four uses statistics that were fixed before.",
        ),
        "Its statistics are fixed, so 0.3 and 2 remain visible; the others use the "
        "image's own.",
    ),
)
