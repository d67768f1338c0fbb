"""Questions on batch renormalization: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["BATCH_RENORM"]

BATCH_RENORM: tuple[Number | Choice, ...] = (
    Number(
        "corrections-by-hand",
        "batch-renorm",
        "One channel, $\\varepsilon = 0$, $x = (1, 1, 5, 5)$, $\\mu_R = 2$, "
        "$\\sigma_R = 4$. Give $r$ and $d$ without limits, as a pair.",
        (0.5, 0.25),
        (
            Slip(
                "r-inverted",
                (2.0, 0.25),
                "r is the batch's deviation over the running one.",
            ),
            Slip(
                "ratio-of-variances",
                (0.25, 0.25),
                "r compares deviations, 2 and 4, not variances.",
            ),
            Slip(
                "bessel",
                (0.57735, 0.25),
                "The batch's deviation is the biased one, √4 = 2.",
            ),
            Slip(
                "d-over-batch-deviation",
                (0.5, 0.5),
                "d is in running standard deviations, and that is 4.",
            ),
            Slip("d-not-divided", (0.5, 1.0), "d is (3 - 2)/4; you left out the 4."),
            Slip("d-sign", (0.5, -0.25), "d is the batch's mean less the running one."),
        ),
        (
            "Both compare the batch with the running statistics, and both divide by "
            "the running standard deviation.",
            "$\\mu_B = 3$ and $\\sigma_B = 2$.",
            "r = 2/4, and d = (3 - 2)/4.",
        ),
        "r = 2/4 and d = (3 - 2)/4. So y = r x̂ + d = (-0.25, -0.25, 0.75, 0.75), "
        "which is (x - 2)/4.",
    ),
    Number(
        "renorm-output-by-hand",
        "batch-renorm",
        "The batch $x = (1, 1, 5, 5)$ with $\\mu_R = 2$ and $\\sigma_R = 4$, "
        "now with the limits $r_{\\max} = 1.5$ and $d_{\\max} = 0.1$. With $\\gamma = "
        "1$ and $\\beta = 0$, what becomes of the 1 and of the 5? Give a pair; three "
        "digits are enough.",
        (-0.566667, 0.766667),
        (
            Slip("limits-missing", (-0.25, 0.75), "That is y without limits."),
            Slip("r-not-clipped", (-0.4, 0.6), "r = 0.5 is below its limit, 1/1.5."),
            Slip(
                "r-clipped-to-r-max",
                (-1.4, 1.6),
                "r = 0.5 is too small: it is raised to 1/1.5, not to 1.5.",
            ),
            Slip(
                "d-not-clipped", (-0.416667, 0.916667), "d = 0.25 is beyond its limit."
            ),
            Slip("d-forgotten", (-0.666667, 0.666667), "d is still to be added."),
        ),
        (
            "r = 0.5 and d = 0.25 before the limits. Which of them are beyond?",
            "Both: r is raised to 1/1.5 = 2/3, d lowered to 0.1.",
            "x̂ is -1 for the 1 and +1 for the 5.",
        ),
        "r = 2/3 and d = 0.1, so y = ∓2/3 + 0.1.",
    ),
    Number(
        "renorm-gradient-by-hand",
        "batch-renorm",
        "The batch $x = (1, 1, 5, 5)$ without limits, so $r = 0.5$ and $d = "
        "0.25$; still $\\gamma = 1$. For $\\partial L/\\partial y = (1, 0, 0, 0)$, "
        "give the first two entries of $\\partial L/\\partial x$, as a pair.",
        (0.125, -0.125),
        (
            Slip(
                "gradient-of-inference",
                (0.25, 0.0),
                "That is the gradient of the inference map, γ/σ_R times (1, 0): the "
                "paths through the batch's mean and deviation count.",
            ),
            Slip(
                "factor-forgotten",
                (0.25, -0.25),
                "r = 1/2 or 1/σ_B = 1/2 is missing; both multiply the gradient.",
            ),
            Slip(
                "one-path-missing",
                (0.1875, -0.0625),
                "Only one of the two paths is in it: take out the mean and the "
                "component along x̂.",
            ),
            Slip(
                "running-deviation",
                (0.0625, -0.0625),
                "The gradient is r/σ_B times the projection, and σ_B is 2.",
            ),
        ),
        (
            "r and d are constants, so this is batch norm's gradient with γ r for γ.",
            "From (1, 0, 0, 0) take its mean, 1/4, and x̂ times the mean of its "
            "product with x̂, -1/4.",
            "What is left is (1/2, -1/2, 0, 0). Multiply by r/σ_B.",
        ),
        "(1/2, -1/2, 0, 0) · 0.5/2 = (1/8, -1/8, 0, 0): it sums to 0 and is orthogonal "
        "to x̂. The inference map would give (1/4, 0, 0, 0).",
    ),
    Number(
        "clip-probability",
        "batch-renorm",
        "Two independent Gaussian values, $\\varepsilon = 0$, and $\\sigma_R = "
        "\\mathbb{E}[\\sigma_B]$. What is the probability that $r < 1/3$? Two digits "
        "are enough.",
        0.20974,
        (
            Slip("percent", 20.974, "Right in percent; give it as a fraction of 1."),
            Slip(
                "population-deviation",
                0.36265,
                "That holds if σ_R is σ. Here it is the mean of σ_B, which for a pair "
                "is 0.564 σ.",
            ),
            Slip(
                "mean-of-z-forgotten",
                0.26112,
                "r = |Z|/E|Z|; that is P(|Z| < 1/3), without the division.",
            ),
            Slip("one-side", 0.10487, "Z has two signs; both make r small."),
            Slip("complement", 0.79026, "That is the probability of r > 1/3."),
        ),
        (
            "$\\sigma_B = |a - b|/2$, and $a - b$ is Gaussian with deviation "
            "$\\sqrt2\\,\\sigma$.",
            "So $\\sigma_B = \\sigma |Z|/\\sqrt2$ with $Z$ standard Gaussian, and "
            "$\\mathbb{E}|Z| = \\sqrt{2/\\pi}$.",
            "$r = |Z|/\\mathbb{E}|Z|$, and $P(|Z| < t) = "
            "\\operatorname{erf}(t/\\sqrt2)$.",
        ),
        "P(|Z| < 0.798/3) = erf(0.188) = 0.21, close to what the digits gave.",
        tolerance=1e-2,
    ),
    Number(
        "limit-for-99-percent",
        "batch-renorm",
        "Two such values again, with $\\sigma_R = \\mathbb{E}[\\sigma_B]$. Which "
        "$r_{\\max}$ would leave 99% of batches of two unclipped at the lower "
        "end? Two digits are enough.",
        63.662,
        (
            Slip("limit-of-r", 0.015708, "That is 1/r_max."),
            Slip("one-side", 31.826, "Z has two signs: P(|Z| < t) = 0.01, not 0.02."),
            Slip(
                "upper-end",
                3.2283,
                "That leaves 99% unclipped at the upper end, where the tail is thin.",
            ),
            Slip("mean-of-z-forgotten", 79.788, "r = |Z|/E|Z|; that is 1/t alone."),
        ),
        (
            "Again r = |Z|/E|Z| with E|Z| = 0.798. For which t is P(|Z| < t) = 0.01?",
            "Near 0 the density of |Z| is 0.798, so t = 0.01/0.798 = 0.0125.",
            "1/r_max = t/E|Z|.",
        ),
        "t = 0.01253 and 1/r_max = t/0.798 = 0.0157: r_max = 64. By then there is no "
        "limit worth the name.",
        tolerance=1e-2,
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
    Choice(
        "renorm-or-group",
        "batch-renorm",
        "Batch norm disappoints in each of these. Which layer would you try first?\n\n"
        "1. Segmentation of 3D scans, two scans to a batch, $2^3$ positions at the "
        "coarsest level.\n"
        "2. A recommender with batches of 512, each from one country.\n"
        "3. A network that must fold into plain convolutions on a phone, trained with "
        "eight images per device.",
        {
            "a": "Batch renorm, batch renorm, group norm.",
            "b": "Group norm, batch renorm, batch renorm.",
            "c": "Group norm, group norm, batch renorm.",
            "d": "Group norm in all three.",
        },
        "b",
        {
            "a": "Two scans give m = 16 elements, and correlated ones; and group norm "
            "does not fold, since its statistics are not fixed.",
            "c": "With 512 samples m is ample and only the composition is odd: that is "
            "what r and d correct.",
            "d": "Group norm computes its statistics anew at inference, so it does not "
            "fold; and with m = 512 a batch has a gradient to give.",
        },
        (
            "Find m, then ask whether batches resemble the population.",
            "The elements of one scan are correlated: they count as m, and are worth "
            "fewer.",
            "Which of the two layers needs statistics at inference, and what does that "
            "allow?",
        ),
        "1: m = 2 · 2³ = 16, from two scans. 2: m is ample and the composition odd, "
        "unless countries differ as labels do with one label to a batch; shuffling is "
        "better still. 3: only fixed statistics fold.",
    ),
)
