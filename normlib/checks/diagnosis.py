"""Which mistake gives just this output, and if none does: what holds and what fails."""

import itertools
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from normlib.checks.compare import Task, agree, canonical, largest
from normlib.checks.exercise import Arrays, Exercise, Mistake, as_tuple

__all__ = ["Answered", "differing", "explain"]


@dataclass(frozen=True)
class Answered:
    """What a function gave for one task: outputs in canonical form, or an error."""

    outputs: Arrays = ()
    itemsize: int = 8
    error: type[BaseException] | None = None


def differing(task: Task, answered: Answered) -> set[int]:
    """Return the numbers of the outputs that are not the right ones."""
    if answered.error:
        return set()
    slack = task.slack[answered.itemsize]
    pairs = zip(answered.outputs, task.expected, slack, strict=True)
    return {i for i, (got, want, s) in enumerate(pairs) if not agree(got, want, s)}


def explain(
    exercise: Exercise, tasks: list[Task], answers: list[Answered]
) -> tuple[list[list[Mistake]], set[int]]:
    """Return the mistakes made, and the wrong outputs that none of them explains.

    Each inner list holds mistakes that cannot be told apart.
    """
    unexplained = set().union(*map(differing, tasks, answers))
    known = [*exercise.mistakes, *_in_another_order(exercise)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = [(m, _reach(exercise, m, tasks, answers)) for m in known]
    made = []
    while reaches := [reach for _, reach in found if reach and reach <= unexplained]:
        widest = max(reaches, key=len)
        made.append([mistake for mistake, reach in found if reach == widest])
        unexplained -= widest
    return made, unexplained


def _reach(
    exercise: Exercise, mistake: Mistake, tasks: list[Task], answers: list[Answered]
) -> set[int]:
    """Return in which outputs a mistake is ever wrong, if the answer is just as wrong.

    Empty if, in one of these outputs, the answer differs from the mistake in any case.
    """
    reach, unlike = set(), set()
    for task, answer in zip(tasks, answers, strict=True):
        wrong = _try(exercise, mistake, task)
        if wrong.error != answer.error:
            return set()
        if not wrong.error:
            reach |= differing(task, wrong)
            unlike |= _unlike(task, answer, wrong)
        if reach & unlike:
            return set()
    return reach


def _try(exercise: Exercise, mistake: Mistake, task: Task) -> Answered:
    try:
        return Answered(*canonical(exercise, task, mistake.answer(*task.case.args)))
    except Exception as error:
        return Answered(error=type(error))


def _unlike(task: Task, answer: Answered, wrong: Answered) -> set[int]:
    """Return the numbers of the outputs in which an answer differs from a mistake.

    A mistake may blow its output up; then what counts is relative to that.
    """
    numbers = set()
    slack = task.slack[min(answer.itemsize, wrong.itemsize)]
    for i, (got, made) in enumerate(zip(answer.outputs, wrong.outputs, strict=True)):
        blown_up = max(1.0, largest(made) / (largest(task.expected[i]) or 1.0))
        if not agree(got, made, blown_up * slack[i]):
            numbers.add(i)
    return numbers


def _in_another_order(exercise: Exercise) -> list[Mistake]:
    """Return the mistakes that hand back the right arrays in the wrong places."""
    right = tuple(range(len(exercise.outputs)))
    return [
        Mistake(
            "outputs-in-another-order",
            _Reordered(exercise.reference, order),
            "The arrays are right, but they come back in another order.",
            f"Whoever calls the function expects {', '.join(exercise.outputs)}.",
            exercise.section,
        )
        for order in itertools.permutations(right)
        if order != right
    ]


@dataclass(frozen=True)
class _Reordered:
    reference: Any
    order: tuple[int, ...]

    def __call__(self, *args: Any) -> tuple:
        outputs = as_tuple(self.reference(*args))
        return tuple(outputs[i] for i in self.order)
