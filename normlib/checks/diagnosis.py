"""Which mistake gives just this output, and if none does: what holds and what fails."""

import itertools
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from normlib.checks.compare import Task, agree, canonical
from normlib.checks.exercise import Arrays, Exercise, Mistake, as_tuple

__all__ = ["Answered", "differing", "explain", "tried"]


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


def tried(exercise: Exercise, mistake: Mistake, tasks: list[Task]) -> list[Answered]:
    """Return what a mistake gives for each task."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [_try(exercise, mistake, task) for task in tasks]


def _try(exercise: Exercise, mistake: Mistake, task: Task) -> Answered:
    try:
        return Answered(*canonical(exercise, task, mistake.answer(*task.case.args)))
    except Exception as error:
        return Answered(error=type(error))


def explain(
    exercise: Exercise, tasks: list[Task], answers: list[Answered]
) -> tuple[list[list[Mistake]], set[int]]:
    """Return the mistakes made, and the wrong outputs that none of them explains.

    Each inner list holds mistakes that cannot be told apart. A mistake counts if the
    answer equals it in every case, in all the outputs in which it is ever wrong.
    """
    open_ = set().union(*map(differing, tasks, answers))
    candidates = []
    for mistake in [*exercise.mistakes, *_in_another_order(exercise)]:
        wrong = tried(exercise, mistake, tasks)
        reach = set().union(*map(differing, tasks, wrong))
        if reach and all(map(_same, tasks, answers, wrong, itertools.repeat(reach))):
            candidates.append((mistake, reach))
    made = []
    while reaches := [reach for _, reach in candidates if reach and reach <= open_]:
        widest = max(reaches, key=len)
        made.append([mistake for mistake, reach in candidates if reach == widest])
        open_ -= widest
    return made, open_


def _same(task: Task, a: Answered, b: Answered, numbers: set[int]) -> bool:
    """Whether two answers to a task agree in the outputs `numbers`."""
    if a.error or b.error:
        return a.error == b.error
    slack = task.slack[min(a.itemsize, b.itemsize)]
    return all(agree(a.outputs[i], b.outputs[i], slack[i]) for i in numbers)


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
