"""The data of the book: four students, a layer for them, digits, and Gaussians."""

from typing import NamedTuple

import numpy as np

from normlib.kernel import Array

__all__ = ["Split", "correlated", "digits", "students", "three_units"]


class Split(NamedTuple):
    """A labeled data set, split into training and test parts."""

    x_train: Array
    labels_train: Array
    x_test: Array
    labels_test: Array


def students() -> tuple[Array, Array]:
    """Return the worked table: cgpa and iq of four students, and who was placed.

    Returns
    -------
    x : array, shape (4, 2)
        Columns cgpa and iq; iq is ten times cgpa.
    placed : array, shape (4,)
        1 or 0.
    """
    x = np.array([[7.0, 70.0], [8.0, 80.0], [9.0, 90.0], [6.0, 60.0]])
    return x, np.array([1, 0, 1, 0])


def three_units() -> tuple[Array, Array]:
    """Return the linear layer that reads the standardized students in the book.

    For inputs ``(cgpa, iq)`` its units give cgpa; cgpa + iq + 3; and cgpa - iq + 2.
    Standardized, cgpa and iq of `students` agree: the second unit is the first,
    stretched and moved, and the third is the constant 2.

    Returns
    -------
    weight : array, shape (2, 3)
        A column for each unit: the layer computes ``x @ weight + bias``.
    bias : array, shape (3,)
        One for each unit.

    Examples
    --------
    >>> weight, bias = three_units()
    >>> np.array([[5.0, 5.0], [7.0, 7.0]]) @ weight + bias
    array([[ 5., 13.,  2.],
           [ 7., 17.,  2.]])
    """
    weight = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, -1.0]])
    return weight, np.array([0.0, 3.0, 2.0])


def digits(rng: np.random.Generator) -> Split:
    """Return the 1,797 digits of scikit-learn (8 x 8 pixels), 450 of them for testing.

    Parameters
    ----------
    rng : numpy.random.Generator
        Shuffles before the split.

    Returns
    -------
    Split
        Pixels of shape (N, 64), float64 from 0 to 16; labels from 0 to 9.
    """
    from sklearn.datasets import load_digits

    x, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(x))
    test, train = order[:450], order[450:]
    return Split(x[train], labels[train], x[test], labels[test])


def correlated(
    rng: np.random.Generator, n: int, mean: Array, covariance: Array
) -> Array:
    """Return `n` draws from a Gaussian with the given mean (D,) and covariance (D, D).

    Examples
    --------
    >>> x = correlated(np.random.default_rng(0), 5, np.zeros(2), np.eye(2))
    >>> x.shape
    (5, 2)
    """
    return rng.multivariate_normal(mean, covariance, size=n, method="cholesky")
