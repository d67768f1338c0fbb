"""The data sets: their shapes, their promises, their seeds."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from normlib.data import correlated, digits, students, three_units
from normlib.kernel import normalize


def test_students_are_the_worked_table():
    x, placed = students()
    np.testing.assert_allclose(x.mean(axis=0), [7.5, 75])
    np.testing.assert_allclose(x.var(axis=0), [1.25, 125])
    np.testing.assert_allclose(x[:, 1], 10 * x[:, 0])
    np.testing.assert_allclose(placed, [1, 0, 1, 0])


def test_units_are_one_column_thrice_stretched_moved_and_lost():
    s, _ = normalize(students()[0], axes=(0,), eps=0)
    weight, bias = three_units()
    expected = np.column_stack([s[:, 0], 2 * s[:, 0] + 3, np.full(4, 2)])
    np.testing.assert_allclose(s @ weight + bias, expected, atol=1e-12)


def test_digits_are_those_of_scikit_learn_each_used_once(rng):
    split = digits(rng)
    assert [a.shape for a in split] == [(1347, 64), (1347,), (450, 64), (450,)]
    x, labels = load_digits(return_X_y=True)
    expected = np.column_stack([x, labels])
    ours = np.vstack(
        [
            np.column_stack([split.x_train, split.labels_train]),
            np.column_stack([split.x_test, split.labels_test]),
        ]
    )
    for rows in (ours, expected):
        rows[:] = rows[np.lexsort(rows.T)]
    np.testing.assert_allclose(ours, expected, rtol=0)


def test_digits_depend_on_the_generator_only(rng):
    one, same = (digits(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_allclose(one.x_train, same.x_train, rtol=0)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(digits(rng).labels_test, one.labels_test)


def test_correlated_draws_have_the_moments_asked_for(rng):
    mean, covariance = np.array([1.0, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    x = correlated(rng, 100_000, mean, covariance)
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(x, rowvar=False), covariance, atol=0.03)
