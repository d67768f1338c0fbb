"""Questions on training with batch norm: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["TRAINING"]

TRAINING: tuple[Number | Choice, ...] = (
    Number(
        "rate-for-scaled-weights",
        "training",
        "Each hidden layer of a network is followed by batch norm, with "
        "$\\varepsilon$ neglected. It trains well at the learning rate 0.1. Its hidden "
        "weights are multiplied by 3 before the first step. With which learning rate "
        "for the hidden weights does it learn the same as before, step for step?",
        0.9,
        (
            Slip(
                "factor-not-squared",
                0.3,
                "That makes up for the longer weights; their gradient is shorter, too.",
            ),
            Slip(
                "divided-for-multiplied",
                0.1 / 9,
                "The other way round: this rate, with the old weights, learns what 0.1 "
                "does with the new ones.",
            ),
            Slip(
                "divided-once",
                0.1 / 3,
                "Longer weights turn less at the same rate. Which way should it go?",
            ),
            Slip(
                "rate-kept",
                0.1,
                "The outputs stay, the gradient does not: it is 3 times shorter.",
            ),
        ),
        (
            "How long is the gradient, if the weights are 3 times as long?",
            "3 times shorter. How long should a step be, beside weights of 3 times the "
            "length?",
            "The step must be 3 times longer, from a gradient 3 times shorter.",
        ),
        "The step has to be 3 times as long and the gradient is 3 times shorter, so "
        "the rate is 3² · 0.1 = 0.9.",
    ),
    Number(
        "loss-floor-of-normalized-scores",
        "training",
        "A classifier of ten classes ends in batch norm, with $\\gamma = 1$, "
        "$\\beta = 0$ and $\\varepsilon = 0$, and softmax. All classes are equally "
        "frequent in the batch. The best that it can do is the same score $a$ for the "
        "right class of each image and the same $b$ for the nine others. What is the "
        "mean cross-entropy then?",
        0.278439,
        (
            Slip(
                "no-floor",
                0.0,
                "That needs an infinite gap between the scores; their variance is 1.",
            ),
            Slip(
                "guessing",
                2.302585,
                "That is ln 10, the loss of equal scores; a and b differ.",
            ),
            Slip(
                "others-at-zero",
                0.370241,
                "That has b = 0; the mean of a class's scores is 0, so b is negative.",
            ),
            Slip(
                "one-and-minus-one",
                0.796614,
                "That has a = 1 and b = -1; one score in ten is a, so their mean "
                "is not 0.",
            ),
            Slip(
                "largest-score-only",
                0.035674,
                "That is e to the power of b - a; there are nine such terms, and a "
                "logarithm.",
            ),
        ),
        (
            "Look at one class: over the batch one score in ten is a, nine are b. What "
            "do mean 0 and variance 1 say?",
            "a + 9b = 0 and a² + 9b² = 10.",
            "a = 3 and b = -1/3; the loss is ln(1 + 9 e^(b - a)).",
        ),
        "a = 3 and b = -1/3, so the loss is ln(1 + 9 e^(-10/3)) = 0.278. Only a larger "
        "γ gets below it.",
    ),
    Choice(
        "sigmoid-with-larger-weights",
        "training",
        "The sigmoid network without a norm, at rate 0.5 for 440 steps: what does it "
        "do if its first weights are multiplied by 4, the inverse of a sigmoid's "
        "largest slope?",
        {
            "a": "It stays near chance: without a norm nothing holds the spread.",
            "b": "It reads more than 90 % of the test digits.",
            "c": "Its units saturate, and it stays below 50 %.",
            "d": "Its loss grows until it is NaN.",
        },
        "b",
        {
            "a": "What was wrong was a factor of 1/4 in each layer. What is it now?",
            "c": "Some units saturate. With a spread of about 2 before the sigmoid, "
            "most do not.",
            "d": "A sigmoid returns at most 1, and its slope is at most 1/4: nothing "
            "here can grow so fast.",
        },
        (
            "By what factor does a layer now change the distance of two images?",
            "By at most 4 · 1/4 = 1.",
            "So images reach the output apart, and gradients reach the first layer.",
        ),
        "A factor of 4 in each layer cancels the slope of 1/4. A good first draw is a "
        "cure, too, at the first step.",
    ),
)
