"""More questions on layer, instance and group norm: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["LAYERS"]

LAYERS: tuple[Number | Choice, ...] = (
    Number(
        "layer-norm-by-hand",
        "other-norms",
        "What does layer norm return for $x = (1, 2, 6)$, with $\\gamma = 1$, "
        "$\\beta = 0$ and $\\varepsilon = 0$? Give the three numbers, to three digits.",
        (-0.925820, -0.462910, 1.388730),
        (
            Slip(
                "bessel-in-forward",
                (-0.755929, -0.377964, 1.133893),
                "That divides the sum of squares, 14, by m - 1 = 2; it is divided by "
                "m = 3.",
            ),
            Slip(
                "rms-norm-instead",
                (0.270501, 0.541002, 1.623006),
                "That is RMS norm: no mean was subtracted.",
            ),
            Slip(
                "divided-by-variance",
                (-0.428571, -0.214286, 0.642857),
                "That divides by the variance, 14/3; its root is missing.",
            ),
            Slip(
                "sum-of-squares",
                (-0.534522, -0.267261, 0.801784),
                "That divides by √14; the sum of squares becomes a mean first.",
            ),
            Slip(
                "only-centered",
                (-2.0, -1.0, 3.0),
                "That subtracts the mean and stops; now divide by the deviation.",
            ),
        ),
        (
            "The mean is 3. What are the three distances from it?",
            "The distances are -2, -1 and 3. What is the mean of their squares?",
            "Divide -2, -1 and 3 by √(14/3).",
        ),
        "The mean is 3 and the variance (4 + 1 + 9)/3 = 14/3, so the output is "
        "(-2, -1, 3)/√(14/3) = (-0.926, -0.463, 1.389).",
    ),
    Number(
        "same-again",
        "other-norms",
        "With $\\varepsilon = 0$, for each of $(2, 4, 12)$, $(11, 12, 16)$, "
        "$(-1, -2, -6)$ and $(5, 4, 0)$: does layer norm repeat what it returns for "
        "$(1, 2, 6)$, or its negative? Answer with four numbers, 1 for the same, -1 "
        "for the negative, 0 for neither.",
        (1, 1, -1, -1),
        (
            Slip(
                "sign-neglected",
                (1, 1, 1, 1),
                "A negative factor turns the sign: its size cancels, its sign stays.",
            ),
            Slip(
                "rms-norm-instead",
                (1, 0, -1, 0),
                "That is RMS norm, which notices a shift; layer norm does not.",
            ),
            Slip(
                "last-one-not-seen",
                (1, 1, -1, 0),
                "Look at (5, 4, 0) again: it is 6 less each of 1, 2 and 6.",
            ),
            Slip(
                "only-shifts-are-invisible",
                (0, 1, 0, 0),
                "A factor cancels too: mean and deviation have it both.",
            ),
        ),
        (
            "Write each of the four as a·x + b.",
            "Layer norm sees neither b nor the size of a.",
            "(5, 4, 0) = -x + 6, so a = -1.",
        ),
        "The four are 2x, x + 10, -x and -x + 6; what is left is the sign of the "
        "factor.",
        tolerance=1e-9,
    ),
    Number(
        "parameters-and-means",
        "other-norms",
        "In a transformer, `LayerNorm(512)` gets `x` of shape (8, 100, 512): 8 texts "
        "of 100 tokens. How many parameters does it have, and how many means does it "
        "compute? Give a pair.",
        (1024, 800),
        (
            Slip("gamma-only", (512, 800), "There is a β for each γ."),
            Slip(
                "statistics-over-length",
                (1024, 8),
                "Each token is normalized alone; the tokens of a text share no mean.",
            ),
            Slip(
                "normalized-over-length-and-features",
                (102400, 8),
                "That is LayerNorm((100, 512)): it would fit texts of 100 tokens only.",
            ),
            Slip(
                "batch-norm-instead",
                (1024, 512),
                "That is batch norm: one mean for each feature.",
            ),
            Slip(
                "variances-counted",
                (1024, 1600),
                "As many variances come on top; asked are the means.",
            ),
        ),
        (
            "512 is the size of the axis that is averaged over. Which axes remain?",
            "γ and β have one entry each for every feature.",
            "2 · 512 parameters; one mean for each of 8 · 100 tokens.",
        ),
        "γ and β have 512 entries each; each of 8 · 100 tokens has a mean of its own.",
        tolerance=1e-9,
    ),
    Number(
        "most-groups",
        "other-norms",
        "Group norm, with $\\gamma = 1$, $\\beta = 0$ and $\\varepsilon = 0$, is put "
        "behind a linear layer with 12 outputs, so $H = W = 1$. What is the largest "
        "number of groups with which it returns more than signs?",
        4,
        (
            Slip(
                "one-value-a-group",
                12,
                "A value alone is its own mean: x̂ is 0, or 0/0 with ε = 0.",
            ),
            Slip(
                "two-values-a-group",
                6,
                "Two values lie at one distance from their mean, so x̂ is -1 and 1.",
            ),
            Slip(
                "group-size-for-number",
                3,
                "That is how many features a group then has.",
            ),
            Slip("one-group", 1, "That works, but a group need not be so large."),
        ),
        (
            "How many values share a mean if there are G groups?",
            "12/G of them. One value gives 0, two give -1 and 1.",
            "Three values a group are the fewest.",
        ),
        "With 12/G = 2 values x̂ is a sign, with 3 it is not; 12/3 = 4 groups.",
        tolerance=1e-9,
    ),
    Choice(
        "dead-bias",
        "other-norms",
        "A convolution adds a bias to each channel, and one of the layers follows. "
        "Behind which of them can the bias not be seen, whatever its values are?",
        {
            "a": "Batch norm only.",
            "b": "Batch norm and instance norm.",
            "c": "All that subtract a mean: batch, layer, instance and group norm.",
            "d": "All of them, RMS norm too.",
        },
        "b",
        {
            "a": "There is one more whose sets stay within a channel.",
            "c": "Where several channels share a mean, only what their biases have in "
            "common is subtracted.",
            "d": "RMS norm subtracts nothing.",
        },
        (
            "A layer misses a shift that is constant on each of its sets.",
            "A bias is constant on a channel. Which layers have sets within a channel?",
            "Layer norm's sets hold all channels, group norm's hold C/G of them.",
        ),
        "A bias is constant on a channel, so it vanishes where no set holds two "
        "channels: batch norm and instance norm.",
    ),
)
