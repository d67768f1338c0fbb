"""What holds and what fails in a wrong answer, and where; no causes."""

import re

import numpy as np

from normlib.checks.compare import Task, agree
from normlib.checks.diagnosis import Answered, differing
from normlib.checks.exercise import Exercise, Law

__all__ = ["describe", "smallest_example"]


def describe(
    exercise: Exercise,
    tasks: list[Task],
    answers: list[Answered],
    unexplained: set[int],
) -> str:
    """Return paragraphs on the wrong outputs that no known mistake explains."""
    failing = [
        (task, answered)
        for task, answered in zip(tasks, answers, strict=True)
        if differing(task, answered) & unexplained
    ]
    texts = [_which_cases(tasks, failing)]
    task, answered = min(failing, key=lambda pair: pair[0].size)
    for i in sorted(differing(task, answered) & unexplained):
        texts.append(_about(exercise, task, answered, i))
    texts.append(_laws(exercise, tasks, answers))
    return "\n\n".join(text for text in texts if text)


def _which_cases(tasks: list[Task], failing: list) -> str:
    bad = [task.case.label for task, _ in failing]
    if len(bad) == len(tasks):
        return f"All {len(tasks)} cases fail."
    good = [task.case.label for task in tasks if task.case.label not in bad]
    if len(good) < len(bad):
        return f"All cases fail but these: {'; '.join(good)}."
    return f"{len(bad)} of {len(tasks)} cases fail: {'; '.join(bad)}."


def _name(exercise: Exercise, i: int) -> str:
    """Return what output `i` is called in its comparable form."""
    return (exercise.compared or exercise.outputs)[i]


def _about(exercise: Exercise, task: Task, answered: Answered, i: int) -> str:
    """Return one sentence on one output of one case."""
    name, got, want = _name(exercise, i), answered.outputs[i], task.expected[i]
    if got.shape != want.shape and got.shape != task.shapes[i]:
        wanted = f"has shape {got.shape}; wanted {task.shapes[i]}."
        return f"`{exercise.outputs[i]}` {wanted}"
    if not np.isfinite(got).all():
        return f"`{name}` holds NaN or infinity in the case '{task.case.label}'."
    slack = task.slack[answered.itemsize][i]
    return _factor(name, got, want, slack) or _where(name, got, want, slack)


def _factor(name: str, got: np.ndarray, want: np.ndarray, slack: float) -> str:
    """Say if one array is a multiple of the other."""
    square = float(np.sum(want * want))
    factor = float(np.sum(got * want)) / square if square else 0.0
    if got.size < 3 or abs(factor) < 1e-3:
        return ""
    if not agree(got, factor * want, 2 * slack * max(1, abs(factor))):
        return ""
    return f"`{name}` is {factor:.6g} times what it should be, in every entry."


def _where(name: str, got: np.ndarray, want: np.ndarray, slack: float) -> str:
    """Say along which axis the wrong entries lie."""
    wrong = ~(np.abs(got - want) <= slack)
    if wrong.size == 1:
        return f"`{name}` is wrong."
    share = f"{wrong.sum()} of {wrong.size} entries of `{name}` are wrong"
    for axis in range(wrong.ndim):
        others = tuple(a for a in range(wrong.ndim) if a != axis)
        lines = wrong.any(axis=others)
        if wrong.ndim > 1 and not lines.all():
            bad = ", ".join(map(str, np.flatnonzero(lines)))
            return f"{share}, all of them at index {bad} of axis {axis}."
    return f"{share}."


def _laws(exercise: Exercise, tasks: list[Task], answers: list[Answered]) -> str:
    """Say which outputs and laws hold in every case, and which fail in some."""
    wrong = set().union(*map(differing, tasks, answers))
    verdicts = [(f"`{n}`", i not in wrong) for i, n in enumerate(exercise.outputs)]
    for law in exercise.laws:
        i = exercise.outputs.index(law.output)
        comparable = [
            (task, answered)
            for task, answered in zip(tasks, answers, strict=True)
            if answered.outputs and answered.outputs[i].shape == task.expected[i].shape
        ]
        if comparable:
            holds = all(_holds(law, task, answered, i) for task, answered in comparable)
            verdicts.append((law.text, holds))
    good = [text for text, holds in verdicts if holds]
    bad = [text for text, holds in verdicts if not holds]
    if not good and len(bad) < 2:
        return ""
    return f"Holds: {'; '.join(good) or 'nothing'}. Fails: {'; '.join(bad)}."


def _holds(law: Law, task: Task, answered: Answered, i: int) -> bool:
    got, want = answered.outputs[i], task.expected[i]
    with np.errstate(all="ignore"):
        s, t = (np.asarray(law.statistic(task.case.args, a)) for a in (got, want))
        m = max(want.size // max(t.size, 1), 1)
        size = max(1.0, float(np.max(np.abs(want), initial=0.0)))
    return agree(s, t, m * size * task.slack[answered.itemsize][i])


def smallest_example(
    exercise: Exercise, tasks: list[Task], answers: list[Answered]
) -> str:
    """Return the input, the expected and the actual output of the smallest failure."""
    failing = [
        (task, answered, min(bad))
        for task, answered in zip(tasks, answers, strict=True)
        if (bad := differing(task, answered))
    ]
    if not failing:
        return ""
    task, answered, i = min(failing, key=lambda f: f[0].size)
    names = exercise.arguments
    shown = {n: a for n, a in zip(names, task.case.args, strict=True)}
    label = _name(exercise, i)
    lines = [f"Smallest failing case: {task.case.label}"]
    lines += [f"{n} = {_show(a, len(n) + 3)}" for n, a in shown.items()]
    expected = task.expected[i]
    lines.append(f"expected {label} = {_show(expected, len(label) + 12)}")
    lines.append(f"got      {label} = {_show(answered.outputs[i], len(label) + 12)}")
    return "\n".join(lines)


def _show(value: object, indent: int) -> str:
    """Return at most a few rows of an array, aligned."""
    if not isinstance(value, np.ndarray):
        return str(value)
    if np.issubdtype(value.dtype, np.floating):
        value = np.round(value, 5) + 0.0  # no "-0."
    edges = 2 if value.ndim < 3 else 1  # of images, two are 64 lines
    with np.printoptions(precision=5, suppress=True, threshold=40, edgeitems=edges):
        text = np.array2string(value, max_line_width=80)
    return re.sub(r"\n+", "\n" + " " * indent, text)
