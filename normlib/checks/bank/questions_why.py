"""Questions on why batch norm works: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["WHY"]

WHY: tuple[Number | Choice, ...] = (
    Choice(
        "which-shift",
        "why",
        "Which of these is internal covariate shift?",
        {
            "a": "The photos that a network meets in use are darker than those of the "
            "training set.",
            "b": "The inputs of layer 7 have a larger mean than those of layer 6.",
            "c": "The inputs of layer 7 have a larger mean after 1,000 training steps "
            "than after 100, on the same images.",
            "d": "The inputs of layer 7 have a larger mean on one batch than on the "
            "next, before any step is taken.",
        },
        "c",
        {
            "a": "That is covariate shift: between training and use, with the network "
            "fixed.",
            "b": "Layers may differ from each other at any moment; nothing shifts.",
            "d": "That is sampling noise: the parameters are the same for both.",
        },
        (
            "The definition has two parts: what changes, and through what.",
            "The change is caused by the change of the network's parameters.",
            "In three of the four, the parameters are those of one moment.",
        ),
        "The same layer, the same images, other parameters below.",
    ),
    Number(
        "ten-times-the-weights",
        "why",
        "The weights before a batch norm are multiplied by 10 ($\\varepsilon = 0$). By "
        "which factor does each of these change: the output of the norm, the length of "
        "a step of SGD in these weights, and the small angle by which the step turns "
        "them? Give three numbers.",
        (1.0, 0.1, 0.01),
        (
            Slip(
                "angle-as-the-step",
                (1.0, 0.1, 0.1),
                "The step is a tenth as long, and so is the arc that it spans seen "
                "from the origin, which is ten times as far away.",
            ),
            Slip(
                "gradient-unaffected",
                (1.0, 1.0, 0.1),
                "The gradient for the layer's input is unaffected; that for the "
                "weights is divided by 10.",
            ),
            Slip(
                "no-norm",
                (10.0, 1.0, 0.1),
                "Without a norm the output grows; batch norm divides by a deviation "
                "that has grown as well.",
            ),
            Slip(
                "gradient-grows",
                (1.0, 10.0, 1.0),
                "It is the other way round: a function that has been stretched by 10 "
                "is a tenth as steep.",
            ),
        ),
        (
            "Mean and deviation of what goes into the norm are multiplied by 10, too.",
            "The same change of direction now takes ten times the way, so the gradient "
            "is a tenth.",
            "A small angle is the length of the step over the length of the weights.",
        ),
        "The output stays; the gradient, and with it the step, is divided by 10; a "
        "tenth of the step at ten times the distance turns the weights by a hundredth.",
    ),
    Number(
        "factor-of-abs",
        "why",
        "By what factor does the norm of the gradient grow from layer to layer, in a "
        "wide network of linear map, batch norm and activation $\\varphi(x) = |x|$, at "
        "initialization? Its square is $\\mathbb{E}[\\varphi'(x)^2] / "
        "\\operatorname{Var}\\varphi(x)$ for a standard Gaussian $x$; three digits are "
        "enough.",
        1.658871,
        (
            Slip("not-rooted", 2.751938, "That is the square; take the root."),
            Slip("relu", 1.211068, "That is the factor of ReLU."),
            Slip(
                "mean-not-subtracted",
                1.0,
                "That divides by the mean square of |x|; the variance is less by the "
                "square of its mean.",
            ),
            Slip(
                "half-of-the-slopes",
                1.173,
                "The slope of |x| is -1 or 1, so its square is 1 on both sides.",
            ),
        ),
        (
            "What is the square of the slope of |x|?",
            "$\\mathbb{E}[x^2] = 1$ and $\\mathbb{E}|x| = \\sqrt{2/\\pi}$.",
            "The variance of |x| is $1 - 2/\\pi$.",
        ),
        "1/√(1 - 2/π) = √(π/(π - 2)) = 1.659. A mean of √(2/π) is much to take away.",
    ),
)
