"""Plots draw what they are given, in the book's style, and compute nothing."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_hex

from normlib.plots import COLORS, DASHES, band, look, strips, use_style


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
    assert len({DASHES[method] for method in methods}) == len(methods)


def test_look_is_what_plot_takes(ax):
    assert set(DASHES) == set(COLORS)
    for name in COLORS:
        (line,) = ax.plot([1, 2], **look(name, lw=1))
        assert to_hex(line.get_color()) == COLORS[name].lower()


def test_band_takes_a_look(ax):
    band(ax, [1, 2], [0, 1], [1, 2], [2, 3], label="layer norm", **look("layer"))
    (line,), (area,) = ax.lines, ax.collections
    assert line.get_linestyle() == DASHES["layer"]
    assert to_hex(area.get_facecolor()[0]) == COLORS["layer"].lower()


def test_strips_put_each_entry_into_a_row_of_its_own(ax):
    rows = {"with": np.array([1.0, 2.0]), "without": np.array([3.0, 5.0, 4.0])}
    assert strips(ax, rows, [COLORS["batch"], COLORS["none"]]) is ax
    for place, (line, values) in enumerate(zip(ax.lines, rows.values(), strict=True)):
        np.testing.assert_allclose(line.get_xdata(), values)
        np.testing.assert_allclose(line.get_ydata(), place)
    assert [text.get_text() for text in ax.get_yticklabels()] == list(rows)
    bottom, top = ax.get_ylim()
    assert bottom > top
