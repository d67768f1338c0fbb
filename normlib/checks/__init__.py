"""Exercises that check themselves, and name the mistake.

``check("batch-norm-forward", batch_norm_forward)`` runs a reader's function on hard
cases. A wrong output is compared with those of known mistakes.
"""

import difflib
from typing import Any

from normlib.checks import by_hand, ledger
from normlib.checks.bank import EXERCISES, QUESTIONS
from normlib.checks.by_hand import Choice, Number
from normlib.checks.exercise import Exercise, Mistake
from normlib.checks.labels import CHAPTERS
from normlib.checks.ledger import Progress
from normlib.checks.report import Hint, Report, Solution
from normlib.checks.verdict import judge

__all__ = [
    "Report",
    "check",
    "exercises",
    "hint",
    "hints",
    "mistakes",
    "progress",
    "question",
    "solution",
]

_ALL = {
    name: exercise
    for chapter in CHAPTERS
    for name, exercise in (EXERCISES | QUESTIONS).items()
    if exercise.chapter == chapter
}

_given: dict[str, int] = {}  # how many hints this session has shown


def check(exercise: str, answer: Any, *, seed: int | None = None) -> Report:
    """Return a report on an answer; raises nothing, whatever the answer does.

    Parameters
    ----------
    exercise : str
        A name that `exercises` returns.
    answer : callable, number, tuple of numbers, str, or Solution
        The reader's function, with the arguments that the exercise asks for; or, for
        an exercise by hand, the number or the letter. What `solution` returns is
        checked too, but never counts as the reader's progress.
    seed : int or None, default None
        Of the random cases; None draws a new one, which the report names.

    Returns
    -------
    Report
        With `status` "passed", "wrong" or "not attempted".

    Raises
    ------
    ValueError
        If there is no exercise of that name.

    Examples
    --------
    >>> check("batch-norm-forward", lambda x, gamma, beta, eps: None).status
    'not attempted'
    """
    found = _find(exercise)
    worked = isinstance(answer, Solution)
    attempt = answer.function if worked else answer
    if isinstance(found, Exercise):
        report = judge(found, attempt, seed)
        worked = worked or attempt is found.solution
    else:
        report = by_hand.judge(found, attempt)
    if report.status == "passed" and not worked:
        ledger.record(exercise)
    return report


def hint(exercise: str) -> Hint:
    """Return the next hint; after the last one, the last one again."""
    found = _find(exercise)
    number = min(_given.get(exercise, 0) + 1, len(found.hints))
    _given[exercise] = number
    return Hint(number, len(found.hints), found.hints[number - 1])


def hints(exercise: str) -> tuple[str, ...]:
    """Return the Markdown of all hints, from a nudge to nearly the answer."""
    return _find(exercise).hints


def question(exercise: str) -> str:
    """Return what is asked, in Markdown: a text, or how to call the function."""
    found = _find(exercise)
    if isinstance(found, Exercise):
        return f"Write `{found.signature}`."
    options = found.options.items() if isinstance(found, Choice) else ()
    return "\n".join([found.question, "", *(f"- {k}) {text}" for k, text in options)])


def mistakes(exercise: str) -> dict[str, Mistake]:
    """Return the mistakes that a check can name, each with a function that makes it.

    Raises
    ------
    ValueError
        If there is no exercise in code of that name.

    Examples
    --------
    >>> mistakes("rms-norm")["eps-missing"].why
    'A row of zeros gives 0/0, which is NaN.'
    """
    found = _find(exercise)
    if not isinstance(found, Exercise):
        raise ValueError(f"{exercise} is answered without code")
    first: dict[str, Mistake] = {}
    for mistake in found.mistakes:
        first.setdefault(mistake.name, mistake)
    return first


def solution(exercise: str) -> Solution:
    """Return the worked answer, which shows its code or its reasons."""
    found = _find(exercise)
    explanation = "" if isinstance(found, Exercise) else found.explanation
    return Solution(found.solution, explanation)


def exercises() -> list[str]:
    """Return the names of all exercises, in the order of the book."""
    return list(_ALL)


def progress() -> Progress:
    """Return which exercises this reader has solved, by chapter."""
    names = ledger.solved()
    return Progress(
        {
            title: {n: n in names for n, e in _ALL.items() if e.chapter == key}
            for key, title in CHAPTERS.items()
        }
    )


def _find(name: str) -> Exercise | Number | Choice:
    if name in _ALL:
        return _ALL[name]
    close = difflib.get_close_matches(str(name), _ALL, n=1, cutoff=0.5)
    advice = f"did you mean {close[0]!r}?" if close else "exercises() lists them all"
    raise ValueError(f"no exercise is called {name!r}; {advice}")
