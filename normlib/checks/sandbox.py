"""Run a reader's function so that nothing it does can damage the session."""

import contextlib
import copy
import io
import random
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from normlib.checks.guards import Watch, modules_kept

__all__ = ["TIME_LIMIT", "Outcome", "Run", "TimeUp", "run"]

TIME_LIMIT = 3.0  # seconds for all the calls of one check


class TimeUp(BaseException):
    """Raised inside an answer that runs too long; no `except Exception` stops it."""


@dataclass
class Outcome:
    """What one call did: it returned `value`, or raised `error` at `line`."""

    value: Any = None
    error: type[BaseException] | None = None
    text: str = ""
    line: str = ""
    changed: list[int] = field(default_factory=list)

    @property
    def is_stub(self) -> bool:
        """Whether it did what an unfinished function does."""
        if self.error:
            return self.error is NotImplementedError
        return self.value is None or self.value is Ellipsis


@dataclass
class Run:
    """What all calls did together."""

    outcomes: list[Outcome] = field(default_factory=list)
    again: list[Outcome] = field(default_factory=list)
    printed: str = ""
    ready_made: str = ""
    patched: list[str] = field(default_factory=list)
    stopped: str = ""


def run(
    function: Callable[..., Any], calls: list[tuple], limit: float, own: str = ""
) -> Run:
    """Call `function` on copies of each tuple of arguments, twice, within `limit`.

    The second round goes backwards: an answer that remembers gives itself away. `own`
    is the function that the exercise asks for, which nobody else may provide.
    """
    result = Run()
    printed, watch = io.StringIO(), Watch(own)
    with _session_kept(printed), modules_kept(result.patched):
        try:
            with _deadline(limit), watch:
                result.outcomes = [_call(function, args) for args in calls]
                again = [_call(function, args) for args in reversed(calls)]
                result.again = again[::-1]
        except TimeUp:
            result.stopped = "time"
        except SystemExit:
            result.stopped = "exit"
    result.printed, result.ready_made = printed.getvalue(), watch.found
    return result


def _call(function: Callable[..., Any], args: tuple) -> Outcome:
    """Return what one call did, with arrays copied before they can change again."""
    given = copy.deepcopy(args)
    outcome = Outcome()
    try:
        outcome.value = _frozen(function(*given))
    except (TimeUp, SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        outcome.error, outcome.text = type(error), _text(error)
        outcome.line = _last_line(error)
    for i, (before, after) in enumerate(zip(args, given, strict=True)):
        if isinstance(before, np.ndarray) and not _same_bytes(before, after):
            outcome.changed.append(i)
    return outcome


def _frozen(value: Any) -> Any:
    """Return plain arrays copied, also inside a tuple or list; the rest as it is."""
    if type(value) is np.ndarray:
        return value.copy()
    if issubclass(type(value), tuple | list):  # a NamedTuple is a tuple here
        kind = list if issubclass(type(value), list) else tuple
        return kind(_frozen(v) for v in value)
    return value


def _text(error: BaseException) -> str:
    """Return what an error says; its own `__str__` may fail."""
    try:
        return str(error)
    except Exception:
        return "(its message cannot be shown)"


def _same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    same = a.shape == b.shape and a.dtype == b.dtype
    return same and a.tobytes() == b.tobytes()


def _last_line(error: BaseException) -> str:
    """Return the last line of the answer itself that led to `error`."""
    inside = __file__.rpartition("sandbox")[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(inside) and f.line]
    own = [f for f in own if "site-packages" not in f.filename]
    return (own[-1].line or "") if own else ""


@contextlib.contextmanager
def _session_kept(printed: io.StringIO) -> Iterator[None]:
    """Silence the block, and put back the settings that it may change."""
    options = np.get_printoptions()
    state = np.random.get_state()  # noqa: NPY002
    seeds, hook = random.getstate(), sys.excepthook
    recursion = sys.getrecursionlimit()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                yield
    finally:
        np.set_printoptions(**options)
        np.random.set_state(state)  # noqa: NPY002
        random.setstate(seeds)
        sys.excepthook = hook
        sys.setrecursionlimit(recursion)


@contextlib.contextmanager
def _deadline(limit: float) -> Iterator[None]:
    """Raise `TimeUp` in the block after `limit` seconds."""
    main = threading.current_thread() is threading.main_thread()
    alarm = main and hasattr(signal, "setitimer") and sys.platform != "emscripten"
    with _alarm(limit) if alarm else _trace(limit):
        yield


@contextlib.contextmanager
def _alarm(limit: float) -> Iterator[None]:
    def stop(_: int, frame: FrameType | None) -> None:
        if _in_answer(frame):  # elsewhere it would stop the cleaning up
            raise TimeUp

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    # It rings again: a bare `except:` in the answer may swallow the first one.
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, limit, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if remaining:
            left = max(remaining - (time.monotonic() - start), 0.01)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _in_answer(frame: FrameType | None) -> bool:
    while frame and frame.f_code is not _call.__code__:
        frame = frame.f_back
    return frame is not None


@contextlib.contextmanager
def _trace(limit: float) -> Iterator[None]:
    """Do the same where there are no signals: look at the clock at every step."""
    end = time.monotonic() + limit

    def look(frame: FrameType, *_: object) -> Any:
        frame.f_trace_opcodes = True  # `while True: pass` is a single line
        if time.monotonic() > end:
            raise TimeUp
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
