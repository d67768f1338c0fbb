"""An answer can do what it likes: the report is clear and the session unharmed."""

import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import NamedTuple

import numpy as np
import pytest

import normlib
from normlib import checks
from normlib.checks import sandbox
from normlib.checks.bank import EXERCISES

right = EXERCISES["rms-norm"].solution
right_gradients = EXERCISES["rms-norm-backward"].solution


@pytest.fixture(autouse=True)
def short_loops(monkeypatch):
    """Stop an endless answer sooner than a reader's would be."""
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 1.0)


@pytest.fixture(autouse=True)
def no_collection():
    """Keep Hypothesis's hook out of deep recursions, where it has no stack left."""
    gc.disable()
    yield
    gc.enable()


class AlwaysEqual:
    """Claims to equal anything, and has every attribute."""

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array here")

    def __getattr__(self, name):
        return self


class Liar(np.ndarray):
    """An array whose difference from any other is 0."""

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return np.zeros(1)


class Unprintable(Exception):
    """An error whose message raises another."""

    def __str__(self):
        raise RuntimeError("no text here")


def loop(x, gamma, eps):
    while True:
        pass


def loop_that_catches(x, gamma, eps):
    while True:
        try:
            sum(range(100))
        except Exception:
            continue


def loop_that_catches_all(x, gamma, eps):
    while True:
        try:
            sum(range(100))
        except BaseException:
            continue


def recursion(x, gamma, eps):
    return recursion(x, gamma, eps)


def prints(x, gamma, eps):
    print(right(x, gamma, eps))


def leaves(x, gamma, eps):
    sys.exit(0)


def raises(x, gamma, eps):
    return x @ gamma[:1]


def unprintable(x, gamma, eps):
    raise Unprintable


def in_place(x, gamma, eps):
    x /= np.sqrt((x**2).mean(-1, keepdims=True) + eps)
    return gamma * x


def patches(x, gamma, eps):
    np.abs = np.all = lambda *args, **kwargs: True
    np.linalg.norm = np.sqrt
    return right(x, gamma, eps)


def patches_the_checker(x, gamma, eps):
    sys.modules["normlib.checks.diagnosis"].differing = lambda *args: set()
    return x


def stateful():
    calls = []

    def answer(x, gamma, eps):
        calls.append(1)
        return right(x, gamma, eps) if len(calls) < 10 else x

    return answer


def noisy(x, gamma, eps):
    return right(x, gamma, eps) + 1e-9 * np.random.rand()  # noqa: NPY002


def sometimes_none(x, gamma, eps):
    return right(x, gamma, eps) if len(x) > 1 else None


def layer(x, gamma, eps):
    return normlib.rms_norm(x, gamma, eps)[0]


def kernel(x, gamma, eps):
    return gamma * normlib.normalize(x, (1,), eps, center=False)[0]


REPORTS = {  # answer -> part of the message, and name
    loop: ("still running", "no-end"),
    loop_that_catches: ("still running", "no-end"),
    loop_that_catches_all: ("still running", "no-end"),
    recursion: ("RecursionError", None),
    prints: ("printed something", "printed-not-returned"),
    leaves: ("sys.exit", "exits"),
    raises: ("at `return x @ gamma[:1]`", None),
    unprintable: ("Unprintable", None),
    in_place: ("changes its input `x`", "input-changed"),
    patches: ("`numpy.a", "numpy-changed"),
    patches_the_checker: ("normlib.checks.diagnosis.differing", "numpy-changed"),
    noisy: ("two different answers", "state-between-calls"),
    sometimes_none: ("None in some cases", None),
    layer: ("normlib.layers.rms_norm`, a ready-made", "ready-made-layer"),
    kernel: ("normlib.kernel.normalize", "ready-made-layer"),
}


@pytest.mark.parametrize("answer", REPORTS, ids=lambda answer: answer.__name__)
def test_report_says_what_went_wrong(answer):
    text, name = REPORTS[answer]
    report = checks.check("rms-norm", answer)
    assert (report.status, report.mistake) == ("wrong", name)
    assert text in report.message
    assert checks.check("rms-norm", right).status == "passed"  # the session lives


WRONG_KINDS = {
    "list": (lambda y: [y], "without the list"),
    "nested list": (lambda y: y.tolist(), "with `np.array`"),
    "pair": (lambda y: (y, None), "returned 2 values"),
    "scalar": (lambda y: 3.0, "is a float"),
    "text": (lambda y: "y", "is a str"),
    "generator": (lambda y: (v for v in y), "is a generator"),
    "equal to all": (lambda y: AlwaysEqual(), "is an AlwaysEqual"),
    "subclass": (lambda y: y.view(Liar), "is a Liar"),
    "masked": (lambda y: np.ma.masked_array(y, True), "is a MaskedArray"),
    "objects": (lambda y: y.astype(object), "dtype object"),
    "integers": (lambda y: y.astype(int), "dtype int64"),
    "complex": (lambda y: y.astype(complex), "dtype complex128"),
    "half": (lambda y: y.astype(np.float16), "dtype float16"),
    "flat": (lambda y: y.ravel(), "has shape"),
    "function": (lambda y: right, "is a function"),
}


@pytest.mark.parametrize("kind", WRONG_KINDS)
def test_wrong_kind_of_result_is_named(kind):
    change, text = WRONG_KINDS[kind]
    report = checks.check("rms-norm", lambda *args: change(right(*args)))
    assert report.status == "wrong"
    assert text in report.message


class Gradients(NamedTuple):
    """Two outputs with names."""

    dx: np.ndarray
    dgamma: np.ndarray


@pytest.mark.parametrize("kind", [list, tuple, lambda pair: Gradients(*pair)])
def test_several_outputs_may_come_in_any_sequence(kind):
    report = checks.check("rms-norm-backward", lambda *a: kind(right_gradients(*a)))
    assert report.status == "passed"


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (lambda dx, dgamma: dx, "It returned a ndarray"),
        (lambda dx, dgamma: (dx, dgamma, dgamma), "returned 3 values; wanted 2"),
        (lambda dx, dgamma: (dx, None), "`dgamma` is None"),
        (lambda dx, dgamma: {"dx": dx}, "It returned a dict"),
    ],
)
def test_wrong_number_of_outputs_is_named(output, text):
    report = checks.check("rms-norm-backward", lambda *a: output(*right_gradients(*a)))
    assert text in report.message


def test_answer_that_changes_its_mind_is_found_out():
    report = checks.check("rms-norm", stateful())
    assert report.mistake == "state-between-calls"


def test_values_in_place_of_a_function_get_advice():
    report = checks.check("rms-norm", np.ones(3))
    assert report.status == "wrong"
    assert "the function itself" in report.message


def test_wrong_arguments_get_the_error_and_not_a_traceback():
    report = checks.check("rms-norm", lambda x: x)
    assert "TypeError" in report.message


def test_callable_objects_are_functions_too():
    class Answer:
        def __call__(self, x, gamma, eps):
            return right(x, gamma, eps)

    assert checks.check("rms-norm", Answer()).status == "passed"


def test_ready_made_layer_of_torch_is_noticed():
    torch = pytest.importorskip("torch")

    def functional(x, gamma, beta, eps):
        x, gamma, beta = map(torch.from_numpy, (x, gamma, beta))
        y = torch.nn.functional.layer_norm(x, x.shape[1:], gamma, beta, eps)
        return y.numpy()

    def compiled(x, gamma, beta, eps):
        x, gamma, beta = map(torch.from_numpy, (x, gamma, beta))
        return torch.layer_norm(x, x.shape[1:], gamma, beta, eps).numpy()

    for answer in (functional, compiled):
        report = checks.check("layer-norm-forward", answer)
        assert report.mistake == "ready-made-layer"
        assert "layer_norm" in report.message


def test_moments_of_the_library_may_be_used():
    def answer(x, gamma, beta, eps):
        mean, var = normlib.moments(x, (0,))
        return gamma * (x - mean) / np.sqrt(var + eps) + beta

    assert checks.check("batch-norm-forward", answer).status == "passed"


def test_session_is_as_it_was():
    def untidy(x, gamma, eps):
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        np.random.rand()  # noqa: NPY002
        random.seed(0)
        warnings.simplefilter("error")
        sys.stdout = sys.stderr = None
        sys.setrecursionlimit(500)
        np.pi = 3
        return right(x, gamma, eps)

    def look():
        state = np.random.get_state()[1]  # noqa: NPY002
        handler = signal.getsignal(signal.SIGALRM)
        hooks = (sys.getprofile(), sys.gettrace(), handler, sys.stdout, sys.stderr)
        settings = (np.geterr(), np.get_printoptions()["precision"], np.pi)
        rest = (sys.getrecursionlimit(), random.getstate(), list(warnings.filters))
        return (*hooks, *settings, *rest, state.tobytes())

    before = look()
    assert checks.check("rms-norm", untidy).mistake == "numpy-changed"
    assert look() == before


def test_alarm_of_the_session_still_rings():
    rung = []
    handler = signal.signal(signal.SIGALRM, lambda *args: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        checks.check("rms-norm", loop)
        time.sleep(0.6)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert rung == [1]


def on_one_line(x, gamma, eps):
    while True: pass  # fmt: skip  # noqa: E701


@pytest.mark.parametrize("loop", [loop, on_one_line])
def test_endless_loop_is_stopped_in_another_thread_too(loop):
    reports = []
    thread = threading.Thread(
        target=lambda: reports.append(checks.check("rms-norm", loop))
    )
    thread.start()
    thread.join(timeout=20)
    assert [report.mistake for report in reports] == ["no-end"]


def test_user_can_interrupt():
    def interrupted(x, gamma, eps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checks.check("rms-norm", interrupted)


def test_check_is_fast():
    wrong = EXERCISES["batch-renorm-backward"].mistakes[-1].answer
    start = time.process_time()
    checks.check("batch-renorm-backward", wrong)
    assert time.process_time() - start < 0.5


def test_warnings_as_errors_do_not_stop_a_check():
    code = (
        "from normlib import checks\n"
        "f = lambda x, gamma, beta, eps: (x - x.mean(0)) / x.std(0) * gamma + beta\n"
        "assert checks.check('batch-norm-forward', f).mistake == 'eps-missing'\n"
    )
    run = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(run, check=True, env=os.environ)


class TestProgress:
    """The reader's file."""

    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "progress.json"

    def test_only_a_pass_counts_and_survives_a_restart(self, file):
        checks.check("rms-norm", lambda x, gamma, eps: x)
        checks.check("rms-norm", EXERCISES["rms-norm"].solution)  # ours, not theirs
        assert not file.exists()
        checks.check("rms-norm", lambda *args: right(*args))
        checks.check("rms-norm", lambda *args: right(*args))
        assert json.loads(file.read_text()) == {"solved": ["rms-norm"]}
        code = "from normlib import checks; print(checks.progress())"
        run = [sys.executable, "-c", code]
        shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        assert "✓ rms-norm\n" in shown
        assert "· group-norm" in shown

    @pytest.mark.parametrize("content", [b"{", b"[]", b'{"solved": 3}', b"\xff\xfe"])
    def test_damaged_file_is_kept_aside(self, file, content):
        file.write_bytes(content)
        assert "✓" not in str(checks.progress())
        assert file.with_name("progress.json.bak").read_bytes() == content
        checks.check("rms-norm", lambda *args: right(*args))
        assert "✓ rms-norm" in str(checks.progress())

    def test_folder_that_cannot_be_written_fails_no_check(self, file, monkeypatch):
        file.write_text("a file where a folder is needed")
        monkeypatch.setenv("NORMLIB_PROGRESS", str(file / "progress.json"))
        answer = lambda *args: right(*args)  # noqa: E731
        assert checks.check("rms-norm", answer).status == "passed"
        assert "0 of" in str(checks.progress())

    def test_shows_a_table(self):
        progress = checks.progress()
        assert progress._repr_html_().count("<tr>") == 1 + len(progress.chapters)
