"""From a reader's function to a report."""

import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np

from normlib.checks import sandbox
from normlib.checks.compare import Task, canonical, form_error, prepare
from normlib.checks.diagnosis import Answered, differing, explain
from normlib.checks.evidence import describe, smallest_example
from normlib.checks.exercise import Exercise, Mistake
from normlib.checks.labels import where
from normlib.checks.report import Report

__all__ = ["judge"]


def judge(exercise: Exercise, answer: Any, seed: int | None) -> Report:
    """Return the report on `answer`."""
    if answer is None or answer is Ellipsis:
        return _not_attempted(exercise)
    if not callable(answer):
        text = f"Hand over the function itself, not {type(answer).__name__} values."
        return Report(exercise.name, "wrong", f"{text} {_call_it(exercise)}")
    seed = secrets.randbits(32) if seed is None else seed
    tasks = prepare(exercise, np.random.default_rng(seed))
    own = exercise.name.replace("-", "_")
    run = sandbox.run(answer, [t.case.args for t in tasks], sandbox.TIME_LIMIT, own)
    return _conduct(exercise, run, seed) or _verdict(exercise, tasks, run, seed)


def _call_it(exercise: Exercise) -> str:
    return f"Wanted: `{exercise.signature}`."


def _not_attempted(exercise: Exercise) -> Report:
    text = f'Write the function, then check it; hint("{exercise.name}") helps.'
    return Report(exercise.name, "not attempted", text)


def _conduct(exercise: Exercise, run: sandbox.Run, seed: int) -> Report | None:
    """Return a report if the numbers do not even matter, None if they do."""
    found = next((m for m in _misconduct(run)), None)
    if found:
        name, text = found
        return Report(exercise.name, "wrong", text, name, seed=seed)
    stubs = [outcome.is_stub for outcome in run.outcomes]
    if not any(stubs):
        return None
    if run.printed.strip():
        text = "It printed something and returned None. Return the result instead."
        return Report(exercise.name, "wrong", text, "printed-not-returned", seed=seed)
    if all(stubs):
        return _not_attempted(exercise)
    text = "It returned None in some cases: a path through it has no return."
    return Report(exercise.name, "wrong", text, seed=seed)


def _misconduct(run: sandbox.Run) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with how the answer works, name and message."""
    if run.stopped == "time":
        limit = f"{sandbox.TIME_LIMIT:g} seconds"
        yield "no-end", f"It was still running after {limit} and was stopped."
    if run.stopped == "exit":
        yield "exits", "It called sys.exit(), which would end the session. Return."
    if run.patched:
        names = ", ".join(f"`{n}`" for n in run.patched[:3])
        yield "numpy-changed", f"It replaced {names}; the original is back in place."
    if run.ready_made:
        yield (
            "ready-made-layer",
            f"It calls `{run.ready_made}`, a ready-made function, so it is not yet "
            f"an answer: here you write that computation yourself, in NumPy. It is a "
            f"fine thing to compare yours with.",
        )


def _verdict(
    exercise: Exercise, tasks: list[Task], run: sandbox.Run, seed: int
) -> Report:
    """Return the report on what the calls returned."""
    found = _misformed(exercise, run) or _remembers(exercise, tasks, run)
    if found:
        name, text = found
        return Report(exercise.name, "wrong", text, name, seed=seed)
    answers = _answered(exercise, tasks, run.outcomes)
    if any(
        a.error or differing(task, a) for task, a in zip(tasks, answers, strict=True)
    ):
        return _diagnosed(exercise, tasks, answers, run, seed)
    return Report(exercise.name, "passed", _praise(tasks), seed=seed)


def _misformed(exercise: Exercise, run: sandbox.Run) -> tuple[str | None, str] | None:
    """Return name and message for a result of the wrong kind, or a changed input."""
    for outcome in run.outcomes:
        form = outcome.error is None and _form_error(exercise, outcome.value)
        if form:
            return None, f"{form} {_call_it(exercise)}"
        if outcome.changed:
            name = exercise.arguments[outcome.changed[0]]
            return "input-changed", (
                f"It changes its input `{name}`, which still belongs to the caller. "
                f"`{name} = {name} - mean` is a new array, `{name} -= mean` is not."
            )
    return None


def _form_error(exercise: Exercise, value: Any) -> str:
    return form_error(value, exercise.outputs, scalars=exercise.scalars)


def _remembers(
    exercise: Exercise, tasks: list[Task], run: sandbox.Run
) -> tuple[str, str] | None:
    """Return name and message if a second call with the same input differed."""
    forms = [o.error is None and _form_error(exercise, o.value) for o in run.again]
    if not any(forms):
        first = _answered(exercise, tasks, run.outcomes)
        if all(map(_equal, first, _answered(exercise, tasks, run.again))):
            return None
    return "state-between-calls", (
        "The same input gave two different answers: something is kept from one call to "
        "the next, or drawn at random."
    )


def _praise(tasks: list[Task]) -> str:
    labels = [task.case.label for task in tasks]
    return f"Right in all {len(tasks)} cases, among them: {'; '.join(labels[1:])}."


def _answered(
    exercise: Exercise, tasks: list[Task], outcomes: list[sandbox.Outcome]
) -> list[Answered]:
    return [
        Answered(error=o.error)
        if o.error
        else Answered(*canonical(exercise, task, o.value))
        for task, o in zip(tasks, outcomes, strict=True)
    ]


def _equal(a: Answered, b: Answered) -> bool:
    same = a.error == b.error and len(a.outputs) == len(b.outputs)
    return same and all(
        x.shape == y.shape and bool(np.all((x == y) | (np.isnan(x) & np.isnan(y))))
        for x, y in zip(a.outputs, b.outputs, strict=True)
    )


def _diagnosed(
    exercise: Exercise,
    tasks: list[Task],
    answers: list[Answered],
    run: sandbox.Run,
    seed: int,
) -> Report:
    """Return the report on a wrong answer: its mistakes, or else the evidence."""
    made, unexplained = explain(exercise, tasks, answers)
    parts = [_told(causes) for causes in made]
    if not made and any(a.error for a in answers):
        parts.append(_raised(exercise, tasks, run))
    if unexplained:
        parts.append(describe(exercise, tasks, answers, unexplained))
    name = " and ".join(" or ".join(_names(causes)) for causes in made) or None
    example = smallest_example(exercise, tasks, answers)
    message = "\n\n".join(parts)
    return Report(exercise.name, "wrong", message, name, example, seed)


def _names(causes: list[Mistake]) -> list[str]:
    return list(dict.fromkeys(mistake.name for mistake in causes))


def _told(causes: list[Mistake]) -> str:
    """Return what happened, why it matters and what to read, for each cause."""
    texts = dict.fromkeys(f"{m.what} {m.why} {_reading(m)}" for m in causes)
    if len(texts) == 1:
        return next(iter(texts))
    lead = "Nothing in the output can tell these causes apart."
    return "\n\n".join([lead, *texts])


def _reading(cause: Mistake) -> str:
    """Return where to read on; a title that is a question ends the sentence."""
    place = where(cause.see)
    return f"Read {place}" if place.endswith("?") else f"Read {place}."


def _raised(exercise: Exercise, tasks: list[Task], run: sandbox.Run) -> str:
    """Return which error the answer raised, where, and for which input."""
    pairs = zip(tasks, run.outcomes, strict=True)
    failed = [(task, o) for task, o in pairs if o.error]
    task, outcome = min(failed, key=lambda pair: pair[0].size)
    where = f" at `{outcome.line}`" if outcome.line else ""
    shapes = ", ".join(
        f"{n} {a.shape}" if isinstance(a, np.ndarray) else f"{n} = {a}"
        for n, a in zip(exercise.arguments, task.case.args, strict=True)
    )
    error = f"{outcome.error.__name__}: {outcome.text}" if outcome.error else ""
    count = f"in {len(failed)} of {len(tasks)} cases"
    return f"It raised {error}{where}, {count}; one of them has {shapes}."
