"""Plots draw what they are given, in the book's style, and compute nothing."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_hex

from normlib.plots import COLORS, band, use_style


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_style_of_the_book_loads():
    with plt.rc_context():
        use_style()
        cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        assert plt.rcParams["axes.spines.top"] is False
    assert {to_hex(color).upper() for color in cycle} <= set(COLORS.values())


def test_band_draws_the_three_curves_it_is_given(ax):
    x, low, middle, high = np.arange(12.0).reshape(4, 3)
    assert band(ax, x, low, middle, high, COLORS["running"], "mean") is ax
    (line,), (area,) = ax.lines, ax.collections
    np.testing.assert_allclose(line.get_xydata(), np.column_stack([x, middle]))
    outline = area.get_paths()[0].vertices
    for edge in (low, high):
        for point in zip(x, edge, strict=True):
            assert (outline == point).all(axis=1).any()
    assert line.get_label() == "mean"
    assert to_hex(line.get_color()) == COLORS["running"].lower()
    assert to_hex(area.get_facecolor()[0]) == COLORS["running"].lower()


def test_methods_that_share_a_figure_have_different_colors():
    methods = ["none", "batch", "renorm", "layer", "group", "instance", "rms"]
    assert len({COLORS[method] for method in methods}) == len(methods)
