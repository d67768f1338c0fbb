"""Questions on the scale of hidden activations: a number each."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["HIDDEN_LAYERS"]

HIDDEN_LAYERS: tuple[Number | Choice, ...] = (
    Number(
        "unit-of-three-inputs",
        "hidden-layers",
        "A unit has the inputs 1, 2 and 2, and three weights drawn independently with "
        "mean 0 and variance 2/3.\n"
        "What is the variance of what it computes, before the ReLU?",
        6.0,
        (
            Slip(
                "mean-subtracted",
                0.444444,
                "That takes the variance of the inputs, 2/9, for their mean square, 3.",
            ),
            Slip(
                "fan-in-forgotten",
                2.0,
                "That is variance times mean square of one product; three are added.",
            ),
            Slip(
                "fan-in-twice",
                18.0,
                "The sum of squares, 9, has the fan-in in it already.",
            ),
            Slip("deviation", 2.44949, "That is the standard deviation."),
            Slip("relu-halved", 3.0, "That is what a ReLU leaves; asked is before it."),
        ),
        (
            "The inputs are fixed; only the weights are drawn.",
            "Independent terms: the variance of the sum is the sum of the variances.",
            "The term $w_i x_i$ has variance $x_i^2 \\cdot 2/3$.",
        ),
        "(1 + 4 + 4) · 2/3 = 6: the fan-in 3, times 2/3, times the mean square 3.",
    ),
    Number(
        "fall-of-twenty-layers",
        "hidden-layers",
        "Twenty layers of linear map and ReLU have weights of variance 1/fan-in, where "
        "2/fan-in would be right.\n"
        "By which factor has the root mean square of the activations fallen after the "
        "twentieth ReLU?",
        1024.0,
        (
            Slip(
                "mean-square",
                1048576.0,
                "That is the factor of the mean square; its root is asked.",
            ),
            Slip("relu-forgotten", 1.0, "So it would be without the ReLUs."),
            Slip(
                "one-layer-short", 724.077, "That is 19 layers; each of the 20 counts."
            ),
            Slip("added-up", 40.0, "Halves of twenty layers multiply."),
            Slip(
                "what-is-left",
                0.000976562,
                "That share is left; it has fallen by the inverse factor.",
            ),
        ),
        (
            "What does one layer make of the mean square?",
            "Half: the weights leave it level, and the ReLU takes half of it.",
            "$2^{20}$ for the mean square, and a root.",
        ),
        "√(2²⁰) = 2¹⁰ = 1024.",
    ),
    Number(
        "two-way-compromise",
        "hidden-layers",
        "A linear layer of 300 inputs and 100 outputs has Glorot's variance, "
        "2/(300 + 100), and no activation.\n"
        "By which factor does it multiply the mean square of its input, and by which "
        "that of the gradient on the way back? Give two numbers.",
        (1.5, 0.5),
        (
            Slip("swapped", (0.5, 1.5), "The other way round: forward adds 300 terms."),
            Slip(
                "both-level", (1.0, 1.0), "Only where fan-in and fan-out are the same."
            ),
            Slip(
                "roots",
                (1.224745, 0.707107),
                "Those are the factors of the root mean square.",
            ),
            Slip(
                "relu-halved",
                (0.75, 0.25),
                "There is no ReLU here that would take half.",
            ),
        ),
        (
            "Forward, an output is a sum of 300 products.",
            "Backward, the gradient of an input is a sum of 100 products: one for each "
            "output it goes to.",
            "Each sum has as many terms as said, times the variance 1/200.",
        ),
        "300/200 = 1.5 and 100/200 = 0.5: the two factors average to 1, neither is 1.",
    ),
    Number(
        "weights-without-a-sign",
        "hidden-layers",
        "Someone writes `rng.random` for `rng.standard_normal`: the weights are "
        "uniform between 0 and $a$, with $a^2/12 = 2/64$, so their variance is He's "
        "for a fan-in of 64.\n"
        "By which factor does the root mean square grow from one layer of 64 to the "
        "next, once it does so evenly?",
        19.5959,
        (
            Slip("level", 1.0, "Only weights of mean 0 keep the mean square level."),
            Slip(
                "mean-of-one-weight",
                0.306186,
                "That is the mean weight, a/2; 64 of them are added.",
            ),
            Slip(
                "largest-weight",
                39.1918,
                "That is 64 a; the mean weight is half as large.",
            ),
            Slip(
                "mean-square",
                384.0,
                "That is the factor of the mean square, not its root.",
            ),
            Slip(
                "mean-averaged-away",
                2.44949,
                "The mean adds up in proportion to n, not to its root.",
            ),
        ),
        (
            "All weights are positive, and so is what leaves a ReLU. What does the "
            "ReLU do then?",
            "Nothing. A unit adds 64 positive products, and all units get nearly the "
            "same sum.",
            "If all inputs are $x$, the sum is about $64 \\cdot \\frac a2 \\cdot x$, "
            "with $a = \\sqrt{24/64}$.",
        ),
        "64 · a/2 = 32 √(24/64) = 19.6 a layer, which is more than 10²⁵ after twenty.",
    ),
)
