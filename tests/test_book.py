"""The book against itself: labels, recap tables, spelling, tone."""

import re
from collections import Counter

import numpy as np
import pytest
from conftest import NOTEBOOKS, ROOT, cells

from claims.table import names
from normlib import batch_norm

PAGES = [*sorted(ROOT.glob("chapters/*.md")), *NOTEBOOKS]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
LIBRARY = "\n".join(path.read_text() for path in ROOT.glob("normlib/**/*.py"))
TESTS = "\n".join(path.read_text() for path in ROOT.glob("tests/**/*.py"))
AUDIT = ROOT / "chapters/audit.md"
VERDICTS = {"true", "imprecise", "contested", "wrong"}

BRITISH = (
    r"\w*(?:normalis|standardis|initialis|optimis|regularis|generalis|minimis|maximis"
    r"|summaris|recognis|parametris|visualis|behaviour|colour|favour|neighbour|labell"
    r"|modell|cancelled)\w*|centr(?:e|es|ed|ing)|analys(?:e|ed|ing)|grey|whilst"
)
FILLER = (
    r"crucial(?:ly)?|powerful|leverag\w+|delv\w+|obvious(?:ly)?|simply|note that"
    r"|it is important to|it is worth noting|in this (?:section|chapter),? we will"
    r"|let's dive|dive deep(?:er)?|seamless(?:ly)?|robustly|cutting-edge"
)


def text_of(page) -> str:
    """Return the Markdown of a page, whether file or notebook."""
    if page.suffix == ".md":
        return page.read_text()
    return "\n\n".join(cell["source"] for cell in cells(page, "markdown"))


def without_code(fence: re.Match) -> str:
    """Return the content of a directive, nothing for a block of code or math."""
    _, info, content = fence.groups()
    return content if re.match(r"\{(?!code|math)", info) else ""


def prose_of(page) -> str:
    """Return the text of a page without code, formulas, link targets and images."""
    fence = r"^(```+|:::+)([^\n]*)\n(.*?)^\1"
    text = re.sub(fence, without_code, text_of(page), flags=re.M | re.S)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`", "", text, flags=re.S)
    return re.sub(r"!\[|\]\([^)]*\)|https?://\S+", "", text)


def labels_of(page) -> list[str]:
    """Return every label that a page defines."""
    text = text_of(page)
    labels = re.findall(r"\$\$ *\(([\w-]+)\)", text)  # equations
    labels += re.findall(r"^\(([\w-]+)\)=", text, re.M)  # sections
    labels += re.findall(r"^:(?:label|name): *([\w-]+)", text, re.M)  # directives
    if page.name == "cards.md":  # sections that the directive makes
        labels += [f"card-{name}" for name in names()]
    if page.suffix == ".ipynb":  # figures
        shown = [cell["metadata"].get("mystnb", {}) for cell in cells(page, "code")]
        labels += [s["figure"]["name"] for s in shown if "name" in s.get("figure", {})]
    return labels


LABELS = Counter(label for page in PAGES for label in labels_of(page))


def recap_rows(page) -> list[list[str]]:
    """Return the rows of the table under "Recap": equation, function, test."""
    table = re.search(r"^## Recap$(.*?)(?=^## |\Z)", text_of(page), re.M | re.S)
    lines = re.findall(r"^\|(.+)\|\s*$", table.group(1), re.M) if table else []
    return [line.split("|") for line in lines[2:]]


def audit_rows() -> list[list[str]]:
    """Return the rows of all tables of the audit: claim, verdict, truth, place."""
    tables = re.findall(r"^\|[-|]+\|\n((?:\|.*\n)+)", AUDIT.read_text(), re.M)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def stem(page) -> str:
    return page.name


def test_labels_are_unique():
    assert [label for label, count in LABELS.items() if count > 1] == []


@pytest.mark.skipif(not NOTEBOOKS, reason="no chapters yet")
def test_each_equation_that_the_library_names_is_in_the_book():
    named = set(re.findall(r"\beq-[a-z0-9-]*[a-z0-9]", LIBRARY))
    assert named - set(LABELS) == set()


@pytest.mark.parametrize("page", PAGES, ids=stem)
def test_references_have_a_target(page):
    references = re.findall(r"\{(?:eq|numref|ref)\}`([^`]+)`", text_of(page))
    targets = {re.sub(r".*<(.*)>", r"\1", reference) for reference in references}
    assert targets - set(LABELS) == set()


@pytest.mark.parametrize("page", NOTEBOOKS, ids=stem)
def test_recap_names_functions_and_tests_that_exist(page):
    rows = recap_rows(page)
    assert rows, "no table under '## Recap'"
    for _, functions, tests in rows:
        for function in re.findall(r"`([\w.]+)", functions):
            last = function.split(".")[-1]
            assert re.search(rf"^\s*(?:def|class) {last}\b", LIBRARY, re.M), function
        names = re.findall(r"\btest_\w+(?!\w*\.py)", tests.replace(".py::", " "))
        assert names, f"no test in the row of {functions}"
        for test in names:
            assert (
                re.search(rf"\b{test}\b", TESTS) or (ROOT / f"tests/{test}.py").exists()
            )


def test_each_audited_claim_has_a_verdict_and_ends_in_a_link():
    rows = audit_rows()
    assert len(rows) >= 60
    for claim, verdict, truth, place in rows:
        assert verdict in VERDICTS, claim
        assert "" not in (claim, truth)
        target = re.findall(r"\{(?:eq|numref|ref)\}`([\w-]+)`$", place)
        assert target, f"{claim} does not end in a link"
        assert target[0] in LABELS, claim


def test_audit_is_as_long_as_others_say():
    text = "".join(map(text_of, PAGES)) + (ROOT / "CHANGELOG.md").read_text()
    counts = re.findall(r"(\d+) sentences", text)
    assert set(counts) == {str(len(audit_rows()))}


@pytest.mark.parametrize("page", NOTEBOOKS, ids=stem)
def test_chapter_that_the_audit_names_lists_its_claims(page):
    named = {label for row in audit_rows() for label in re.findall(r"`(.+?)`", row[3])}
    listed = "```{audited}\n" in text_of(page)
    assert listed == bool(named & set(labels_of(page)))


@pytest.mark.parametrize("page", PAGES, ids=stem)
def test_each_column_of_a_table_has_a_name_in_words(page):
    for heads in re.findall(r"^\|(.+)\|\n\|[-:| ]+\|$", text_of(page), re.M):
        for head in heads.split("|"):  # a screen reader is silent about a formula
            assert re.sub(r"\$[^$]*\$", "", head).strip(" *"), heads


@pytest.mark.parametrize("page", [*PAGES, *DOCUMENTS], ids=stem)
def test_spelling_is_american(page):
    assert re.findall(rf"\b(?:{BRITISH})\b", prose_of(page), re.I) == []


def test_spelling_of_the_library_is_american():
    assert re.findall(rf"\b(?:{BRITISH})\b", LIBRARY, re.I) == []


@pytest.mark.parametrize("page", [*PAGES, *DOCUMENTS], ids=stem)
def test_tone_is_plain(page):
    prose = prose_of(page)
    assert re.findall(rf"\b(?:{FILLER})\b", prose, re.I) == []
    assert re.findall(r".*!.*", prose) == [], "exclamation mark"
    assert re.findall("[\U0001f000-\U0001faff\u2600-\u27bf]", prose) == [], "emoji"


@pytest.mark.parametrize("larger", [3.1, 900.0])
def test_front_page_states_what_batch_norm_returns(larger):
    first = (ROOT / "chapters/index.md").read_text().split("\n\n")[1]
    y, _ = batch_norm(np.array([[3.0], [larger]]), np.ones(1), np.zeros(1))
    shown = [f"{value:.2f}".replace("-", "−") for value in y.ravel()]
    assert f"{larger:g}, and it returns {shown[0]} and {shown[1]}" in first
