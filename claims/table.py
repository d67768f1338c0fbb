"""The table of results: how a claim did over the seeds, in words and numbers."""

import json
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from claims.card import KNOWN, Card, Measures

__all__ = ["RESULTS", "Result", "Spread", "markdown", "names", "save", "saved", "where"]

RESULTS = Path(__file__).parent / "results.json"
SHARE = 0.9  # of the seeds on which a claim must hold: 18 of 20


class Spread:
    """The values of one measure over seeds, printed as median, smallest and largest.

    Parameters
    ----------
    values : iterable of float
        One for each seed.

    Examples
    --------
    >>> f"{Spread([1.0, 2.0, 4.0]):.1f} %"
    '2.0 (1.0 to 4.0) %'
    """

    def __init__(self, values: Iterable[float]) -> None:
        self.values = np.array(list(values))

    def __format__(self, spec: str) -> str:
        low, middle, high = np.percentile(self.values, [0, 50, 100])
        return f"{middle:{spec}} ({low:{spec}} to {high:{spec}})"


@dataclass(frozen=True)
class Result:
    """A card with what was measured.

    Attributes
    ----------
    card : Card
        The card.
    measures : dict of int to dict
        The measures by seed.
    """

    card: Card
    measures: Mapping[int, Measures]

    @property
    def holds(self) -> int:
        """On how many seeds the claim holds."""
        return sum(map(bool, map(self.card.claim, self.measures.values())))

    @property
    def verdict(self) -> str:
        """Return "reproduced", "partly" or "not reproduced"; counted, not declared."""
        if self.holds < SHARE * len(self.measures) or not self.measures:
            return "not reproduced"
        return "partly" if self.card.leaves_out else "reproduced"

    @property
    def ours(self) -> str:
        """What was found, in words: the card's text with its spreads filled in."""
        return self.card.ours.format_map(self.spreads())

    def spreads(self) -> dict[str, Spread]:
        """Return the values over seeds of each measure."""
        rows = list(self.measures.values())
        return {key: Spread(row[key] for row in rows) for key in (rows or [{}])[0]}


def names(file: Path = RESULTS) -> list[str]:
    """Return the names of the cards that the file holds; none if it does not exist."""
    return list(_entries(file))


def saved(card: Card, file: Path = RESULTS) -> Result:
    """Return the saved result of a card.

    Parameters
    ----------
    card : Card
        One of the catalog.
    file : pathlib.Path, optional
        Where `save` wrote; the table that comes with the book if not given.

    Returns
    -------
    Result
        With the measures of every seed.

    Raises
    ------
    KeyError
        If the file does not hold the card.
    """
    entries = _entries(file)
    if card.name not in entries:
        raise KeyError(
            f"{file.name} has no {card.name}; try python -m claims {card.name}"
        )
    seeds = entries[card.name]["seeds"]
    return Result(card, {int(seed): found for seed, found in seeds.items()})


def save(results: Iterable[Result], file: Path = RESULTS) -> None:
    """Write the results into a file in one step; other cards in it stay.

    Parameters
    ----------
    results : iterable of Result
        What was measured, here and now.
    file : pathlib.Path, optional
        The table that comes with the book if not given.
    """
    new = {result.card.name: _entry(result) for result in results}
    text = json.dumps(dict(sorted({**_entries(file), **new}.items())), indent=1)
    temporary = file.with_suffix(".partial")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(file)


def where() -> dict[str, str]:
    """Return with which versions and on what the numbers are measured."""
    packages = {name: version(name) for name in ("numpy", "scikit-learn", "torch")}
    here = {"machine": platform.machine(), "python": platform.python_version()}
    return here | packages


def markdown(
    results: Iterable[Result], cite: Callable[[str], str] = "{{cite:t}}`{}`".format
) -> str:
    """Return a table with a row for each card, in Markdown.

    Parameters
    ----------
    results : iterable of Result
        The rows.
    cite : callable, optional
        Turns a key of ``references.bib`` into a citation; MyST's if not given.

    Returns
    -------
    str
        What the paper found, what we found, on how many seeds the claim holds, and the
        verdict.
    """
    head = ("Question", "Theirs", "Ours", "Claim", "Holds", "Verdict", "What differs")
    lines = [_row(head), _row(["---"] * len(head))]
    for result in results:
        card = result.card
        theirs = f"{cite(card.paper)}: {card.theirs} ({KNOWN[card.known]})"
        left = f" Not covered: {card.leaves_out}" if card.leaves_out else ""
        holds = f"{result.holds} of {len(result.measures)}"
        cells = (card.title, theirs, result.ours, card.sentence, holds, result.verdict)
        lines.append(_row([*cells, card.differs + left]))
    return "\n".join(lines)


def _entries(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _row(cells: Iterable[str]) -> str:
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _entry(result: Result) -> dict:
    """Return what is saved of a result: six digits are more than the spread needs."""
    seeds = {
        str(seed): {key: float(f"{value:.6g}") for key, value in found.items()}
        for seed, found in sorted(result.measures.items())
    }
    return {"where": where(), "seeds": seeds}
