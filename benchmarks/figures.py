"""The results as figures; a candidate is told by its marker, not by color alone."""

from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.tables import select, unique

MARKERS = "osD^vPX*"
LINES = ("-", "--", ":", "-.")
NAN = 1e5  # where a NaN is drawn: above every finite error
COMPARED = (  # in the figure of errors: one or two of each family
    "normlib batch",
    "two passes",
    "torch batch",
    "torch batch, channels last",
    "one pass, E[x²] - E[x]²",
    "flax",
    "Keras",
)


def save(results: dict, folder: Path) -> None:
    """Draw each table of `results` into an SVG file of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in results["tables"]:
        figure = Figure(figsize=(9, 5), layout="constrained")
        records = select(results, name)
        if name == "accuracy":
            errors(figure.subplots(), records, COMPARED)
        else:
            ratios(figure.subplots(), records)
        figure.savefig(folder / f"{name}.svg")


def ratios(ax: Any, records: list[dict]) -> Any:
    """Draw the time of each candidate over the baseline's, one row per case."""
    measured = [record for record in records if "ratio" in record]
    cases = unique(tuple(record["case"].values()) for record in measured)
    names = unique(record["candidate"] for record in measured)[1:]
    for name, marker in zip(names, cycle(MARKERS), strict=False):
        own = [r for r in measured if r["candidate"] == name]
        rows = [cases.index(tuple(r["case"].values())) for r in own]
        ax.plot([r["ratio"] for r in own], rows, marker, label=name, markersize=6)
    ax.axvline(1, color="black", linewidth=1)
    ax.set_yticks(range(len(cases)), [label(record) for record in firsts(measured)])
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel=f"time relative to {measured[0]['candidate']}")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def firsts(records: list[dict]) -> list[dict]:
    """Return the first record of each case."""
    by_case = {tuple(r["case"].values()): r for r in reversed(records)}
    return list(reversed(by_case.values()))


def label(record: dict) -> str:
    """Return the name of a case: layer and shape, or shape and threads."""
    case = record["case"]
    if "threads" in case:
        return f"{case['shape']}, {case['threads']} thread{'s' * (case['threads'] > 1)}"
    return f"{case['layer']}, {case['shape']}"


def errors(ax: Any, records: list[dict], names: Iterable[str]) -> Any:
    """Draw the error of some implementations against the offset; NaN at the top."""
    measured = [
        r for r in records if "error" in r and r["case"]["offset"] != "constant"
    ]
    offsets = unique(record["case"]["offset"] for record in measured)
    for i, name in enumerate(names):
        own = {r["case"]["offset"]: r for r in measured if r["candidate"] == name}
        shown = [o for o in offsets if o in own]
        if not shown:
            continue  # its package was never installed here
        values = [NAN if own[o]["error"] is None else own[o]["error"] for o in shown]
        style = LINES[i % 4] + MARKERS[i % 8]
        ax.plot([offsets.index(o) for o in shown], values, style, label=name)
    ax.axhline(NAN, color="black", linewidth=0.5)
    ax.set_xticks(range(len(offsets)), offsets)
    ax.set(yscale="log", xlabel="offset", ylabel="largest error (line at the top: NaN)")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax
