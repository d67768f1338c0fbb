"""Questions on preprocessing and batch normalization: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["BATCH_NORM", "PREPROCESSING"]

PREPROCESSING: tuple[Number | Choice, ...] = (
    Number(
        "standardize-one-value",
        "preprocessing",
        "The training values of a feature are 7, 8, 9 and 6. What does the 9 become "
        "when the feature is standardized? Three digits are enough.",
        1.3416,
        (
            Slip(
                "bessel", 1.1619, "That divides by N - 1 = 3; the variance is over N."
            ),
            Slip("divided-by-variance", 1.2, "That divides by the variance, 1.25."),
            Slip("only-centered", 1.5, "That is 9 - 7.5, still to be divided by σ."),
            Slip("min-max", 1.0, "That is min-max scaling onto [0, 1]."),
        ),
        (
            "The mean is a number halfway between 7 and 8.",
            "The squared deviations are 0.25, 0.25, 2.25 and 2.25.",
            "The variance is their mean, 1.25. Divide 9 - 7.5 by its square root.",
        ),
        "(9 - 7.5) / √1.25 = 1.342.",
    ),
    Choice(
        "spot-the-leak",
        "preprocessing",
        "In which of these does the test set influence what the model learns?",
        {
            "a": "Fit the scaler on the training set, transform both sets with it.",
            "b": "Standardize all the data, then split it into training and test set.",
            "c": "Split, fit one scaler on each part, and transform each part with its "
            "own.",
            "d": "Split; in each fold of cross-validation, fit a scaler on the fold's "
            "training part.",
        },
        "b",
        {
            "a": "This is how it should be: the test set is only looked at through the "
            "training set's statistics.",
            "c": "It is wrong, for another reason: the same raw value means different "
            "things in the two sets. But nothing flows from test to training.",
            "d": "This is right, and careful: even the folds do not leak.",
        },
        (
            "Which numbers seen in training were computed from test rows too?",
            "Before the split there is no test set; whatever is computed then, is "
            "computed from all rows.",
            "One of them computes a mean before it splits.",
        ),
        "The mean and the standard deviation were computed with the test rows in them.",
    ),
    Choice(
        "standardized-and-correlated",
        "preprocessing",
        "Two features are standardized; their correlation was 0.8. What is their "
        "covariance afterwards?",
        {"a": "0", "b": "0.8", "c": "0.64", "d": "1"},
        "b",
        {
            "a": "That would be whitening. Shifting and scaling each feature by itself "
            "cannot change a correlation.",
            "c": "0.64 is the share of variance that one explains of the other.",
            "d": "1 is the variance of each of them.",
        },
        (
            "What does a change of units do to a correlation?",
            "Nothing. And how are correlation and covariance related?",
            "Correlation is covariance divided by both standard deviations.",
        ),
        "With both standard deviations 1, covariance is correlation, and that is as it "
        "was.",
    ),
)

BATCH_NORM: tuple[Number | Choice, ...] = (
    Number(
        "batch-of-two",
        "batch-norm",
        "A feature takes the values 3 and 900 in a batch of two. With $\\gamma = 2$, "
        "$\\beta = 1$ and $\\varepsilon = 0$, what does batch normalization make of "
        "the 900?",
        3.0,
        (
            Slip(
                "bessel-in-forward", 2.4142, "That divides the variance by N - 1 = 1."
            ),
            Slip("affine-forgotten", 1.0, "That is x̂; γ and β are still to come."),
            Slip("beta-inside-scale", 4.0, "That is γ(x̂ + β); β is added last."),
            Slip("beta-forgotten", 2.0, "β is still to be added."),
        ),
        (
            "The mean lies halfway between the two values.",
            "So both have the same distance from it. What is the standard deviation?",
            "That same distance: x̂ is +1, whatever the two values are.",
        ),
        "x̂ = 448.5 / 448.5 = 1, and 2 · 1 + 1 = 3. The size of the gap has canceled.",
    ),
    Number(
        "elements-behind-a-statistic",
        "batch-norm",
        "`x` has shape (8, 3, 32, 32). How many numbers does batch norm average for "
        "one mean?",
        8192,
        (
            Slip("statistics-per-pixel", 8, "That is one mean for each pixel."),
            Slip(
                "statistics-per-image", 1024, "That is instance norm: one image only."
            ),
            Slip("statistics-over-channels", 3072, "That is layer norm over an image."),
            Slip(
                "global-statistics", 24576, "That is the whole array; channels differ."
            ),
            Slip(
                "counted-means", 3, "That is the number of means, not what is in one."
            ),
        ),
        (
            "There are as many means as channels.",
            "The means together cover each number of the array once.",
            "So it is the size of the array, divided by 3.",
        ),
        "m = N · H · W = 8 · 32 · 32 = 8192.",
        tolerance=1e-9,
    ),
    Number(
        "largest-output",
        "batch-norm",
        "A batch has 10 rows. What is the largest $\\hat x$ that any value can get "
        "($\\varepsilon = 0$)?",
        3.0,
        (
            Slip(
                "square-root-of-n",
                3.1623,
                "Close: √N. One value cannot be the mean of "
                "the others and far from it at once.",
            ),
            Slip(
                "no-bound",
                10.0,
                "Then its square alone would be 100, and all ten "
                "squares together make 10.",
            ),
            Slip("one", 1.0, "That is the bound for a batch of two."),
        ),
        (
            "The ten values of x̂ have sum 0 and sum of squares 10.",
            "One value is large when the nine others share the rest equally.",
            "If it is a, they are -a/9 each: a² + 9 · a²/81 = 10.",
        ),
        "a² (1 + 1/9) = 10 gives a = 3 = √(N - 1).",
    ),
    Choice(
        "blind-gradient-check",
        "batch-norm",
        "You compare your `dx` with finite differences. With which upstream gradient "
        "`dy` would the answer `dx = 0` pass?",
        {
            "a": "Random normal numbers.",
            "b": "All ones.",
            "c": "A single 1, zeros elsewhere.",
            "d": "Random numbers, shifted so that each column has mean 0.",
        },
        "b",
        {
            "a": "Random numbers have a part that neither projection removes.",
            "c": "The 1 moves its own output and, through the statistics, all others.",
            "d": "The mean is gone, but not the part that is orthogonal to x̂ as well.",
        },
        (
            "What does the loss look like whose gradient with respect to y is this dy?",
            "For dy = 1 the loss is the sum of y.",
            "And what is the sum of y over the batch, whatever x is?",
        ),
        "The sum of y over the batch is Nβ, whatever x is, so its gradient is 0: 11 of "
        "13 wrong backward passes survive this check.",
    ),
)
