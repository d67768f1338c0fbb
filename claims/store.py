"""Measurements on disk, a line for each seed, so that an interrupted run goes on."""

import json
import os
from pathlib import Path

from claims.card import Card, Measures
from claims.digest import digest

__all__ = ["Store"]


class Store:
    """A folder with a file of JSON lines for each card.

    Parameters
    ----------
    folder : pathlib.Path
        Made when the first measurement is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, card: Card, seed: int, seconds: float, measures: Measures) -> None:
        """Append a measurement in one write; what is there stays as it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        entry = {"seed": seed, "digest": digest(card.measure), "seconds": seconds}
        line = json.dumps({**entry, "measures": measures})
        # The line break comes first: it ends a line that a crash has cut.
        handle = os.open(self._file(card), os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        try:
            os.write(handle, f"\n{line}\n".encode())
        finally:
            os.close(handle)

    def load(self, card: Card) -> dict[int, dict]:
        """Return the entries of the card as its code is now, by seed."""
        try:
            lines = self._file(card).read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return {}
        now = digest(card.measure)
        entries = [entry for entry in map(_parse, lines) if entry]
        return {e["seed"]: e for e in entries if e["digest"] == now}

    def _file(self, card: Card) -> Path:
        return self.folder / f"{card.name}.jsonl"


def _parse(line: str) -> dict | None:
    """Return the entry in a line; None for an empty line or one cut by a crash."""
    try:
        return json.loads(line)
    except ValueError:
        return None
