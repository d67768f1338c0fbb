"""The exercise on mapping features onto [0, 1] with the range of the training set."""

import numpy as np

from normlib.checks.bank import _solutions_training
from normlib.checks.cases import float32, tables
from normlib.checks.exercise import Arrays, Case, Exercise, Law

__all__ = ["min_max_scale"]


def _reference(train: np.ndarray, test: np.ndarray) -> Arrays:
    ordered = np.sort(train, axis=0)
    low, high = ordered[0], ordered[-1]
    return (train - low) / (high - low), (test - low) / (high - low)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Return training and test sets; test values lie on both sides of the range."""
    cases = []
    for label, x, _ in tables(rng):
        if label in ("constant column", "mean of 1e7"):
            continue  # no range is left, at 1e7 none in float32
        middle = x.mean(axis=0)
        test = middle + 1.7 * (x[: max(len(x) // 2, 2)] - middle)
        cases.append(Case(label, (x, test.round(1) if label == "by hand" else test)))
    outlier = cases[1].args[0].copy()
    outlier[2, 0] += 1e3
    return [
        *cases,
        Case("one test row", (cases[1].args[0], cases[1].args[1][:1])),
        Case("outlier", (outlier, cases[1].args[1])),
        float32(cases[1]),
    ]


min_max_scale = Exercise(
    "min-max-scale",
    "preprocessing",
    "sec-preprocessing",
    _solutions_training.min_max_scale,
    ("train_scaled", "test_scaled"),
    _reference,
    _cases,
    (
        "Two numbers are learned for each feature. Which ones map the smallest "
        "training value to 0 and the largest to 1?",
        "The map is fixed by `train`. A test value below the smallest training value "
        "comes out negative, and that is right: the map stays a straight line.",
        "With `low = train.min(axis=0)` and `span = train.max(axis=0) - low`, return "
        "`(train - low) / span` and `(test - low) / span`.",
    ),
    (
        Law(
            "train_scaled", "the minimum of `train_scaled`", lambda _, z: z.min(axis=0)
        ),
        Law(
            "train_scaled", "the maximum of `train_scaled`", lambda _, z: z.max(axis=0)
        ),
    ),
)


@min_max_scale.mistake(
    "The test set was scaled with its own minimum and range.",
    "The same raw value then means something else in training and in use, and a "
    "single test row becomes 0/0.",
    "eq-min-max",
)
def _test_has_own_statistics(train, test):
    return _with(train, train), _with(test, test)


@min_max_scale.mistake(
    "Both sets were scaled with the minimum and the range of all the data together.",
    "The test set has leaked into what the model sees in training.",
    "eq-min-max",
)
def _statistics_of_all_data(train, test):
    together = np.vstack([train, test])
    return _with(train, together), _with(test, together)


@min_max_scale.mistake(
    "Both sets were scaled with the minimum and the range of the test set.",
    "When the model is trained, the test set does not exist yet.",
    "eq-min-max",
)
def _statistics_of_test(train, test):
    return _with(train, test), _with(test, test)


@min_max_scale.mistake(
    "The test set was not transformed.",
    "The model was trained on values from 0 to 1 and would meet raw ones.",
    "eq-min-max",
)
def _test_left_raw(train, test):
    return _with(train, train), test.astype(float)


@min_max_scale.mistake(
    "The test set was clipped to [0, 1].",
    "All values beyond the training range then look alike, and the map cannot be "
    "undone.",
    "eq-min-max",
)
def _test_clipped(train, test):
    return _with(train, train), np.clip(_with(test, train), 0, 1)


@min_max_scale.mistake(
    "The test set has the range of the training set, but its own minimum.",
    "Minimum and range both belong to the fitted transformation.",
    "eq-min-max",
)
def _test_has_own_minimum(train, test):
    return _with(train, train), (test - test.min(axis=0)) / np.ptp(train, axis=0)


@min_max_scale.mistake(
    "The test set has the minimum of the training set, but its own range.",
    "Minimum and range both belong to the fitted transformation.",
    "eq-min-max",
)
def _test_has_own_range(train, test):
    return _with(train, train), (test - train.min(axis=0)) / np.ptp(test, axis=0)


@min_max_scale.mistake(
    "The division is by the maximum; it should be by the range, maximum less minimum.",
    "After the minimum is subtracted, the largest value is the range; only divided by "
    "that does it become 1.",
    "eq-min-max",
)
def _divided_by_maximum(train, test):
    low, high = train.min(axis=0), train.max(axis=0)
    return (train - low) / high, (test - low) / high


@min_max_scale.mistake(
    "The values were divided by the maximum; the minimum was not used.",
    "The smallest value is then not 0, and a feature far from 0 becomes nearly "
    "constant.",
    "eq-min-max",
)
def _only_the_maximum(train, test):
    return train / train.max(axis=0), test / train.max(axis=0)


@min_max_scale.mistake(
    "The minimum is not subtracted before the division by the range.",
    "The features have length 1, but lie anywhere.",
    "eq-min-max",
)
def _minimum_not_subtracted(train, test):
    span = np.ptp(train, axis=0)
    return train / span, test / span


@min_max_scale.mistake(
    "The minimum is subtracted, but nothing is divided by the range.",
    "The features keep their units, and those with large numbers dominate.",
    "eq-min-max",
)
def _only_shifted(train, test):
    low = train.min(axis=0)
    return train - low, test - low


@min_max_scale.mistake(
    "The mean was subtracted in place of the minimum.",
    "The features have length 1, but go from below 0 to below 1.",
    "eq-min-max",
)
def _mean_subtracted(train, test):
    mean, span = train.mean(axis=0), np.ptp(train, axis=0)
    return (train - mean) / span, (test - mean) / span


@min_max_scale.mistake(
    "The order is reversed: the largest value became 0 and the smallest 1.",
    "It is (max - x) over the range; wanted is (x - min).",
    "eq-min-max",
)
def _reversed(train, test):
    return 1 - _with(train, train), 1 - _with(test, train)


@min_max_scale.mistake(
    "The features were mapped onto [-1, 1].",
    "That is another common choice; here the smallest training value becomes 0.",
    "eq-min-max",
)
def _from_minus_one(train, test):
    return 2 * _with(train, train) - 1, 2 * _with(test, train) - 1


@min_max_scale.mistake(
    "The features were standardized.",
    "That divides by the standard deviation, and the values go beyond [0, 1].",
    "eq-standardize",
)
def _standardized(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / std, (test - mean) / std


@min_max_scale.mistake(
    "One minimum and one range were taken over the whole table.",
    "Features in large units then hide those in small ones.",
    "eq-min-max",
)
def _global_range(train, test):
    low, span = train.min(), np.ptp(train)
    return (train - low) / span, (test - low) / span


@min_max_scale.mistake(
    "Each row was scaled over its features (`axis=1`).",
    "The smallest of height, age and income has no meaning; features are the columns.",
    "eq-min-max",
)
def _rows_scaled(train, test):
    return _with(train.T, train.T).T, _with(test.T, test.T).T


def _with(x: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Return `x` scaled with the minimum and the range of `fitted`."""
    return (x - fitted.min(axis=0)) / np.ptp(fitted, axis=0)
