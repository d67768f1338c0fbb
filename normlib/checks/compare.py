"""When two outputs agree, and what an output must be to be compared at all."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from normlib.checks.exercise import Arrays, Case, Exercise, as_tuple, numbers

__all__ = ["Task", "agree", "canonical", "form_error", "largest", "prepare"]

# Error allowed relative to the largest entry, and the roundings that an input may have
# gone through: a hard case is one where those few roundings change the answer.
RELATIVE = {8: 1e-6, 4: 2e-5}
ROUNDINGS = 16


@dataclass(frozen=True)
class Task:
    """A case with its right output, and how far off an answer may be.

    `expected` is in canonical form, `shapes` are those that an answer must have;
    `slack` holds, for 8 and for 4 bytes a number, what each output may be off by.
    """

    case: Case
    expected: Arrays
    shapes: tuple[tuple[int, ...], ...]
    slack: dict[int, tuple[float, ...]]

    @property
    def single(self) -> bool:
        """Whether the inputs are float32."""
        arrays = [a for a in self.case.args if isinstance(a, np.ndarray)]
        return any(a.dtype == np.float32 for a in arrays)

    @property
    def size(self) -> int:
        """Number of values given."""
        return sum(np.size(a) for a in self.case.args if a is not None)


def prepare(exercise: Exercise, rng: np.random.Generator) -> list[Task]:
    """Return the cases with their right outputs and tolerances."""
    tasks = []
    with np.errstate(all="ignore"):
        for case in exercise.cases(rng):
            wide = numbers(case.args, lambda a: a.astype(np.float64))
            raw = as_tuple(exercise.reference(*wide))
            expected = exercise.canonical(raw)
            slack = {n: _slack(exercise, wide, expected, n, rng) for n in RELATIVE}
            shapes = tuple(np.shape(r) for r in raw)
            tasks.append(Task(case, expected, shapes, slack))
    return tasks


def canonical(exercise: Exercise, task: Task, value: Any) -> tuple[Arrays, int]:
    """Return outputs in float64 and comparable, and the bytes a number they had."""
    outputs = tuple(np.asarray(v) for v in as_tuple(value))
    itemsize = min(8, *(v.dtype.itemsize for v in outputs), 4 if task.single else 8)
    outputs = tuple(v.astype(np.float64) for v in outputs)
    if tuple(v.shape for v in outputs) == task.shapes:
        with np.errstate(all="ignore"):
            outputs = exercise.canonical(outputs)
    return outputs, itemsize


def _reference(exercise: Exercise, args: tuple) -> Arrays:
    return exercise.canonical(as_tuple(exercise.reference(*args)))


def _slack(
    exercise: Exercise,
    args: tuple,
    expected: Arrays,
    itemsize: int,
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """Return what each output may be off by.

    That is a small part of its largest entry, and some times the error that comes from
    rounding the input, and from computing the worked answer in this precision.
    """
    unit = np.finfo(f"f{itemsize}").eps / 2
    nudged = numbers(args, lambda a: a * (1 + unit * rng.choice([-1, 1], a.shape)))
    moved = _reference(exercise, nudged)
    rounded = exercise.solution(*numbers(args, lambda a: a.astype(f"f{itemsize}")))
    worked = exercise.canonical(
        tuple(np.asarray(w, np.float64) for w in as_tuple(rounded))
    )
    return tuple(
        RELATIVE[itemsize] * largest(e)
        + ROUNDINGS * max(largest(e - m), largest(e - w))
        + 1e-300
        for e, m, w in zip(expected, moved, worked, strict=True)
    )


def largest(a: np.ndarray) -> float:
    """Return the largest magnitude among the finite entries of `a`."""
    return float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a)))


def agree(got: np.ndarray, wanted: np.ndarray, slack: float) -> bool:
    """Whether two arrays have one shape and differ by at most `slack`; NaN is NaN."""
    if got.shape != wanted.shape:
        return False
    with np.errstate(all="ignore"):
        same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
        return bool(np.all(same | (np.abs(got - wanted) <= slack)))


def form_error(value: Any, outputs: tuple[str, ...], *, scalars: bool = False) -> str:
    """Say why `value` cannot be compared with `outputs`; "" if it can.

    With `scalars`, each output may also be a float or an int of Python's.
    """
    if scalars and type(value) in (tuple, list):
        value = [np.float64(v) if type(v) in (float, int) else v for v in value]
    if len(outputs) == 1:
        return _array_error(value, outputs[0])
    wanted = ", ".join(f"`{name}`" for name in outputs)
    kind = "numbers" if scalars else "arrays"
    if type(value) not in (tuple, list):
        return f"It returned {_kind(value)}; wanted {len(outputs)} {kind}: {wanted}."
    if len(value) != len(outputs):
        return f"It returned {len(value)} values; wanted {len(outputs)}: {wanted}."
    errors = [_array_error(v, n) for v, n in zip(value, outputs, strict=True)]
    return " ".join(error for error in errors if error)


def _array_error(value: Any, name: str) -> str:
    if value is None:
        return f"`{name}` is None."
    if type(value) is tuple:
        return f"It returned {len(value)} values; wanted `{name}` alone."
    if type(value) is not np.ndarray and not issubclass(type(value), np.floating):
        return f"`{name}` is {_kind(value)}; {_advice(value)}."
    dtype = value.dtype
    if dtype.kind != "f":
        return f"`{name}` has dtype {dtype}; wanted float64, so that fractions survive."
    if dtype.itemsize < 4:
        return f"`{name}` has dtype {dtype}, which is less precise than the input."
    return ""


def _advice(value: Any) -> str:
    if type(value) is not list:
        return "return a NumPy array"
    if [type(item) for item in value] == [np.ndarray]:
        return "return the array itself, without the list"
    return "make an array of it, with `np.array`"


def _kind(value: Any) -> str:
    name = type(value).__name__
    if type(value) in (tuple, list):
        return f"a {name} of {len(value)}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
