"""Questions on inference, batch renorm and other norms: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["BATCH_RENORM", "INFERENCE", "OTHER_NORMS"]

INFERENCE: tuple[Number | Choice, ...] = (
    Number(
        "three-updates",
        "inference",
        "A running mean starts at 0, with `momentum = 0.1` as in PyTorch. Every batch "
        "has mean 1. What is the running mean after three updates?",
        0.271,
        (
            Slip("momentum-reversed", 0.999, "There the new batch weighs 0.9."),
            Slip(
                "old-value-not-reduced",
                0.3,
                "The old value must lose what the new one gains: weights 0.9 and 0.1.",
            ),
            Slip("one-update", 0.1, "That is the first update only."),
            Slip("two-updates", 0.19, "That is after two updates."),
        ),
        (
            "Each update goes a tenth of the way from where it is to 1.",
            "So the distance to 1 shrinks by the factor 0.9.",
            "After three updates the distance is 0.9³.",
        ),
        "1 - 0.9³ = 0.271. After 22 updates it is at 0.9.",
    ),
    Number(
        "fold-one-channel",
        "inference",
        "A linear map has weight 2 and bias 1. The batch norm after it has running "
        "mean 3, running variance 4, $\\gamma = 6$, $\\beta = 5$, $\\varepsilon = 0$. "
        "Give weight and bias of the folded map, as a pair.",
        (6.0, -1.0),
        (
            Slip(
                "bias-not-scaled",
                (6.0, -3.0),
                "The old bias passes through the batch "
                "norm too: multiply it by the scale.",
            ),
            Slip("divided-by-variance", (3.0, 2.0), "The scale is 6/√4, not 6/4."),
            Slip("mean-forgotten", (6.0, 8.0), "The running mean is subtracted first."),
            Slip("beta-scaled", (6.0, 9.0), "β is added last and is not scaled."),
            Slip(
                "mean-not-scaled",
                (6.0, 5.0),
                "The mean is subtracted before the division, so it is scaled too.",
            ),
        ),
        (
            "The scale is γ/σ. What is σ if the variance is 4?",
            "The scale is 3. It multiplies the weight, and the bias less the mean.",
            "Weight 3 · 2; bias 3 · (1 - 3) + 5.",
        ),
        "Scale 6/2 = 3; weight 2 · 3 = 6; bias (1 - 3) · 3 + 5 = -1.",
    ),
    Choice(
        "which-variance-where",
        "inference",
        "In PyTorch and `normlib`, which variance divides by m - 1?",
        {
            "a": "Both, that of the training batch and the running one.",
            "b": "Neither.",
            "c": "Only that which normalizes the training batch.",
            "d": "Only that which is stored as running variance.",
        },
        "d",
        {
            "a": "The training batch is normalized with the biased variance, over m.",
            "b": "What is stored estimates the variance of the population, so it is "
            "corrected.",
            "c": "It is the other way round.",
        },
        (
            "One of them describes the batch, the other estimates something beyond it.",
            "A description needs no correction.",
            "The running variance is the estimate.",
        ),
        "The batch is described by its biased variance; what inference uses is an "
        "estimate for the population, so m/(m - 1) corrects it.",
    ),
)

BATCH_RENORM: tuple[Number | Choice, ...] = (
    Number(
        "corrections-by-hand",
        "batch-renorm",
        "A batch has mean 5 and standard deviation 4; the running ones are 2 and 1. "
        "With $r_{\\max} = 3$ and $d_{\\max} = 5$, give $r$ and $d$, as a pair.",
        (3.0, 3.0),
        (
            Slip("limits-missing", (4.0, 3.0), "r = 4 is beyond its limit."),
            Slip(
                "r-inverted",
                (1 / 3, 3.0),
                "r is the batch's deviation over the running one.",
            ),
            Slip(
                "d-over-batch-deviation",
                (3.0, 0.75),
                "d is in running standard deviations, and here that is 1.",
            ),
            Slip("d-sign", (3.0, -3.0), "d is the batch's mean less the running one."),
        ),
        (
            "Both compare the batch with the running statistics, and both divide by "
            "the running standard deviation.",
            "r = 4/1 and d = (5 - 2)/1, before the limits.",
            "One of them is beyond its limit.",
        ),
        "r = 4/1, clipped to 3; d = (5 - 2)/1 = 3, within its limit.",
    ),
    Choice(
        "limits-one-and-zero",
        "batch-renorm",
        "What is batch renormalization with $r_{\\max} = 1$ and $d_{\\max} = 0$?",
        {
            "a": "Batch norm as in training.",
            "b": "Batch norm as at inference.",
            "c": "Layer norm.",
            "d": "The identity.",
        },
        "a",
        {
            "b": "That is the forward pass without any limits.",
            "c": "The axes do not change; only the corrections do.",
            "d": "x̂ is still normalized; it is only not corrected.",
        },
        (
            "Which values can r and d then take?",
            "Only r = 1 and d = 0.",
            "So x̂ r + d is x̂.",
        ),
        "r = 1 and d = 0 leave x̂ as batch norm computes it. The warm-up starts there.",
    ),
)

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
