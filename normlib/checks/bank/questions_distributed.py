"""Questions on batches split over processes: pairs of numbers."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["DISTRIBUTED"]

DISTRIBUTED: tuple[Number | Choice, ...] = (
    Number(
        "moments-of-two-processes",
        "distributed",
        "One process has 2 values of a channel, with mean 3 and variance 1. The other "
        "has 6, with mean 7 and variance 5 (both variances biased). What are the mean "
        "and the biased variance of all 8? Answer with a pair, `(mean, variance)`.",
        (6, 7),
        (
            Slip("plain-averages", (5, 3), "The parts are unequal, so weigh them."),
            Slip(
                "means-forgotten",
                (6, 4),
                "That is the variance within the parts; their means differ too.",
            ),
            Slip("equal-weights", (5, 7), "Each value, not each process, weighs 1/8."),
            Slip(
                "unbiased",
                (6, 8),
                "That divides by 7; batch norm normalizes with the biased variance.",
            ),
        ),
        (
            "Weigh each process by its share of the values, 1/4 and 3/4.",
            "The mean is 6. How far from it are 3 and 7?",
            "The variance is 1/4 (1 + 3²) + 3/4 (5 + 1²).",
        ),
        "The mean is (2 · 3 + 6 · 7)/8 = 6. Within the parts the variance is "
        "(2 · 1 + 6 · 5)/8 = 4, between their means (2 · 9 + 6 · 1)/8 = 3; together 7.",
        tolerance=1e-9,
    ),
    Number(
        "weights-of-unequal-parts",
        "distributed",
        "Two processes hold 24 and 8 samples. Each takes the mean of its own losses, "
        "and their gradients are averaged. By which factors must the two losses be "
        "multiplied to get the gradient of the mean over all 32? Answer with a pair.",
        (1.5, 0.5),
        (
            Slip("nothing", (1, 1), "Then a sample of the second weighs three times."),
            Slip(
                "average-forgotten",
                (0.75, 0.25),
                "Those are the weights in a sum; the average divides by 2 as well.",
            ),
            Slip("swapped", (0.5, 1.5), "More samples should have more weight."),
            Slip(
                "inverse",
                (2 / 3, 2),
                "The other way round: a mean of few samples weighs less.",
            ),
        ),
        (
            "Write the mean over 32 as a weighted sum of the two means.",
            "The weights are 24/32 and 8/32; the average already brings 1/2.",
            "Multiply by K times the share: 2 · 24/32 and 2 · 8/32.",
        ),
        "The mean over all is 3/4 of the first mean plus 1/4 of the second. Averaging "
        "two gradients halves them, so the factors are 3/2 and 1/2, which is K/m times "
        "the number of samples.",
        tolerance=1e-9,
    ),
)
