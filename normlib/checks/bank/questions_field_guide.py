"""Questions of the field guide: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["FIELD_GUIDE"]

FIELD_GUIDE: tuple[Number | Choice, ...] = (
    Number(
        "sum-of-branches",
        "field-guide",
        "$x$ has variance 1 and passes 8 residual branches, each of which ends in "
        "batch norm with $\\gamma = \\tfrac12$, $\\beta = 0$. What is its variance "
        "afterwards, on average over the branches' random weights?",
        3,
        (
            Slip("gamma-not-squared", 5, "A factor γ scales a variance by γ²."),
            Slip("gamma-of-1", 9, "That is γ = 1; here each branch brings less."),
            Slip("input-forgotten", 2, "The branches are added to x, which has 1."),
            Slip(
                "factor-for-each-branch",
                1.25**8,
                "The branch's variance does not grow with x: batch norm sees to that.",
            ),
        ),
        (
            "What is the variance of one branch, whatever comes in?",
            "γ² = 1/4 for each, and they add.",
            "1 + 8/4.",
        ),
        "Each branch brings γ² = 1/4, uncorrelated with what is there: 1 + 8/4 = 3.",
        tolerance=1e-9,
    ),
    Choice(
        "zero-everywhere",
        "field-guide",
        "Where may $\\gamma$ start at 0, with $\\beta = 0$, in a residual network "
        "that shall still learn by gradients?",
        {
            "a": "In every norm: γ is learned anyway.",
            "b": "In the norm that ends a residual branch.",
            "c": "In a norm that is followed by ReLU.",
            "d": "Nowhere: a 0 stops every gradient.",
        },
        "b",
        {
            "a": "Follow the gradient back from a norm whose output is 0 everywhere "
            "and goes through ReLU.",
            "c": "ReLU of 0 passes no gradient, in PyTorch, so neither γ nor β would "
            "ever move.",
            "d": "The gradient for γ is the sum of dy times x̂, in which γ does not "
            "occur.",
        },
        (
            "Two gradients: the one for γ, and the one that goes on to z.",
            "γ's does not contain γ; it needs a dy that is not 0.",
            "The skip connection delivers a dy to the end of a branch; a ReLU at 0 "
            "delivers none.",
        ),
        "At the end of a branch the upstream gradient comes from the sum, whatever "
        "the branch returns, so γ moves in the first step. Before a ReLU that is 0 "
        "everywhere, nothing arrives.",
    ),
    Number(
        "two-updates",
        "field-guide",
        "Checkpointing makes a layer count each batch twice, one update right after "
        "the other. With which momentum do two updates give what one gives with 0.1?",
        0.0513167,
        (
            Slip("halved", 0.05, "Nearly: the second update also shrinks the first."),
            Slip("doubled", 0.2, "Two updates weigh more than one, so use less."),
            Slip(
                "two-of-the-old",
                0.19,
                "That is the weight of the batch after two updates with 0.1.",
            ),
            Slip("squared", 0.01, "It is the weight of the old value that multiplies."),
        ),
        (
            "What is left of the old value after two updates?",
            "(1 - α)² of it; it should be 0.9.",
            "α = 1 - √0.9.",
        ),
        "Two updates leave (1 - α)² of the old value, one leaves 0.9: α = 1 - √0.9.",
        tolerance=0.01,  # two digits, which tell 0.051 from 0.05
    ),
)
