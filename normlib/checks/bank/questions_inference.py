"""Questions on inference: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["INFERENCE"]

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
            Slip("distance-left", 0.729, "That is what is left of the way to 1."),
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
    Number(
        "steps-to-forget",
        "inference",
        "How many steps until the starting value of a running statistic weighs less "
        "than 1 %, for $\\alpha = 0.1$ and for $\\alpha = 0.01$? Give a pair.",
        (44, 459),
        (
            Slip(
                "rounded-down", (43, 458), "After that many it still weighs over 1 %."
            ),
            Slip("half-life", (7, 69), "That is when it weighs one half."),
            Slip("one-over-momentum", (10, 100), "Then it still weighs over a third."),
            Slip(
                "momentum-reversed",
                (2, 1),
                "There α is the weight of the old value; it is that of the new batch.",
            ),
            Slip(
                "nine-tenths-left",
                (1, 2),
                "That is when it weighs less than 99 %.",
            ),
        ),
        (
            "What does one step do to the weight of the starting value?",
            "It multiplies it by $1 - \\alpha$.",
            "Solve $(1-\\alpha)^t < 0.01$ by logarithms and round up.",
        ),
        "0.9⁴³ = 0.0108 and 0.9⁴⁴ = 0.0097; 0.99⁴⁵⁹ = 0.0099.",
        tolerance=1e-9,
    ),
    Number(
        "new-student",
        "inference",
        "Four students with cgpa 8, 7, 6, 9 are the batch of every step, for very many "
        "steps. What is $\\hat x$ of a new student with cgpa 8 at inference "
        "($\\varepsilon = 0$), and what is it for the 8 in the batch? Give a pair; "
        "three digits are enough.",
        (0.3873, 0.44721),
        (
            Slip(
                "biased-variance-stored",
                (0.44721, 0.44721),
                "What is stored is the unbiased variance, 4/3 times that of the batch.",
            ),
            Slip(
                "unbiased-in-training",
                (0.3873, 0.3873),
                "The batch is normalized with its biased variance, 1.25.",
            ),
            Slip("swapped", (0.44721, 0.3873), "It is the other way round."),
            Slip("divided-by-variance", (0.3, 0.4), "Divide by the deviation."),
            Slip(
                "correction-inverted",
                (0.5164, 0.44721),
                "The stored variance is larger than 1.25, by 4/3.",
            ),
        ),
        (
            "The running mean has become 7.5. What has the running variance become?",
            "The batch variance is 1.25. What is stored is larger by 4/3.",
            "0.5/√(5/3), and 0.5/√1.25.",
        ),
        "0.5/√(5/3) = 0.387 at inference, 0.5/√1.25 = 0.447 in the batch: larger by "
        "√(4/3).",
    ),
    Choice(
        "fewer-neighbors",
        "inference",
        "A network was trained on batches of 32 and reads 95 % of shuffled test digits "
        "correctly when it takes its statistics from batches of 30. What does it read "
        "in batches of 5, and of 2?",
        {
            "a": "About 95 and 95 %.",
            "b": "About 85 and 10 %.",
            "c": "About 76 and 41 %.",
            "d": "About 30 and 10 %.",
        },
        "c",
        {
            "a": "In a batch of two, x̂ of the first layer is -1 or 1, whatever the "
            "images are.",
            "b": "10 % is chance. One bit says little, but there are 64 units.",
            "d": "10 % is chance, and four neighbors are not that few: the bits of 64 "
            "units say more.",
        },
        (
            "In a batch of two, how many different values can x̂ take in the first "
            "layer?",
            "Two, up to ε: -1 and 1. They say only which image was larger.",
            "One bit per unit, as much about the other image. Yet there are 64 units: "
            "not chance level.",
        ),
        "Thirty neighbors give nearly the map that was trained; one neighbor gives "
        "another, and still four times chance level.",
    ),
)
