"""Every known mistake is rejected and named; the public functions do what they say."""

import inspect
import re

import numpy as np
import pytest
import yaml
from conftest import ROOT

from normlib import checks
from normlib.checks import diagnosis, evidence
from normlib.checks.bank import EXERCISES
from normlib.checks.compare import prepare
from normlib.checks.exercise import numbers
from normlib.checks.labels import CHAPTERS, where

# No output can tell these apart, so they are named together.
TWINS = {
    ("batch-renorm-forward", "limits-missing"),
    ("batch-renorm-forward", "running-statistics-in-training"),
}
# Right once its input is not a whole number.
SURVIVES_FLOAT32 = "fractions-cut-off"
RENORM = "running_mean, running_std, r_max, d_max, eps"
CODE = {
    "standardize(train, test)": 2,
    "whiten(x, eps)": 1,
    "batch_norm_forward(x, gamma, beta, eps)": 1,
    "batch_norm_backward(dy, x, gamma, eps)": 3,
    "batch_norm_conv(x, gamma, beta, eps)": 1,
    "running_update(running_mean, running_var, x, momentum)": 2,
    "batch_norm_inference(x, running_mean, running_var, gamma, beta, eps)": 1,
    "fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps)": 2,
    f"batch_renorm_forward(x, gamma, beta, {RENORM})": 1,
    f"batch_renorm_backward(dy, x, gamma, {RENORM})": 3,
    "layer_norm_forward(x, gamma, beta, eps)": 1,
    "layer_norm_backward(dy, x, gamma, eps)": 3,
    "instance_norm(x, gamma, beta, eps)": 1,
    "group_norm(x, num_groups, gamma, beta, eps)": 1,
    "rms_norm(x, gamma, eps)": 1,
    "rms_norm_backward(dy, x, gamma, eps)": 2,
    "instance_norm_backward(dy, x, gamma, eps)": 3,
    "group_norm_backward(dy, x, num_groups, gamma, eps)": 3,
    "weight_standardize(weight, eps)": 1,
    "min_max_scale(train, test)": 2,
    "he_weights(z)": 1,
    "batch_norm_conv_backward(dy, x, gamma, eps)": 3,
    "masked_batch_norm(x, mask, gamma, beta, eps)": 1,
}


@pytest.mark.parametrize("name", EXERCISES)
class TestMistakes:
    """What holds for every mistake of an exercise."""

    def test_is_rejected_and_named(self, name):
        for mistake in EXERCISES[name].mistakes:
            for seed in (0, 1):
                report = checks.check(name, mistake.answer, seed=seed)
                assert report.status == "wrong", mistake.name
                assert mistake.what in report.message
                named = report.mistake.split(" or ")
                assert mistake.name in named, str(report)
                assert len(named) == 1 or (name, mistake.name) in TWINS, report.title

    def test_is_rejected_in_float32(self, name):
        for mistake in EXERCISES[name].mistakes:
            if mistake.name == SURVIVES_FLOAT32:
                continue
            answer = in_float32(mistake.answer)
            assert checks.check(name, answer, seed=0).status == "wrong", mistake.name

    def test_is_told_in_sentences(self, name):
        exercise = EXERCISES[name]
        for mistake in exercise.mistakes:
            assert mistake.what.endswith((".", ".)")), mistake.name
            assert mistake.why.endswith((".", ".)")), mistake.name
            assert_in_its_chapter(mistake.see)
        assert len(exercise.mistakes) >= 10


def assert_in_its_chapter(label):
    """Look for the label in the notebook that a report would send the reader to."""
    title = where(label).partition("the chapter ")[2]
    stem = next(stem for stem, name in CHAPTERS.items() if name == title)
    notebook = ROOT / "chapters" / f"{stem}.ipynb"
    assert f"({label})" in notebook.read_text(), f"{label} is not in {notebook.name}"


def test_equation_numbers_are_those_of_the_book():
    start, numbered, reference = yaml.safe_load((ROOT / "_toc.yml").read_text())[
        "parts"
    ]
    assert ["numbered" in part for part in (start, numbered, reference)] == [0, 1, 0]
    files = [page["file"] for part in (start, numbered) for page in part["chapters"]]
    assert files == [f"chapters/{stem}" for stem in CHAPTERS]
    assert len(start["chapters"]) == 1  # so that the first numbered one is number 1
    named = {mistake.see for e in EXERCISES.values() for mistake in e.mistakes}
    for number, stem in enumerate(CHAPTERS):
        source = (ROOT / f"chapters/{stem}.ipynb").read_text()
        labels = re.findall(r"\$\$ *\((eq-[\w-]+)\)", source)
        for place, label in enumerate(labels, 1):
            if label in named:
                assert f"({number}.{place})" in where(label)


def test_a_title_that_is_a_question_ends_the_sentence():
    report = checks.check("rates-without-decay", lambda rates, decay: rates.copy())
    assert report.message.endswith("in the chapter Why does it work?")
    report = checks.check("running-update", lambda mean, var, *_: (+mean, +var))
    assert report.message.endswith("in the chapter Inference.")


def in_float32(function):
    """Return `function` computing in single precision, and returning it."""

    def single(*args):
        output = function(*numbers(args, np.float32))
        if isinstance(output, tuple):
            return tuple(np.float32(o) for o in output)
        return np.float32(output)

    return single


def test_public_functions_and_signatures_are_those_promised():
    wanted = dict(
        zip((s.split("(")[0].replace("_", "-") for s in CODE), CODE, strict=True)
    )
    assert set(wanted) <= set(checks.exercises())
    for name, signature in wanted.items():
        assert EXERCISES[name].signature.startswith(f"{signature} -> ")
        assert len(EXERCISES[name].outputs) == CODE[signature]


@pytest.mark.parametrize("name", EXERCISES)
def test_tolerance_stays_far_below_the_output(name):
    for task in prepare(EXERCISES[name], np.random.default_rng(0)):
        for expected, slack in zip(task.expected, task.slack[8], strict=True):
            assert slack < 3e-5 * np.abs(expected).max() + 1e-299  # 0 is exact


@pytest.mark.parametrize("name", EXERCISES)
def test_reference_and_solution_do_not_share_code(name):
    source = inspect.getsource(EXERCISES[name].solution)
    assert "normlib" not in source
    assert EXERCISES[name].reference is not EXERCISES[name].solution


@pytest.mark.parametrize("name", EXERCISES)
def test_hints_come_one_by_one_and_stay_at_the_last(name):
    total = len(EXERCISES[name].hints)
    assert total >= 3
    numbers = [checks.hint(name).number for _ in range(total + 2)]
    assert numbers == [*range(1, total + 1), total, total]
    checks._given.clear()


@pytest.mark.parametrize("name", EXERCISES)
def test_stub_is_not_attempted(name):
    def not_implemented(*args):
        raise NotImplementedError

    for stub in (None, ..., lambda *args: None, lambda *args: ..., not_implemented):
        report = checks.check(name, stub)
        assert (report.status, report.mistake) == ("not attempted", None)
        assert len(str(report).splitlines()) <= 4


def test_solution_shows_code_that_runs():
    solution = checks.solution("rms-norm")
    scope = {"np": np}
    exec(solution.source, scope)
    assert checks.check("rms-norm", scope["rms_norm"]).status == "passed"
    assert solution._repr_markdown_().startswith(
        "```python\ndef rms_norm(x, gamma, eps)"
    )
    assert str(solution) == solution.source.rstrip()


def test_mistakes_are_functions_to_experiment_with():
    bank = checks.mistakes("batch-norm-backward")
    assert set(bank) == {m.name for m in EXERCISES["batch-norm-backward"].mistakes}
    ones = np.ones((4, 3))
    dx, _, _ = bank["statistics-as-constants"].answer(ones, ones, np.ones(3), 1.0)
    np.testing.assert_allclose(dx, ones)
    with pytest.raises(ValueError, match="without code"):
        checks.mistakes("fog")


def test_two_mistakes_in_different_outputs_are_both_named():
    mistakes = {m.name: m.answer for m in EXERCISES["batch-norm-backward"].mistakes}

    def answer(*args):
        dx, _, dbeta = mistakes["mean-path-missing"](*args)
        return dx, mistakes["dgamma-averaged"](*args)[1], dbeta

    report = checks.check("batch-norm-backward", answer)
    assert report.mistake in {
        "mean-path-missing and dgamma-averaged",
        "dgamma-averaged and mean-path-missing",
    }


def test_outputs_in_another_order_are_recognized():
    def answer(dy, x, gamma, eps):
        dx, dgamma, dbeta = EXERCISES["batch-norm-backward"].solution(dy, x, gamma, eps)
        return dx, dbeta, dgamma

    report = checks.check("batch-norm-backward", answer)
    assert report.mistake == "outputs-in-another-order"


def test_unknown_mistake_gets_evidence_and_an_example_but_no_cause():
    def answer(dy, x, gamma, eps):
        dx, dgamma, dbeta = EXERCISES["batch-norm-backward"].solution(dy, x, gamma, eps)
        dx[:, 0] += 0.01 * dy[:, 0] ** 3
        return dx, dgamma, dbeta

    report = checks.check("batch-norm-backward", answer, seed=3)
    assert report.mistake is None
    for text in ("index 0 of axis 1", "Holds: `dgamma`; `dbeta`.", "Σ dx = 0"):
        assert text in report.message
    assert "expected dx" in report.example
    assert "seed=3" in str(report)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda x, g, b, e: x[:1], "`y` has shape (1, 2); wanted (3, 2)."),
        (lambda x, g, b, e: x * np.nan, "`y` holds NaN or infinity"),
        (lambda x, g, b, e: 3 * right(x, g, b, e), "`y` is 3 times what it should be"),
        (lambda x, g, b, e: right(x, g, b, e) + (x.max() > 2e3), "cases fail: mean of"),
        (lambda x, g, b, e: right(x, g, b, e)[::-1], "Holds: the mean over"),
    ],
)
def test_evidence(answer, sentence):
    assert sentence in checks.check("batch-norm-forward", answer, seed=0).message


def right(*args):
    return EXERCISES["batch-norm-forward"].solution(*args)


def test_a_single_number_is_wrong_and_not_one_of_one():
    report = checks.check("renorm-schedule", lambda *args: (np.pi, np.pi), seed=0)
    assert re.search(r"`\w+` is wrong\.", report.message)
    assert "1 of 1" not in report.message


def test_example_of_a_large_case_is_short_and_has_no_negative_zero():
    images = np.full((8, 3, 6, 6), -1e-9)
    shown = evidence._show(images, 4)
    assert len(shown.splitlines()) < 20
    assert "-0." not in shown
    assert images.max() < 0


def test_white_noise_is_no_whitening():
    def noise(x, eps):
        z = np.linalg.qr(np.random.default_rng(0).normal(size=x.shape))[0]
        return z * len(x) ** 0.5

    assert checks.check("whiten", noise).status == "wrong"


def test_same_seed_gives_the_same_report_and_another_seed_other_cases():
    first, again, other = (
        checks.check("rms-norm", lambda x, gamma, eps: x, seed=s) for s in (5, 5, 6)
    )
    assert str(first) == str(again)
    assert first.example != other.example
    assert checks.check("rms-norm", lambda x, gamma, eps: x).seed is not None


def test_report_shows_itself_and_require_raises():
    report = checks.check("rms-norm", lambda x, gamma, eps: x / 0 * (x < 3))
    assert "rms-norm: not yet" in repr(report)
    assert "<pre" in report._repr_html_()
    assert "(x < 3)" not in report._repr_html_()  # markup is escaped
    with pytest.raises(AssertionError, match="rms-norm: not yet"):
        report.require()
    with pytest.raises(AssertionError, match="not attempted"):
        checks.check("rms-norm", None).require()
    solution = checks.solution("rms-norm").function
    assert checks.check("rms-norm", solution).require().status == "passed"


def test_unknown_exercise_is_an_error_that_helps():
    with pytest.raises(ValueError, match="did you mean 'rms-norm'"):
        checks.check("rms_norm", None)


def test_matching_never_names_a_mistake_that_gives_the_right_output():
    exercise = EXERCISES["batch-norm-forward"]
    tasks = prepare(exercise, np.random.default_rng(0))
    right_answers = [diagnosis.Answered(t.expected) for t in tasks]
    assert diagnosis.explain(exercise, tasks, right_answers) == ([], set())
