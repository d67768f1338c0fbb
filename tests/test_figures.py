"""The house rules for figures, asked of every figure that a chapter draws."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import pytest
from conftest import NOTEBOOKS, cells
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

mpl.use("Agg")

import matplotlib.pyplot as plt

from normlib import plots

GRAYS = {"#000000", "#555555", "#808080", "#b0b0b0", "#cccccc"}


def figures(notebook: Path) -> Iterator[tuple[str, Figure]]:
    """Run a notebook as Jupyter does, and yield each figure with its cell."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    for cell in cells(notebook, "code"):
        shell.run_cell(cell["source"]).raise_error()
        for number in plt.get_fignums():
            yield cell["id"], plt.figure(number)
        plt.close("all")


def lightness(color: object) -> float:
    """Return how light a color prints, from 0 to 100 (CIE 1976)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in to_rgb(color)
    ]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


class Mark(NamedTuple):
    """What a legend names: a line, or bars of one kind."""

    name: str
    color: str
    pattern: object


def dashes(line: Line2D) -> object:
    """Return the pattern of a line, where `get_linestyle` may only say "--"."""
    return line._dash_pattern


def marks(ax: Axes) -> list[Mark]:
    """Return the lines and bars that have names."""
    found = [
        # get_linestyle calls every pattern of dashes "--"
        Mark(
            line.get_label(), line.get_color(), (line._dash_pattern, line.get_marker())
        )
        for line in ax.lines
    ] + [
        Mark(bars.get_label(), bars[0].get_facecolor(), bars[0].get_hatch())
        for bars in ax.containers
        if isinstance(bars, BarContainer)
    ]
    return [mark for mark in found if not mark.name.startswith("_")]


def alike_in_gray(a: Mark, b: Mark) -> bool:
    """Return whether a gray print cannot tell two marks apart."""
    gap = abs(lightness(a.color) - lightness(b.color))
    return a.pattern == b.pattern and gap < 20


def words_of(figure: Figure) -> str:
    """Return all that stands along the axes of a figure."""
    along = [ax.get_xlabel() + ax.get_ylabel() for ax in figure.axes]
    return "".join([*along, figure.get_supxlabel(), figure.get_supylabel()])


def faults_of(ax: Axes) -> Iterator[str]:
    """Yield what a reader of some axes could not tell, or would take for another."""
    for a, b in combinations(marks(ax), 2):
        if alike_in_gray(a, b):
            yield f"{a.name} and {b.name} are alike in gray"
    own = {color.lower() for color in plots.COLORS.values()}
    for name, color, _ in marks(ax):
        if to_hex(color) not in own | GRAYS:
            yield f"the color {to_hex(color)} of {name} is none of the book's"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_figures_keep_the_house_rules(notebook, monkeypatch):
    monkeypatch.chdir(notebook.parent)
    faults = []
    for cell, figure in figures(notebook):
        faults += [f"{cell}: {fault}" for ax in figure.axes for fault in faults_of(ax)]
        if any(ax.axison for ax in figure.axes) and not words_of(figure):
            faults.append(f"{cell}: no axis has a name")
    assert faults == []


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        (plots.look("layer"), plots.look("group"), ""),
        ({"color": plots.COLORS["layer"]}, {"color": plots.COLORS["group"]}, "in gray"),
        ({"color": "black"}, {"color": plots.COLORS["instance"]}, ""),
        ({"color": "black"}, {"color": "red", "ls": ":"}, "none of the book's"),
    ],
)
def test_rules_find_what_breaks_them(first, second, fault):
    figure, ax = plt.subplots()
    ax.plot([1, 2], label="first", **first)
    ax.plot([2, 1], label="second", **second)
    found = list(faults_of(ax))
    assert [fault in message for message in found] == ([True] if fault else [])
    assert words_of(figure) == ""
    plt.close(figure)


def test_rules_find_bars_that_are_alike():
    figure, ax = plt.subplots()
    for name, quantity in enumerate(("gradient", "normalized")):
        ax.bar([name], [1], color=plots.COLORS[quantity], label=quantity)
    assert list(faults_of(ax)) == ["gradient and normalized are alike in gray"]
    plt.close(figure)
