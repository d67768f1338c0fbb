"""How figures look: arrays in, artists out; no statistic is computed here."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import matplotlib.pyplot as plt

from normlib.kernel import Array

__all__ = ["COLORS", "band", "strips", "use_style"]

# Okabe and Ito's palette, told apart by color-blind readers. One color per quantity
# and per method, through the whole book.
COLORS = {
    "raw": "#E69F00",
    "normalized": "#0072B2",
    "running": "#009E73",
    "gradient": "#D55E00",
    "none": "#555555",
    "batch": "#0072B2",
    "renorm": "#D55E00",
    "layer": "#009E73",
    "group": "#CC79A7",
    "instance": "#E69F00",
    "rms": "#56B4E9",
}


def use_style() -> None:
    """Set matplotlib to the book's style, for this session."""
    plt.style.use(str(files("normlib") / "book.mplstyle"))


def band(
    ax: Any, x: Array, low: Array, middle: Array, high: Array, color: str, label: str
) -> Any:
    """Draw a line with a band around it, as for the spread over seeds; return `ax`."""
    ax.plot(x, middle, color=color, label=label)
    ax.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)
    return ax


def strips(ax: Any, rows: Mapping[str, Array], colors: Iterable[str]) -> Any:
    """Draw each entry as a row of dots, the first on top, as for seeds; return `ax`."""
    for place, (values, color) in enumerate(zip(rows.values(), colors, strict=True)):
        ax.plot(values, [place] * len(values), "o", color=color, alpha=0.5)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    return ax
