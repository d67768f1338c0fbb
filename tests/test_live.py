"""What a live cell needs from its page, what it shows, and what it may not reach."""

import doctest
import json
import subprocess
import sys

import pytest
from conftest import NOTEBOOKS, ROOT, cells
from live import slicing
from live.page import LIMIT, Page
from live.slicing import needed
from live.trial import trial, trial_of_changed

from normlib import checks


def sources(above: list[str], code: str) -> list[str]:
    """Return the cells, by their source, of which `code` needs a statement."""
    named = [(source, source) for source in above]
    return [name for name, _ in needed(named, code)]


def shown(code: str, above: tuple[str, ...] = (), progress: str = "") -> list[tuple]:
    """Return what a page shows when its last cell is run."""
    cells = [(f"c{i}", source) for i, source in enumerate((*above, code))]
    found = []
    Page(cells).run(
        f"c{len(above)}", code, lambda *piece: found.append(piece), progress
    )
    return found


class TestNeeds:
    """The statements above that a cell needs, and no others."""

    def test_examples_of_the_module_hold(self):
        result = doctest.testmod(slicing)
        assert result.attempted > 0
        assert result.failed == 0

    def test_leads_on_to_what_a_definition_needs(self):
        above = [
            "import math",
            "k = 2",
            "def f(x):\n    return math.sin(k * x)",
            "z = 1",
        ]
        assert sources(above, "f(1)") == above[:3]

    def test_is_the_last_binding_only(self):
        assert sources(["x = 1", "x = 2"], "x") == ["x = 2"]

    def test_is_every_binding_that_builds_on_another(self):
        above = ["x = 1", "x = x + 1", "x += 1"]
        assert sources(above, "x") == above

    def test_is_both_where_a_binding_may_not_happen(self):
        above = ["x = 1", "if True:\n    x = 2"]
        assert sources(above, "x") == above

    @pytest.mark.parametrize(
        "change",
        [
            "a.append(1)",
            "a[0] = 1",
            "a.b.c = 1",
            "for i in a:\n    a.pop()",
            "del a[0]",
        ],
    )
    def test_is_what_changes_a_value_in_place(self, change):
        assert sources(["a = [0]", change], "a") == ["a = [0]", change]

    @pytest.mark.parametrize(
        "idle", ["print(a)", "assert a", "np.testing.assert_equal(a, 1)", "b = a"]
    )
    def test_is_nothing_that_only_looks(self, idle):
        above = ["import numpy as np", "a = 1", idle]
        assert sources(above, "a") == ["a = 1"]

    def test_takes_one_name_of_an_import(self):
        above = [("c", "from math import sin, cos\nimport os, sys")]
        (found,) = needed(above, "cos(0)")
        assert [alias.name for alias in found[1].node.names] == ["cos"]

    def test_skips_what_the_cell_defines_itself(self):
        assert sources(["x = 1"], "x = 2\nx") == []

    def test_sees_through_parameters_and_comprehensions(self):
        above = ["x = 1", "y = 2"]
        assert sources(above, "def f(x):\n    return [y for y in x]") == []
        assert sources(above, "[x for i in range(3)]") == ["x = 1"]

    @pytest.mark.parametrize(
        "code",
        [
            "for i in range(3): print(i)",
            "for k, i in a:\n    z = i\n    print(z)",
            "with open(a) as f:\n    f.read()",
            "try:\n    i = a\n    i\nexcept ValueError as z:\n    pass",
        ],
    )
    def test_skips_what_a_block_binds_before_it_reads(self, code):
        assert sources(["a = 1", "f = i = k = 2", "z = 3"], code) in ([], ["a = 1"])

    def test_includes_what_a_block_reads_first(self):
        above = ["x = 1", "y = 2"]
        assert sources(above, "for x in x:\n    y = y + 1") == above
        assert sources(above, "if x:\n    y = 2\ny") == above
        assert sources(above, "try:\n    x\nexcept ValueError:\n    y") == above

    def test_includes_decorators_and_defaults(self):
        above = ["d = 1", "def deco(f): return f"]
        assert sources(above, "@deco\ndef f(x=d): pass") == above


class TestPage:
    """What running a cell shows."""

    def test_value_of_the_last_line_is_shown(self):
        assert shown("x = 1\nx + 1") == [("text", "2")]
        assert shown("1;") == shown("x = 1") == shown("None") == shown("") == []

    def test_printed_text_comes_before_the_value(self):
        *printed, last = shown("print('a')\n2")
        assert "".join(text for _, text in printed) == "a\n"
        assert last == ("text", "2")

    def test_printed_text_does_not_wait_for_the_end(self):
        code = "print('begun')\nraise SystemExit"
        assert shown(code)[0] == ("print", "begun")

    def test_cell_above_is_used_as_last_run_without_an_error(self):
        page, found = Page([("a", "x = 1"), ("b", "x")]), []
        for cell, code in (
            ("a", "x = 5"),
            ("b", "x"),
            ("a", "x = 6; 1 / 0"),
            ("b", "x"),
        ):
            page.run(cell, code, lambda *piece: found.append(piece))
        assert [text for kind, text in found if kind == "text"] == ["5", "5"]

    def test_runs_leave_nothing_behind(self):
        page, found = Page([("a", "x = []"), ("b", "x.append(1)\nx")]), []
        for _ in range(2):
            page.run("b", "x.append(1)\nx", lambda *piece: found.append(piece))
        assert found == [("text", "[1]")] * 2

    def test_traceback_has_the_lines_of_cells_only(self):
        ((kind, text),) = shown("import json\njson.loads('{')")
        assert kind == "error"
        assert 'File "this cell", line 2' in text
        assert "json.loads('{')" in text
        assert "decoder.py" not in text
        assert "page.py" not in text
        assert text.splitlines()[-1].startswith("json.decoder.JSONDecodeError")

    def test_traceback_names_the_cell_above(self):
        ((_, text),) = shown("f()", above=("def f():\n    return 1 / 0",))
        assert 'File "cell c0", line 2, in f' in text

    def test_syntax_error_is_shown_with_its_line(self):
        ((kind, text),) = shown("x = 1\nx = = 2")
        assert kind == "error"
        assert 'File "this cell", line 2' in text
        assert "SyntaxError" in text

    @pytest.mark.parametrize(
        "last", ["exit()", "raise SystemExit", "raise BaseException"]
    )
    def test_nothing_escapes(self, last):
        assert shown(last)[-1][0] == "error"

    def test_output_has_an_end(self):
        for code in (f"print('x' * {3 * LIMIT})", f"'x' * {3 * LIMIT}"):
            text = "".join(text for _, text in shown(code))
            assert LIMIT < len(text) < LIMIT + 100
            assert "and more" in text

    def test_only_normlib_writes_html(self):
        mine = "class A:\n    def _repr_html_(self): return '<b>'\nA()"
        assert shown(mine)[0][0] == "text"
        stub = 'from normlib import checks\nchecks.check("rms-norm", ...)'
        assert shown(stub)[0][0] == "html"

    def test_solved_exercises_are_handed_out_and_back(self):
        page = Page([("a", "")])
        right = checks.solution("batch-of-two").function
        answer = f'from normlib import checks\nchecks.check("batch-of-two", {right})'
        file = page.run("a", answer, lambda *_: None, '{"solved": ["rms-norm"]}')
        assert json.loads(file) == {"solved": ["rms-norm", "batch-of-two"]}


class TestTrial:
    """The build runs every live cell as the page will."""

    def test_names_the_cell_and_what_it_lacks(self):
        above = ["a", "import torch\nfrom math import sin"]
        page = {"cells": [above, ["b", "torch.ones(1)"], ["c", "sin(0)"]]}
        ((name, cell, error),) = trial({"page": page | {"live": ["b", "c"]}})
        assert (name, cell) == ("page", "b")
        assert "torch does not run in the page" in error

    @pytest.mark.parametrize("door", ["js", "pyodide.http", "pyodide_js", "matplotlib"])
    def test_closes_what_a_page_does_not_have(self, door):
        page = {"cells": [["a", f"import {door}"]], "live": ["a"]}
        ((_, _, error),) = trial({"page": page})
        assert error.splitlines()[-1].startswith("ModuleNotFoundError")


class TestTrialOfChanged:
    """A page that passed is tried again when it, or the code behind it, changes."""

    @pytest.fixture
    def tried(self, tmp_path):
        """Return a function that tries pages, and says which ran and which failed.

        The live cell of each page writes the name of the page before it runs `code`.
        """
        log = tmp_path / "log"
        for path in ("normlib/nn", "_ext/live"):
            (tmp_path / path).mkdir(parents=True)
        for path in ("normlib/a.py", "_ext/live/b.py", "constraints.txt"):
            (tmp_path / path).touch()

        def run(**codes: str) -> tuple[list[str], list[str]]:
            log.write_text("")
            note = "with open({!r}, 'a') as file:\n    file.write('{} ')\n{}"
            cells = {n: note.format(str(log), n, code) for n, code in codes.items()}
            pages = {n: {"cells": [["c", s]], "live": ["c"]} for n, s in cells.items()}
            found = trial_of_changed(pages, tmp_path / "passed.json", tmp_path)
            return log.read_text().split(), [name for name, *_ in found]

        return run

    def test_unchanged_pages_are_not_run_again(self, tried):
        assert tried(one="1", two="2") == (["one", "two"], [])
        assert tried(one="1", two="2") == ([], [])

    def test_changed_and_new_pages_are(self, tried):
        tried(one="1", two="2")
        assert tried(one="1", two="3", more="4") == (["two", "more"], [])

    @pytest.mark.parametrize(
        "path",
        ["normlib/a.py", "normlib/nn/new.py", "_ext/live/b.py", "constraints.txt"],
    )
    def test_all_are_when_the_code_behind_them_changes(self, tried, tmp_path, path):
        tried(one="1", two="2")
        (tmp_path / path).write_text("x = 1")
        assert tried(one="1", two="2") == (["one", "two"], [])

    def test_failure_is_reported_each_time_and_others_are_not_run(self, tried):
        assert tried(good="1", bad="1 / 0") == (["good", "bad"], ["bad"])
        assert tried(good="1", bad="1 / 0") == (["bad"], ["bad"])
        assert tried(good="1", bad="1") == (["bad"], [])

    def test_page_that_failed_after_it_passed_is_not_taken_for_passed(self, tried):
        tried(page="1")
        tried(page="1 / 0")
        assert tried(page="1") == (["page"], [])

    def test_pages_that_are_gone_are_forgotten(self, tried, tmp_path):
        tried(one="1", two="2")
        tried(one="1")
        assert list(json.loads((tmp_path / "passed.json").read_text())) == ["one"]

    def test_damaged_memory_is_ignored(self, tried, tmp_path):
        (tmp_path / "passed.json").write_text('{"one": ')
        assert tried(one="1") == (["one"], [])


def test_page_needs_neither_sphinx_nor_numpy():
    code = (
        "import sys, live.page; print({'sphinx', 'numpy', 'docutils'} & {*sys.modules})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "_ext", capture_output=True, text=True
    )
    assert run.stdout == "set()\n", run.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_stub_asks_one_exercise(notebook):
    stubs = [c for c in cells(notebook, "code") if c["id"].endswith("-stub")]
    for stub in stubs:
        asked = [name for name in checks.exercises() if f'"{name}"' in stub["source"]]
        assert len(asked) == 1, stub["id"]
