"""The exercise on standardizing with the statistics of the training set."""

import numpy as np

from normlib.checks.bank import _solutions
from normlib.checks.cases import float32, tables
from normlib.checks.exercise import Arrays, Case, Exercise, Law
from normlib.kernel import moments

__all__ = ["standardize"]


def _standardize_reference(train: np.ndarray, test: np.ndarray) -> Arrays:
    mean, var = moments(train, (0,))
    return (train - mean) * var**-0.5, (test - mean) * var**-0.5


def _standardize_cases(rng: np.random.Generator) -> list[Case]:
    """Return training and test sets that differ in size, in mean and in spread."""
    cases = []
    for label, x, _ in tables(rng):
        if label in ("tiny variance", "constant column"):
            continue  # without eps there is no one right answer to these
        test = 0.4 * x[: max(len(x) // 2, 1)] + 0.6 * x.mean(axis=0) + 0.9
        cases.append(Case(label, (x, test.round(1) if label == "by hand" else test)))
    small = Case("small spread", tuple(0.05 * a for a in cases[1].args))
    squares = rng.permuted(np.arange(5)[:, None] ** 2 * [1, 2, 3], axis=0)
    whole = Case("whole numbers", (squares, np.arange(6).reshape(2, 3)))
    return [*cases, small, whole, float32(cases[1])]


standardize = Exercise(
    "standardize",
    "preprocessing",
    "sec-preprocessing",
    _solutions.standardize,
    ("train_std", "test_std"),
    _standardize_reference,
    _standardize_cases,
    (
        "How many means does a data set with three features have? Which axis of "
        "`train` do you average over to get that many?",
        "The test set stands for data that you have not seen. Whatever is done to it "
        "may depend on `train` only.",
        "With `mean` and `std` of each column of `train`, return `(train - mean) / "
        "std` and `(test - mean) / std`. The variance divides by the number of rows, "
        "which is what `std(axis=0)` does.",
    ),
    (
        Law("train_std", "the mean of `train_std`", lambda args, z: z.mean(axis=0)),
        Law("train_std", "the deviation of `train_std`", lambda args, z: z.std(axis=0)),
    ),
)


@standardize.mistake(
    "The test set was standardized with its own mean and standard deviation.",
    "The same raw value then means something else in training and in use, and a "
    "single test row becomes 0/0.",
    "eq-standardize",
)
def _test_has_own_statistics(train, test):
    return _with(train, train), _with(test, test)


@standardize.mistake(
    "Both sets were standardized with statistics of all the data together.",
    "The test set has leaked into what the model sees in training.",
    "eq-standardize",
)
def _statistics_of_all_data(train, test):
    together = np.vstack([train, test])
    return _with(train, together), _with(test, together)


@standardize.mistake(
    "Both sets were standardized with the statistics of the test set.",
    "When the model is trained, the test set does not exist yet.",
    "eq-standardize",
)
def _statistics_of_test(train, test):
    return _with(train, test), _with(test, test)


@standardize.mistake(
    "The test set was not transformed.",
    "The model was trained on standardized values and would meet raw ones.",
    "eq-standardize",
)
def _test_left_raw(train, test):
    return _with(train, train), test.astype(float)


@standardize.mistake(
    "The test set has the mean of the training set, but its own standard deviation.",
    "Mean and standard deviation both belong to the fitted transformation.",
    "eq-standardize",
)
def _test_has_own_deviation(train, test):
    return _with(train, train), (test - train.mean(axis=0)) / test.std(axis=0)


@standardize.mistake(
    "The test set has the standard deviation of the training set, but its own mean.",
    "Mean and standard deviation both belong to the fitted transformation.",
    "eq-standardize",
)
def _test_has_own_mean(train, test):
    return _with(train, train), (test - test.mean(axis=0)) / train.std(axis=0)


@standardize.mistake(
    "The standard deviation divides by N - 1 (`ddof=1`, the default of pandas).",
    "The variance of the training set then is (N - 1)/N, not 1.",
    "eq-moments",
)
def _bessel(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0, ddof=1)
    return (train - mean) / std, (test - mean) / std


@standardize.mistake(
    "The division is by the variance; its square root is missing.",
    "The result has standard deviation 1/σ, and depends on the units of x.",
    "eq-standardize",
)
def _divided_by_variance(train, test):
    mean, var = train.mean(axis=0), train.var(axis=0)
    return (train - mean) / var, (test - mean) / var


@standardize.mistake(
    "The mean is not subtracted.",
    "Features then have the right spread around the wrong place.",
    "eq-standardize",
)
def _mean_not_subtracted(train, test):
    std = train.std(axis=0)
    return train / std, test / std


@standardize.mistake(
    "The mean is subtracted, but nothing is divided by σ.",
    "The features keep their units, and those with large numbers dominate.",
    "eq-standardize",
)
def _only_centered(train, test):
    mean = train.mean(axis=0)
    return train - mean, test - mean


@standardize.mistake(
    "One mean and one standard deviation were taken over the whole table.",
    "Features in large units then hide those in small ones.",
    "eq-standardize",
)
def _global_statistics(train, test):
    mean, std = train.mean(), train.std()
    return (train - mean) / std, (test - mean) / std


@standardize.mistake(
    "Each row was standardized over its features (`axis=1`).",
    "A mean over height, age and income has no unit; features are the columns.",
    "eq-standardize",
)
def _rows_standardized(train, test):
    return _with(train.T, train.T).T, _with(test.T, test.T).T


@standardize.mistake(
    "The features were mapped onto [0, 1] by their minimum and maximum.",
    "That is min-max scaling: one outlier decides the scale of its feature.",
    "eq-standardize",
)
def _min_max(train, test):
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    return (train - low) / span, (test - low) / span


@standardize.mistake(
    "The result was written into an array of whole numbers, which cut off fractions.",
    "`np.zeros_like(train)` inherits the integers of `train`.",
    "eq-standardize",
)
def _fractions_cut_off(train, test):
    return tuple(_with(x, train).astype(x.dtype).astype(float) for x in (train, test))


def _with(x: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Return `x` standardized with the statistics of `fitted`."""
    return (x - fitted.mean(axis=0)) / fitted.std(axis=0)
