"""How figures look: arrays in, artists out; no statistic is computed here."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import matplotlib.pyplot as plt

from normlib.kernel import Array

__all__ = ["COLORS", "DASHES", "band", "look", "strips", "use_style"]

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

# The same for a print in gray, where half of the colors look alike.
DASHES: dict[str, Any] = {
    "raw": "--",
    "normalized": "-",
    "running": "-.",
    "gradient": (0, (4, 1, 1, 1)),
    "none": ":",
    "batch": "-",
    "renorm": "--",
    "layer": "-.",
    "group": (0, (5, 1, 1, 1, 1, 1)),
    "instance": (0, (1, 1)),
    "rms": (0, (8, 2)),
}


def look(name: str, **more: Any) -> dict[str, Any]:
    """Return how a line of some quantity or method looks, as arguments of ``plot``.

    Examples
    --------
    >>> look("none", lw=1)
    {'color': '#555555', 'linestyle': ':', 'lw': 1}
    """
    return {"color": COLORS[name], "linestyle": DASHES[name], **more}


def use_style() -> None:
    """Set matplotlib to the book's style, for this session."""
    plt.style.use(str(files("normlib") / "book.mplstyle"))


def band(
    ax: Any,
    x: Array,
    low: Array,
    middle: Array,
    high: Array,
    color: str,
    label: str,
    **more: Any,
) -> Any:
    """Draw a line with a band around it, as for the spread over seeds; return `ax`.

    Further arguments are those of ``plot`` for the line, such as a dash from `look`.
    """
    ax.plot(x, middle, color=color, label=label, **more)
    ax.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)
    return ax


def strips(ax: Any, rows: Mapping[str, Array], colors: Iterable[str]) -> Any:
    """Draw each entry as a row of dots, the first on top, as for seeds; return `ax`."""
    for place, (values, color) in enumerate(zip(rows.values(), colors, strict=True)):
        ax.plot(values, [place] * len(values), "o", color=color, alpha=0.5)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    return ax
