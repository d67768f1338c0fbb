"""Questions: the right value is right, each slip is named, nothing else is."""

import itertools
import math

import numpy as np
import pytest

from normlib import batch_norm, batch_norm_backward, checks
from normlib.checks import ledger
from normlib.checks.bank import EXERCISES, QUESTIONS
from normlib.checks.by_hand import Choice, Number

NUMBERS = [q for q in QUESTIONS.values() if isinstance(q, Number)]
CHOICES = [q for q in QUESTIONS.values() if isinstance(q, Choice)]

RELATIVES = [[2, 4, 12], [11, 12, 16], [-1, -2, -6], [5, 4, 0]]
IMAGES = (8, 6, 4, 4)
CGPA = [7, 8, 9, 6]
WILD = [0, 1, 0, 1, 0, 1, 0, 1, 100]
SIGNS = np.array(list(itertools.product([-1, 1], repeat=3)))  # weights of variance 1
TWO_PARTS = [2, 4] + 3 * [7 - math.sqrt(5), 7 + math.sqrt(5)]


def condition(mean):
    """Return the condition number of a line in one feature of variance 100."""
    return np.linalg.cond([[1, mean], [mean, mean**2 + 100]])


def first_step(scale):
    """Return output, length and angle of a step in the weights before a batch norm."""
    u, w = np.array([[1.0, 2.0], [4.0, 3.0], [5.0, 9.0]]), scale * np.array([2.0, -1.0])
    y, cache = batch_norm(u @ w[:, None], np.ones(1), np.zeros(1), eps=1e-12)
    step = u.T @ batch_norm_backward(np.eye(3)[:, :1], cache)[0]
    length = np.linalg.norm(step)
    return y.max(), length, length / np.linalg.norm(w)


# Each number once more, from its definition.
COMPUTED = {
    "means-of-four-layers": [
        np.zeros(shape).mean(axis=axes).size
        for shape, axes in [
            (IMAGES, (0, 2, 3)),
            (IMAGES, (1, 2, 3)),
            ((8, 2, 48), 2),
            (IMAGES, (2, 3)),
        ]
    ],
    "numbers-in-a-checkpoint": (2 * 64, 2 * 64 + 1),
    "standardize-table": (1.5 / np.std(CGPA), np.corrcoef(CGPA, [1, 0, 1, 0])[0, 1]),
    "kelvin": condition(mean=17 + 273) / condition(mean=17),
    "one-wild-value": (1 / np.ptp(WILD), 1 / np.std(WILD)),
    "unit-of-three-inputs": np.var([w @ [1, 2, 2] for w in SIGNS * (2 / 3) ** 0.5]),
    "fall-of-twenty-layers": 1 / math.sqrt(np.prod(20 * [0.5])),
    "two-way-compromise": np.array([300, 100]) * np.mean([300, 100]) ** -1,
    "weights-without-a-sign": 64 * np.mean([0, math.sqrt(12 * 2 / 64)]),
    "batch-of-two": 2 * (900 - np.mean([3, 900])) / np.std([3, 900]) + 1,
    "fourth-unit": np.subtract(7.5, CGPA) / np.std(CGPA),
    "elements-behind-a-statistic": np.zeros((8, 3, 32, 32))[:, 0].size,
    "two-words-two-zeros": ((4 - 3) / np.std([4, 8, 0, 0]), (4 - 6) / np.std([4, 8])),
    "gradients-of-the-statistics": (1 / 32**0.5, -1 / 2**0.5),
    "gradient-of-three": (1 / 8**0.5, -1 / 8**0.5, 0),
    "one-in-a-hundred": (1 - 0.01) / np.std([1] + 99 * [0]),
    "rate-for-scaled-weights": 3 * 0.1 / (1 / 3),
    "loss-floor-of-normalized-scores": -math.log(
        math.exp(3) / (math.exp(3) + 9 * math.exp(-1 / 3))
    ),
    "three-updates": 0.1 * (1 + 0.9 + 0.81),
    "fold-one-channel": (2 * 6 / 2, (1 - 3) * 6 / 2 + 5),
    "steps-to-forget": [math.ceil(math.log(0.01) / math.log(w)) for w in (0.9, 0.99)],
    "new-student": [0.5 / np.std([8, 7, 6, 9], ddof=ddof) for ddof in (1, 0)],
    "two-micro-batches": (1 / np.std([1, 3]), -1 / np.std([1, 3, 5, 7])),
    "three-of-twelve": np.array([0.75, -0.25]) / np.std(3 * [1] + 9 * [0]),
    "never-seen": (6 - 6, (6 - np.mean([0, 6])) / np.mean([1, 1]) ** 0.5),
    "ten-times-the-weights": np.divide(first_step(10), first_step(1)),
    "factor-of-abs": (1 - 2 / math.pi) ** -0.5,
    "corrections-by-hand": (np.std([1, 1, 5, 5]) / 4, (3 - 2) / 4),
    "renorm-output-by-hand": 0.1 + np.array([-1, 1]) / 1.5,
    "renorm-gradient-by-hand": 0.5 / 2 * np.array([1 - 1 / 4 - 1 / 4, -1 / 4 - 1 / 4]),
    "clip-probability": math.erf(math.sqrt(2 / math.pi) / 3 / math.sqrt(2)),
    "limit-for-99-percent": math.sqrt(2 / math.pi) / 0.0125335,
    "number-of-means": np.zeros((8, 3, 32)).mean(axis=-1).size,
    "rms-by-hand": 3 / math.sqrt((9 + 16) / 2),
    "layer-norm-by-hand": (np.array([1, 2, 6]) - 3) / np.std([1, 2, 6]),
    "same-again": [np.corrcoef([1, 2, 6], row)[0, 1] for row in RELATIVES],
    "parameters-and-means": (2 * 512, np.zeros((8, 100, 512)).mean(axis=-1).size),
    "sum-of-branches": 1 + 8 * 0.5**2,
    "two-updates": 1 - math.sqrt(1 - 0.1),
    "most-groups": max(g for g in range(1, 13) if 12 % g == 0 and 12 // g > 2),
    "stream-growth": math.sqrt(1 + 12 * 0.5),
    "moments-of-two-processes": (np.mean(TWO_PARTS), np.var(TWO_PARTS)),
    "weights-of-unequal-parts": np.divide([24, 8], np.mean([24, 8])),
}


@pytest.mark.parametrize("question", NUMBERS, ids=lambda q: q.name)
class TestNumber:
    """What holds for every exercise with a number."""

    def test_value_is_what_its_definition_gives(self, question):
        np.testing.assert_allclose(question.value, COMPUTED[question.name], rtol=1e-4)

    def test_right_value_passes_in_any_form(self, question):
        rounded = np.round(question.value, 3)
        for answer in (question.value, np.array(question.value), rounded):
            assert checks.check(question.name, answer).status == "passed"
        assert f"✓ {question.name}" in str(checks.progress())

    def test_each_slip_is_named(self, question):
        assert len(question.slips) >= 3
        for slip in question.slips:
            report = checks.check(question.name, slip.value)
            assert (report.status, report.mistake) == ("wrong", slip.name)
            assert report.message == slip.text

    def test_other_values_are_wrong_without_a_cause(self, question):
        wrong = np.multiply(question.value, 1.37)
        for answer in (
            wrong,
            np.nan * wrong,
            "seven",
            [],
            [1, 2, 3],
            lambda: 1,
            object(),
        ):
            report = checks.check(question.name, answer)
            assert (report.status, report.mistake) == ("wrong", None)


@pytest.mark.parametrize("question", CHOICES, ids=lambda q: q.name)
class TestChoice:
    """What holds for every exercise with options."""

    def test_each_letter_gets_its_answer(self, question):
        assert set(question.options) == {question.right, *question.remarks}
        for letter in question.options:
            report = checks.check(question.name, f" {letter.upper()}) ")
            right = letter == question.right
            assert report.status == ("passed" if right else "wrong")
            text = question.explanation if right else question.remarks[letter]
            assert report.message == text

    def test_anything_else_lists_the_letters(self, question):
        for answer in ("z", 1, ["b"], object()):
            assert '"a", "b"' in checks.check(question.name, answer).message

    def test_question_shows_its_options(self, question):
        assert "\n\n- a) " in checks.question(question.name)


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_has_three_hints_a_solution_and_a_stub(name):
    assert len(checks.hints(name)) >= 3
    assert QUESTIONS[name].explanation in checks.solution(name)._repr_markdown_()
    for stub in (None, ...):
        assert checks.check(name, stub).status == "not attempted"


def test_names_are_unique_and_in_the_order_of_the_book():
    names = checks.exercises()
    assert len(names) == len(EXERCISES) + len(QUESTIONS) == len(set(names))
    assert names.index("spot-the-leak") < names.index("batch-norm-forward")


@pytest.mark.parametrize("name", QUESTIONS)
def test_worked_answer_passes_and_is_not_the_readers_progress(name):
    assert checks.check(name, checks.solution(name)).status == "passed"
    assert name not in ledger.solved()
    checks.check(name, QUESTIONS[name].solution)  # as a reader would type it
    assert name in ledger.solved()
