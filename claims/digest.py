"""A digest of the code that a measurement runs, to know when it must run again."""

import ast
import functools
import hashlib
import importlib.util
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["digest"]

PACKAGES = ("claims", "normlib")  # other packages are pinned


@functools.cache  # the code that this process runs, whatever is edited meanwhile
def digest(measure: Callable) -> str:
    """Return 16 hexadecimal digits that change when the code of `measure` does.

    Covered are what `measure` uses of its own module, directly or not, and the modules
    of this project that its module imports. Comments and docstrings do not count.

    Parameters
    ----------
    measure : callable
        A function at the top level of a module.

    Returns
    -------
    str
        The start of a SHA-256 digest.
    """
    source = Path(inspect.getfile(measure)).read_text(encoding="utf-8")
    tree = ast.parse(source)
    modules = set(imported(tree))
    found = set(modules)
    while found:
        found = {name for m in found for name in imported(ast.parse(_read(m)))}
        found -= modules
        modules |= found
    parts = [used(tree, measure.__name__), *(_read(m) for m in sorted(modules))]
    text = "\n".join(code(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules of this project that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            paths = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        elif isinstance(node, ast.Import):
            paths = [alias.name for alias in node.names]
        else:
            continue
        ours = [path for path in paths if path.split(".")[0] in PACKAGES]
        yield from (path for path in ours if _is_module(path))


def used(tree: ast.Module, name: str) -> str:
    """Return the definitions that `name` needs, in the order of the module."""
    defined = {bound: node for node in tree.body for bound in _bound(node)}
    needed, found = {name}, {name}
    while found:
        nodes = [node for bound in found for node in ast.walk(defined[bound])]
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        found = (names & set(defined)) - needed
        needed |= found
    nodes = [node for node in tree.body if needed & set(_bound(node))]
    return "\n".join(ast.unparse(node) for node in nodes)


def code(source: str) -> str:
    """Return `source` without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top level defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [n for target in targets for n in ast.walk(target)]
    return [n.id for n in names if isinstance(n, ast.Name)]


def _is_module(path: str) -> bool:
    try:
        return importlib.util.find_spec(path) is not None
    except ModuleNotFoundError:  # the parent is a module: a function's name
        return False


def _read(module: str) -> str:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")
