"""The table of right answers that `test_checks_variants.py` tries."""

import pytest

VARIANTS = []


def variant(exercise):
    """Return a decorator that adds a right answer to the table."""

    def add(function):
        VARIANTS.append(pytest.param(exercise, function, id=function.__name__))
        return function

    return add
