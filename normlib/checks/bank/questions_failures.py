"""Questions on batches that are small, uneven or talkative: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["FAILURES"]

FAILURES: tuple[Number | Choice, ...] = (
    Number(
        "two-micro-batches",
        "failures",
        "A channel has the values 1, 3, 5, 7 in a batch of four. With "
        "$\\gamma = 1$, $\\beta = 0$, $\\varepsilon = 0$: what does batch norm return "
        "for the 3 when gradients are accumulated over the micro-batches (1, 3) and "
        "(5, 7), and what in the batch of four? Give a pair, to three digits.",
        (1.0, -0.447214),
        (
            Slip(
                "order-swapped",
                (-0.447214, 1.0),
                "These are the two numbers in the other order: accumulation first.",
            ),
            Slip(
                "statistics-accumulated",
                (-0.447214, -0.447214),
                "Gradients are added up; each micro-batch keeps its own statistics.",
            ),
            Slip(
                "bessel-in-forward",
                (0.707107, -0.387298),
                "That divides the sum of squares by m - 1; batch norm divides by m.",
            ),
            Slip(
                "only-centered",
                (1.0, -1.0),
                "Both are 1 away from their mean, but the deviation is 1 in the pair "
                "and √5 in the four.",
            ),
        ),
        (
            "With which values does the 3 share a mean in each case?",
            "The pair has mean 2 and deviation 1. What are they for all four?",
            "All four have mean 4 and variance (9 + 1 + 1 + 9)/4.",
        ),
        "In its pair the 3 is the larger, so 1; among four it is (3 - 4)/√5 = -0.447. "
        "The sign has changed: accumulation computed another function.",
    ),
    Number(
        "three-of-twelve",
        "failures",
        "Twelve readings of one thermometer, without noise: three patients have the "
        "same fever, nine have none. With $\\varepsilon = 0$, what is $\\hat x$ of a "
        "patient with fever, and of one without? Give a pair, to three digits.",
        (1.732051, -0.577350),
        (
            Slip(
                "as-in-equal-halves",
                (1.0, -1.0),
                "So it is in equal halves. Here the mean lies closer to the nine.",
            ),
            Slip(
                "shares-swapped",
                (0.577350, -1.732051),
                "The few lie far from the mean, the many close to it.",
            ),
            Slip(
                "bessel-in-forward",
                (1.658312, -0.552771),
                "That divides the sum of squares by m - 1; batch norm divides by m.",
            ),
            Slip(
                "only-centered",
                (0.75, -0.25),
                "That subtracts the mean of a fever of 1; now divide by the deviation.",
            ),
            Slip(
                "divided-by-variance",
                (4.0, -1.333333),
                "That divides by the variance, 3/16; its root is missing.",
            ),
        ),
        (
            "Offset and size cancel, so take 1 for fever and 0 for none.",
            "The mean is 1/4. What is the variance of a share p of ones?",
            "The variance is p (1 - p) = 3/16.",
        ),
        "With a share p of ones, x̂ is √((1 - p)/p) = √3 for them and -√(p/(1 - p)) = "
        "-1/√3 for the others: two values still, so the label still shows.",
    ),
    Number(
        "never-seen",
        "failures",
        "A hidden unit has mean 0 on label A and mean 6 on label B, with deviation 1 "
        "within each. Training batches are large and hold one label each, A as often "
        "as B. With $\\varepsilon = 0$: what is $\\hat x$ of a value of 6 in a "
        "training batch of label B, and at inference, when the running statistics "
        "have settled at their expectations? Give a pair.",
        (0.0, 3.0),
        (
            Slip(
                "variance-of-the-mixture",
                (0.0, 0.948683),
                "That divides by √10, the deviation of all values. The running "
                "variance is the mean of the batches' variances, which are 1.",
            ),
            Slip(
                "training-as-inference",
                (3.0, 3.0),
                "In training the batch's own mean is subtracted, which is 6.",
            ),
            Slip(
                "inference-as-training",
                (0.0, 0.0),
                "At inference no batch has a say; the running mean is not 6.",
            ),
            Slip(
                "one-label-remembered",
                (0.0, 6.0),
                "Half of the batches have mean 0 and half 6. What is their average?",
            ),
        ),
        (
            "In training, which mean does a batch of label B subtract?",
            "The running mean averages batch means, 0 and 6.",
            "The running variance averages batch variances. Each of them is 1.",
        ),
        "In training 6 is the mean, so 0. At inference (6 - 3)/1 = 3, and label A is "
        "at -3: values on which the next layer was hardly ever trained.",
        tolerance=1e-6,
    ),
    Choice(
        "who-can-tell",
        "failures",
        "A cheat needs a layer through which one sample can learn of another while the "
        "network trains. Which of batch norm, synchronized batch norm, batch renorm "
        "(within limits), group norm and batch norm with frozen statistics is one?",
        {
            "a": "Batch norm only.",
            "b": "Batch norm and synchronized batch norm.",
            "c": "These two and batch renorm.",
            "d": "These three and group norm.",
            "e": "All but synchronized batch norm.",
        },
        "c",
        {
            "a": "Synchronizing adds samples to the statistics; it removes none.",
            "b": "There is one more whose output depends on the batch: where a limit "
            "holds, r and d do not make up for the batch's statistics.",
            "d": "The sets of group norm lie within a sample.",
            "e": "Frozen statistics depend on no batch, and neither does group norm.",
        },
        (
            "Which of them computes a mean over more than one sample?",
            "Batch renorm does, and corrects for it, as far as its limits allow.",
            "Group norm averages within a sample, frozen batch norm not at all.",
        ),
        "Whoever averages over samples lets them talk: batch norm, its synchronized "
        "form, and batch renorm wherever a limit holds, and always in its gradient.",
    ),
)
