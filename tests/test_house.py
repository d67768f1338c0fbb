"""The rules of the house: who imports whom, how long things are, how notebooks look."""

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from conftest import NOTEBOOKS, ROOT, cells

MODULES = sorted(ROOT.glob("normlib/**/*.py"))
PROGRAMS = [
    module
    for folder in ("claims", "clinic", "benchmarks")
    for module in sorted(ROOT.glob(f"{folder}/*.py"))
]

# What each module may import, besides the standard library.
MAY_IMPORT = {
    "kernel": "",
    "validation": "numpy kernel",
    "affine": "numpy kernel validation",
    "preprocessing": "numpy kernel validation",
    "layers": "numpy kernel validation affine",
    "running": "numpy kernel validation",
    "renorm": "numpy kernel validation affine layers running",
    "folding": "numpy kernel validation running",
    "data": "numpy sklearn kernel",
    "training": "numpy kernel layers running renorm folding preprocessing data",
    "nn": "torch kernel running renorm nn",
    "plots": "numpy matplotlib kernel",
    "checks": "numpy kernel preprocessing layers running renorm folding data checks",
    "__init__": "kernel preprocessing layers running renorm folding data",
}
HEAVY = {"torch", "matplotlib", "sklearn", "scipy"}


def name(module: Path) -> str:
    """Return the module's row in `MAY_IMPORT`; the package `checks` has one row."""
    first = module.relative_to(ROOT / "normlib").parts[0]
    return first.removesuffix(".py")


def dotted(module: Path) -> str:
    """Return the name by which Python imports `module`."""
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imports(module: Path) -> set[str]:
    """Return what `module` imports: modules of normlib, and packages from elsewhere."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            names = [alias.name for alias in node.names]
            whole = node.module == "normlib"
            found |= {f"normlib.{n}" for n in names} if whole else {node.module}
    parts = [path.removeprefix("normlib.").split(".")[0] for path in found]
    return set(parts) - set(sys.stdlib_module_names)


def docstring_lines(tree: ast.AST) -> set[int]:
    """Return the numbers of all lines that belong to a docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node):
            lines |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def code_lines(module: Path) -> set[int]:
    """Return the numbers of the lines with code: no blanks, comments, docstrings."""
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    layout |= {tokenize.INDENT, tokenize.DEDENT}
    with module.open() as file:
        tokens = list(tokenize.generate_tokens(file.readline))
    spans = [range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in layout]
    lines = {line for span in spans for line in span}
    return lines - docstring_lines(ast.parse(module.read_text()))


@pytest.mark.parametrize("module", MODULES, ids=dotted)
def test_module_imports_only_what_the_house_allows(module):
    assert imports(module) <= set(MAY_IMPORT[name(module)].split())


@pytest.mark.parametrize("module", MODULES, ids=dotted)
def test_module_alone_loads_no_heavy_package_but_its_own(module):
    code = f"import sys, {dotted(module)}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    lazy = {"sklearn"}  # `data` imports it inside a function
    own = set(MAY_IMPORT[name(module)].split()) - lazy
    assert not (HEAVY & set(run.stdout.split())) - own


@pytest.mark.parametrize("module", [*MODULES, *PROGRAMS], ids=dotted)
def test_module_and_its_functions_are_short(module):
    assert len(module.read_text().splitlines()) <= 260
    tree = ast.parse(module.read_text())
    code = code_lines(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = code & set(range(node.body[0].lineno, node.end_lineno + 1))
            assert len(body) <= 25, f"{node.name}: {len(body)} lines"


def test_library_is_small():
    outside = {"checks", "plots", "nn"}
    counted = [module for module in MODULES if name(module) not in outside]
    assert sum(len(code_lines(module)) for module in counted) <= 950


def test_no_module_is_called_utils():
    assert not [
        m for m in [*MODULES, *PROGRAMS] if re.search(r"util|helper|misc", m.stem)
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    """What holds for every chapter."""

    def test_has_no_outputs(self, notebook):
        for cell in cells(notebook, "code"):
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]

    def test_has_readable_cell_ids(self, notebook):
        ids = [
            cell["id"]
            for kind in ("code", "markdown")
            for cell in cells(notebook, kind)
        ]
        assert len(ids) == len(set(ids))
        generated = re.compile(r"(?=.*\d)[0-9a-f-]{8,}")
        for cell_id in ids:
            assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell_id), cell_id
            assert not generated.fullmatch(cell_id), cell_id

    def test_has_short_code_cells(self, notebook):
        for cell in cells(notebook, "code"):
            lines = [line for line in cell["source"].splitlines() if line.strip()]
            assert len(lines) <= 25, cell["id"]

    def test_describes_its_figures(self, notebook):
        for cell in cells(notebook, "code"):
            shown = cell["metadata"].get("mystnb", {})
            if "figure" in shown or "image" in shown:
                alt = shown.get("image", {}).get("alt", "")
                assert len(alt) > 40, f"{cell['id']}: alt text {alt!r}"
                assert " " in alt, f"{cell['id']}: alt text {alt!r}"
                assert shown.get("figure", {}).get("caption"), f"{cell['id']}: caption"

    def test_has_one_title(self, notebook):
        text = "\n".join(cell["source"] for cell in cells(notebook, "markdown"))
        text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        assert len(re.findall(r"^# ", text, flags=re.M)) == 1
