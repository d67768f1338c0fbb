"""Questions on preprocessing: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["PREPROCESSING"]

PREPROCESSING: tuple[Number | Choice, ...] = (
    Number(
        "standardize-table",
        "preprocessing",
        "By hand: standardize the column *cgpa* (7, 8, 9, 6) and the column *placed* "
        "(1, 0, 1, 0).\n"
        "Then find the line that predicts standardized *placed* from standardized "
        "*cgpa*, without solving a system.\n"
        "Give what the 9 becomes and the slope of the line, as a pair; three digits "
        "are enough.",
        (1.34164, 0.44721),
        (
            Slip(
                "bessel",
                (1.1619, 0.44721),
                "The slope is right, but 1.162 divides by N - 1 = 3; the variance is "
                "over N.",
            ),
            Slip(
                "divided-by-variance",
                (1.2, 0.8),
                "Both columns were divided by their variances, 1.25 and 0.25.",
            ),
            Slip(
                "only-centered",
                (1.5, 0.25),
                "That is 9 - 7.5 and the covariance; still to be divided by both σ.",
            ),
            Slip("min-max", (1.0, 0.6), "That is min-max scaling onto [0, 1]."),
            Slip(
                "target-left-raw",
                (1.34164, 0.22361),
                "The 9 is right; the slope is that for *placed* as it is.",
            ),
            Slip(
                "sum-of-products",
                (1.34164, 1.78885),
                "The 9 is right; the slope is the mean of the four products, not "
                "their sum.",
            ),
        ),
        (
            "The variances are 5/4 and 1/4. Keep the square roots.",
            "What is the Hessian $H$ for a standardized feature?",
            "With $H = I$ the best parameters are the mean of $a_i t_i$.",
        ),
        "(9 - 7.5) / √1.25 = 3/√5 = 1.342. The slope is the mean product, the "
        "correlation of the two: (-1 - 1 + 3 + 3)/(4√5) = 1/√5 = 0.447.",
    ),
    Number(
        "kelvin",
        "preprocessing",
        "Predict: a thermometer reads 17 °C on average, with a standard deviation of "
        "10.\n"
        "Someone stores the readings in kelvin (add 273).\n"
        "By what factor does gradient descent slow down, for a line in this one "
        "feature?\n"
        "Guess the power of ten first, then find the number, to 1%.",
        46674.2,
        (
            Slip("square-missing", 215.9, "Almost: square it, κ grows like μ⁴."),
            Slip(
                "only-the-means",
                84683.0,
                "That is (290/17)⁴. In Celsius the mean is not large beside σ: 17² is "
                "289, and 1 + σ² is 101.",
            ),
            Slip("mean-of-273", 36666.5, "The mean goes from 17 to 17 + 273."),
            Slip(
                "deviation-as-variance",
                78624.8,
                "10 is the standard deviation; the variance is 100.",
            ),
            Slip(
                "compared-with-centered",
                708981.0,
                "That compares with centered readings; in Celsius the mean is 17.",
            ),
            Slip(
                "not-compared", 7.0898e7, "That is κ in kelvin; divide by that before."
            ),
        ),
        (
            "Steps are proportional to $\\kappa$. What does adding 273 change in it?",
            "The variance does not change; the mean goes from 17 to 290. Put both into "
            "$(1 + \\mu^2 + \\sigma^2)^2 / \\sigma^2 = \\kappa + 2 + 1/\\kappa$.",
            "Neglect $2 + 1/\\kappa$. Compare $290^2 + 101$ with $17^2 + 101$ and "
            "square the ratio.",
        ),
        "(290² + 101)² / (17² + 101)² is nearly 47,000.",
        tolerance=1e-2,
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
    Choice(
        "worse-leak",
        "preprocessing",
        "Break it: three lines prepare data of shape (50, 2000), with labels -1 and 1, "
        "for a test on the last ten rows.\n"
        "\n"
        "    x = Standardizer().fit_transform(x)            # A\n"
        "    best = np.argsort(-np.abs(labels @ x))[:20]    # B\n"
        "    train, test = x[:40, best], x[40:, best]       # C\n"
        "\n"
        "Which line lets the test set into training, and does the most harm?\n"
        "Test your answer on features that are pure noise, where an honest accuracy is "
        "50%.",
        {
            "a": "A, the statistics",
            "b": "B, the choice of features",
            "c": "C, the split",
            "d": "A and B, alike",
        },
        "b",
        {
            "a": "A leaks: its statistics have seen the test inputs. But on noise the "
            "accuracy stays at chance.",
            "c": "C only splits; nothing is learned in it.",
            "d": "Both leak. But A sees the test inputs alone, and on noise the "
            "accuracy stays at chance; what else does B see?",
        },
        (
            "Which lines would give something else if the last ten rows were replaced?",
            "A uses the test inputs. What else does B use?",
            "Write the honest version: fit A and B on the first 40 rows. Then repair "
            "one of the two lines at a time, over 100 sets of noise.",
        ),
        "B picks features by the test *labels*. A statistic that has seen labels is "
        "another class of mistake than one that has seen inputs.",
    ),
    Number(
        "one-wild-value",
        "preprocessing",
        "By hand: eight values alternate between 0 and 1, and a ninth is 100.\n"
        "How far apart are the zeros and ones after min-max scaling, and after "
        "standardizing?\n"
        "Give the pair.",
        (0.01, 0.031976),
        (
            Slip(
                "outlier-forgotten",
                (1.0, 2.0),
                "That is without the ninth value, which sets both scales.",
            ),
            Slip(
                "divided-by-variance",
                (0.01, 0.00102246),
                "The first is right; the second divides by the variance, 978.",
            ),
            Slip(
                "bessel",
                (0.01, 0.0301473),
                "The first is right; the second divides the variance by N - 1 = 8.",
            ),
            Slip(
                "the-other-order",
                (0.031976, 0.01),
                "Right, in the other order: min-max scaling first.",
            ),
        ),
        (
            "Min-max divides by the range, standardizing by $\\sigma$.",
            "The mean is 104/9, and the mean of the squares 10004/9.",
            "$\\sigma^2 = 10004/9 - (104/9)^2$, which is 978.",
        ),
        "1/100 and 1/√978 = 1/31.3 = 0.032: the ordinary values are crowded by both.",
    ),
)
