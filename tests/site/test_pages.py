"""Every page: loads without a fault, fits on a phone, and says what its pictures show."""

import pytest
from built import NARROW, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_fault(page, name):
    page.goto(name, wait_until="networkidle")
    assert page.title()
