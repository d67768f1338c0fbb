"""Which exercises a reader has solved, kept in a file of theirs."""

import html
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Progress", "path", "record", "solved"]


CELL = 'style="text-align:left;vertical-align:top;padding:.2em 1em .6em 0"'


@dataclass(frozen=True)
class Progress:
    """The exercises of each chapter, and which of them are solved.

    Attributes
    ----------
    chapters : dict
        For each chapter's title, the names of its exercises and whether each is solved.
    """

    chapters: dict[str, dict[str, bool]]

    def __str__(self) -> str:
        lines = []
        for title, exercises in self.chapters.items():
            colon = "" if title.endswith("?") else ":"
            count = f"{sum(exercises.values())} of {len(exercises)}"
            lines.append(f"{title}{colon} {count}")
            lines += [f"  {'✓' if ok else '·'} {n}" for n, ok in exercises.items()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = ""
        for title, exercises in self.chapters.items():
            count = f"{sum(exercises.values())} of {len(exercises)}"
            names = "<br>".join(
                f"{'✓' if ok else '·'} <code>{html.escape(name)}</code>"
                for name, ok in exercises.items()
            )
            cells = (html.escape(title), count, names)
            body += "<tr>" + "".join(f"<td {CELL}>{c}</td>" for c in cells) + "</tr>"
        titles = ("Chapter", "Solved", "Exercises")
        head = "".join(f'<th scope="col" {CELL}>{title}</th>' for title in titles)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def path() -> Path:
    """Return the file, ``$NORMLIB_PROGRESS`` or one in the user's data folder."""
    if chosen := os.environ.get("NORMLIB_PROGRESS"):
        return Path(chosen)
    home = Path.home()
    if sys.platform == "darwin":
        folder = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", home))
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return folder / "normlib" / "progress.json"


def solved() -> list[str]:
    """Return the names of the solved exercises; none where nothing can be read.

    A file that is not ours or is damaged is kept beside it, with ``.bak`` added.
    """
    try:
        file = path()
        names = json.loads(file.read_text(encoding="utf-8"))["solved"]
        if not all(isinstance(name, str) for name in names):
            raise ValueError("names of exercises expected")
        return list(names)
    except (OSError, RuntimeError):
        return []
    except (ValueError, KeyError, TypeError):
        _set_aside(file)
        return []


def record(name: str) -> None:
    """Add an exercise to the file; a folder that cannot be written is no error."""
    names = solved()
    if name in names:
        return
    try:
        _write(path(), json.dumps({"solved": [*names, name]}, indent=1))
    except (OSError, RuntimeError):
        return


def _set_aside(file: Path) -> None:
    try:
        os.replace(file, f"{file}.bak")
    except OSError:
        return


def _write(file: Path, text: str) -> None:
    """Replace the content of `file` in one step: a crash leaves the old or the new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as temporary:
            temporary.write(text)
        os.replace(name, file)
    except OSError:
        os.unlink(name)
        raise
