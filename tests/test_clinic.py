"""The clinic: a broken program fails the test of its case, a mended one passes."""

import inspect
import re
import warnings

import pytest
import torch
from conftest import ROOT, cells

from clinic.case import Case
from clinic.catalog import CASES

CHAPTER = ROOT / "chapters/field-guide.ipynb"
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

# Only one of the mistakes stops the program; the others return wrong numbers.
STOPS = {"last-batch": "Expected more than 1 value per channel"}


@each_case
def test_broken_program_fails(case):
    words = STOPS.get(case.name, re.escape(case.measures))
    error = ValueError if case.name in STOPS else AssertionError
    with pytest.raises(error, match=words):
        case.test(case.broken)
    assert case.complaint().startswith(error.__name__)


@each_case
def test_mended_program_passes(case):
    case.test(case.mended)


@each_case
def test_numbers_do_not_depend_on_global_seeds(case):
    def measured(seed):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return case.complaint(), case.symptom(case.mended)

    assert measured(1) == measured(2)


@each_case
def test_both_programs_take_the_same_arguments(case):
    assert inspect.signature(case.broken) == inspect.signature(case.mended)


@each_case
def test_chapter_shows_the_case_and_cites_its_thread(case):
    shown = "\n".join(c["source"] for c in cells(CHAPTER, "code"))
    assert f'broken("{case.name}")' in shown
    assert f'mended("{case.name}")' in shown
    text = "\n".join(c["source"] for c in cells(CHAPTER, "markdown"))
    story = text.split(f":label: ex-case-{case.name}\n")[1].split("{solution-end}")[0]
    thread = r"\[[\w.-]+/[\w.-]+#(\d+)\]\(https://github\.com/[\w./-]+/(\d+)\)"
    cited = re.findall(thread, story)
    assert cited, "no thread"
    assert all(number == linked for number, linked in cited)
    index = text.split("(sec-clinic-index)=")[1].split("\n## Exercises")[0]
    assert f"<ex-case-{case.name}>" in index


def sick(program: Case, value: float) -> Case:
    """Return a case whose symptom is `value`, whatever the program."""
    return Case("a", program, program, lambda _: value, "what", 0.5)


@pytest.mark.parametrize(("value", "passes"), [(0.5, True), (0.6, False)])
def test_limit_belongs_to_the_healthy(value, passes):
    case = sick(len, value)
    if passes:
        case.test(len)
        with pytest.raises(RuntimeError, match="a: the broken program passes"):
            case.complaint()
    else:
        assert case.complaint().startswith("AssertionError: what: 0.6, and should")


def test_nan_is_sick():
    with pytest.raises(AssertionError, match="what: nan"):
        sick(len, float("nan")).test(len)


def test_source_is_that_of_the_program():
    case = CASES["frozen-statistics"]
    assert case.source("broken").startswith("def broken_freeze")
    assert "backbone.eval()" in case.source("mended")


def test_checkpointing_restores_the_momentum():
    layer = torch.nn.BatchNorm1d(3)
    x = torch.ones(4, 3, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CASES["counted-twice"].mended(layer, x).sum().backward()
    assert layer.momentum == 0.1
