"""What passes the door unchanged, and what the reader is told at the door."""

import numpy as np
import pytest

from normlib.validation import (
    floating,
    normalizable,
    require_finite,
    require_two,
    same_shape,
    vector,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floating_arrays_pass_without_a_copy(dtype):
    x = np.ones((3, 2), dtype)
    assert floating(x) is x
    assert normalizable(x, 1e-5, ndim=2) is x
    assert same_shape(x, (3, 2), x.dtype) is x


def test_error_names_the_argument_and_what_to_try():
    words = r"weight: expected a floating dtype, got int64; try weight\.astype\(np\.fl"
    with pytest.raises(TypeError, match=words):
        floating(np.arange(3), "weight")


def test_scalar_eps_zero_error_names_the_kernel():
    with pytest.raises(
        ValueError, match=r"got 0; normlib\.kernel\.normalize takes eps"
    ):
        normalizable(np.ones((3, 2)), 0, ndim=2)


def test_two_values_are_enough():
    assert require_two(2, "channel", "a larger batch") is None
    with pytest.raises(ValueError, match=r"got 1: .* Instead: a larger batch"):
        require_two(1, "channel", "a larger batch")


@pytest.mark.parametrize("axis", [0, 1])
def test_vector_takes_the_dtype_of_x_and_one_entry_per_index(axis):
    x = np.ones((3, 2), np.float32)
    assert vector(range(x.shape[axis]), x, "gamma", axis).dtype == np.float32
    words = rf"gamma must have shape \({x.shape[axis]},\).* axis {axis} of x .*\(7,\)"
    with pytest.raises(ValueError, match=words):
        vector(np.ones(7), x, "gamma", axis)


@pytest.mark.parametrize("bad", [0.0, np.inf, np.nan, -1.0])
def test_unusable_inv_std_is_located(bad):
    inv_std = np.ones((1, 5, 1))
    require_finite(inv_std, (0, 2))
    inv_std[0, [1, 4], 0] = bad
    with pytest.raises(FloatingPointError, match="overflow in channel 1, 4: nothing"):
        require_finite(inv_std, (0, 2))
