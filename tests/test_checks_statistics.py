"""What is special about the exercises on merged and running statistics."""

import numpy as np
import pytest

import normlib
from normlib import checks
from normlib.checks.bank import EXERCISES
from normlib.renorm import renorm_schedule

SIGNATURES = {
    "merge-moments": "merge_moments(counts, means, variances) -> mean, var",
    "batch-norm-inference-backward": (
        "batch_norm_inference_backward(dy, x, running_mean, running_var, gamma, eps)"
        " -> dx, dgamma, dbeta"
    ),
    "renorm-corrections": (
        "renorm_corrections(x, running_mean, running_std, r_max, d_max, eps) -> r, d"
    ),
    "renorm-schedule": (
        "renorm_schedule(step, r_max, d_max, start, r_end, d_end) -> r, d"
    ),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_is_that_promised(name):
    assert EXERCISES[name].signature == SIGNATURES[name]


def test_merging_by_the_library_is_no_answer_to_the_exercise_on_merging():
    report = checks.check("merge-moments", lambda *a: normlib.merge_moments(*a)[1:])
    assert report.mistake == "ready-made-layer"
    assert "`normlib.kernel.merge_moments`, a ready-made" in report.message


def test_merging_by_the_library_is_a_building_block_elsewhere():
    def answer(x, gamma, beta, eps):
        one = np.ones(len(x))
        _, mean, var = normlib.merge_moments(one, x, np.zeros_like(x))
        return gamma * (x - mean) / np.sqrt(var + eps) + beta

    assert checks.check("batch-norm-forward", answer).status == "passed"


def test_schedule_of_the_library_is_noticed():
    report = checks.check("renorm-schedule", renorm_schedule)
    assert report.mistake == "ready-made-layer"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda *args: 1.0, "It returned a float; wanted 2 numbers: `r`, `d`."),
        (lambda *args: (1.0, None), "`d` is None"),
        (lambda *args: (True, 0.0), "`r` is a bool"),
        (lambda *args: (np.ones(3), 0.0), "`r` has shape (3,); wanted ()"),
        (lambda *args: (1.7, 0.3), "Fails: "),
    ],
)
def test_outputs_that_are_numbers_are_judged_as_such(answer, text):
    report = checks.check("renorm-schedule", answer, seed=0)
    assert (report.status, report.mistake) == ("wrong", None)
    assert text in report.message


def test_unbounded_corrections_break_laws_that_need_no_reference():
    def answer(*args):
        r, d = EXERCISES["renorm-corrections"].solution(*args)
        return 3 * r, d - 2

    message = checks.check("renorm-corrections", answer, seed=0).message
    assert "1/r_max <= r <= r_max" in message.partition("Fails:")[2]
    assert "-d_max <= d <= d_max" in message.partition("Fails:")[2]
