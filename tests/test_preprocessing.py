"""Scalers and whitening, against scikit-learn and their own laws."""

import numpy as np
import pytest
from conftest import EPS, TOLERANCE
from hypothesis import given
from hypothesis import strategies as st
from sklearn import decomposition
from sklearn import preprocessing as sklearn

from normlib import MinMaxScaler, Standardizer, Whitener

SEEDS = st.integers(0, 2**32 - 1)
METHODS = ["zca", "pca", "cholesky"]
each_method = pytest.mark.parametrize("method", METHODS)
SCALERS = {
    "standardize": Standardizer,
    "min_max": MinMaxScaler,
    "zca": Whitener,
    "pca": lambda: Whitener("pca"),
    "cholesky": lambda: Whitener("cholesky"),
}
each_scaler = pytest.mark.parametrize("make", SCALERS.values(), ids=SCALERS)


def table(rng, n=50, d=4):
    """Return correlated features of different means and scales."""
    return rng.standard_normal((n, d)) @ rng.normal(0, 2, (d, d)) + 10 * np.arange(d)


# oracle


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Standardizer(), sklearn.StandardScaler()),
        (MinMaxScaler(), sklearn.MinMaxScaler()),
    ],
    ids=["standardize", "min_max"],
)
@pytest.mark.parametrize("constant", [False, True])
def test_scaler_matches_scikit_learn(ours, theirs, constant, rng):
    train, test = table(rng), table(rng, 20)
    if constant:
        train[:, 1] = 1e4 + 1 / 3
    ours.fit(train)
    theirs.fit(train)
    z = theirs.transform(test)
    np.testing.assert_allclose(ours.transform(test), z, **TOLERANCE["float64"])
    np.testing.assert_allclose(
        ours.inverse_transform(z), theirs.inverse_transform(z), rtol=1e-11
    )


def test_pca_whitening_matches_scikit_learn_up_to_signs(rng):
    x = table(rng)
    theirs = decomposition.PCA(whiten=True).fit(x).transform(x)
    theirs *= (50 / 49) ** 0.5  # scikit-learn divides by n - 1
    ours = Whitener("pca").fit_transform(x)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-10)


# law


@given(SEEDS, st.floats(0, 5))
def test_standardized_features_have_mean_0_and_variance_v_over_v_plus_eps(seed, eps):
    x = table(np.random.default_rng(seed))
    z = Standardizer(eps).fit_transform(x)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.var(axis=0), x.var(axis=0) / (x.var(axis=0) + eps))


@given(SEEDS)
def test_min_max_scaled_features_span_0_to_1(seed):
    z = MinMaxScaler().fit_transform(table(np.random.default_rng(seed)))
    np.testing.assert_allclose(z.min(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(z.max(axis=0), 1, atol=1e-15)


@each_method
@given(seed=SEEDS)
def test_whitened_features_have_covariance_identity(method, seed):
    x = table(np.random.default_rng(seed), 200, 3)
    z = Whitener(method).fit_transform(x)
    covariance = np.cov(z, rowvar=False, bias=True)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(covariance, np.eye(3), atol=1e-7)


@each_method
def test_eps_is_added_to_every_eigenvalue(method, rng):
    x = table(rng)
    covariance = np.cov(x, rowvar=False, bias=True)
    matrix = Whitener(method, EPS).fit(x).matrix_
    precision = np.linalg.inv(covariance + EPS * np.eye(4))
    np.testing.assert_allclose(matrix @ matrix.T, precision, atol=1e-12)


def test_each_method_has_the_shape_that_names_it(rng):
    x = table(rng)
    zca, pca, cholesky = (Whitener(method).fit(x) for method in METHODS)
    np.testing.assert_allclose(zca.matrix_, zca.matrix_.T, atol=1e-12)
    np.testing.assert_allclose(cholesky.matrix_, np.tril(cholesky.matrix_), rtol=0)
    lengths = np.linalg.norm(pca.matrix_, axis=0)  # 1 / deviation along each axis
    assert (np.diff(lengths) > 0).all()
    np.testing.assert_allclose(
        pca.matrix_.T @ pca.matrix_, np.diag(lengths**2), atol=1e-12
    )


def test_zca_changes_the_standardized_data_least(rng):
    x = table(rng)
    moved = {
        method: ((Whitener(method).fit_transform(x) - (x - x.mean(axis=0))) ** 2).sum()
        for method in METHODS
    }
    assert min(moved, key=moved.get) == "zca"


def test_signs_of_the_axes_are_fixed(rng):
    x = table(rng)
    matrix = Whitener("pca").fit(x).matrix_
    assert (matrix[np.abs(matrix).argmax(axis=0), np.arange(4)] > 0).all()


@each_scaler
@given(seed=SEEDS)
def test_inverse_undoes_transform_of_new_rows(make, seed):
    rng = np.random.default_rng(seed)
    train, test = table(rng, 200, 3), table(rng, 20, 3)
    scaler = make().fit(train)
    z = scaler.transform(test)
    np.testing.assert_allclose(scaler.inverse_transform(z), test, atol=1e-6)


@each_scaler
def test_transform_uses_the_training_set_only(make, rng):
    scaler, test = make().fit(table(rng)), table(rng) + 5
    together = scaler.transform(test)
    np.testing.assert_allclose(scaler.transform(test[:1]), together[:1], rtol=1e-10)
    assert np.abs(together.mean(axis=0)).max() > 0.1


# edge


@pytest.mark.parametrize("count", [2, 3, 10, 999])
@pytest.mark.parametrize("make", [Standardizer, MinMaxScaler])
def test_constant_feature_becomes_0_and_is_divided_by_1(make, count):
    scaler = make().fit(np.full((count, 1), 1e4 + 1 / 3))
    np.testing.assert_allclose(scaler.transform([[1e4 + 1 / 3]]), [[0]], atol=0)
    np.testing.assert_allclose(scaler.transform([[1e4 + 4 / 3]]), [[1]], rtol=1e-10)


@each_scaler
def test_integers_layouts_and_read_only_tables_are_welcome(make, rng):
    x = rng.integers(0, 100, (50, 4))
    expected = make().fit_transform(x.astype(float))
    x.setflags(write=False)
    for other in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x.tolist()):
        z = make().fit_transform(other)
        assert z.dtype == np.float64
        np.testing.assert_allclose(z, expected, atol=1e-12)


@each_scaler
def test_input_never_changes(make, rng):
    x = table(rng)
    copy = x.copy()
    scaler = make().fit(x)
    z = scaler.transform(x)
    scaler.inverse_transform(z)
    np.testing.assert_allclose(x, copy, rtol=0)
    assert not np.shares_memory(x, z)


@each_scaler
def test_use_before_fit_raises(make):
    with pytest.raises(ValueError, match=r"is not fitted: call fit\(train\) first"):
        make().transform(np.ones((2, 3)))


@each_scaler
@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (np.ones(4), ValueError, r"expected a table of shape \(N, D\), got shape \(4,"),
        (np.ones((0, 4)), ValueError, r"cannot fit on no rows: x has shape \(0, 4\)"),
        (np.array([["a"]]), TypeError, "expected numbers, got dtype <U1"),
        ([[1.0, np.nan, np.inf]], ValueError, "NaN or infinity in column 1, 2"),
    ],
)
def test_bad_table_raises(make, x, error, words):
    with pytest.raises(error, match=words):
        make().fit(x)


@each_scaler
def test_other_number_of_features_raises(make, rng):
    scaler = make().fit(table(rng))
    with pytest.raises(
        ValueError, match=r"fitted on 4 features, got x of shape \(2, 3"
    ):
        scaler.transform(np.ones((2, 3)))


@each_method
@pytest.mark.parametrize("rank", [0, 2])
def test_whitening_of_redundant_features_raises_without_eps(method, rank, rng):
    x = np.zeros((50, 3))
    x[:, :rank] = rng.standard_normal((50, rank))
    x[:, 2] = x[:, :rank].sum(axis=1)
    with pytest.raises(ValueError, match=f"covariance has rank {rank} of 3.*pass eps"):
        Whitener(method).fit(x)
    assert np.isfinite(Whitener(method, eps=0.1).fit_transform(x)).all()


def test_bad_options_raise():
    with pytest.raises(ValueError, match="method must be zca, pca or cholesky, got 'l"):
        Whitener("lda")
    for make in (Standardizer, lambda eps: Whitener(eps=eps)):
        with pytest.raises(ValueError, match="eps must be 0 or more, got -1"):
            make(-1)
