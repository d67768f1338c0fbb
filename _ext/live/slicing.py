"""What a cell needs from the cells above it: the statements that its names come from.

A name leads to the last statement that binds it, to those that change the value in
place, and on to the names that these read. Assertions, figures and prints are not
needed by anyone, so a cell runs in the page even where a figure beside it cannot.
"""

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

__all__ = ["Statement", "needed", "statements"]

BINDING = (
    ast.Assign,
    ast.AnnAssign,
    ast.FunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
)
BLOCKS = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.ExceptHandler)


@dataclass(frozen=True)
class Statement:
    """One statement, and the names of the page that it reads, binds and changes."""

    node: ast.stmt
    reads: frozenset[str]
    binds: frozenset[str]
    changes: frozenset[str]

    @property
    def is_import(self) -> bool:
        """Whether it binds modules, which no cell changes."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)


def needed(above: list[tuple[str, str]], code: str) -> list[tuple[str, Statement]]:
    """Return the statements that `code` needs, in order, with the name of their cell.

    Parameters
    ----------
    above : list of (str, str)
        Name and source of each cell above, in the order of the page.
    code : str
        What is to run after them.

    Raises
    ------
    SyntaxError
        If `code` is no Python.

    Examples
    --------
    >>> above = [("a", "x, y = [1], 2"), ("b", "x.append(3)"), ("c", "print(y)")]
    >>> [name for name, _ in needed(above, "len(x)")]
    ['a', 'b']
    """
    everything = [(name, s) for name, source in above for s in statements(source)]
    modules = {n for _, s in everything if s.is_import for n in s.binds}
    wanted: set[str] = set()
    for own in reversed(statements(code)):
        wanted = _before(own, wanted)
    found = []
    for name, statement in reversed(everything):
        if wanted & (statement.binds | statement.changes - modules):
            found.append((name, statement))
            wanted = _before(statement, wanted)
    return found[::-1]


def _before(statement: Statement, wanted: set[str]) -> set[str]:
    """Return the names needed before `statement`, given those needed after it."""
    always = isinstance(statement.node, BINDING)
    return wanted - (statement.binds if always else set()) | statement.reads


@cache
def statements(source: str) -> tuple[Statement, ...]:
    """Return the statements of a cell; an import of several names becomes several."""
    parts = (part for node in ast.parse(source).body for part in _parts(node))
    return tuple(_statement(part) for part in parts)


def _parts(node: ast.stmt) -> list[ast.stmt]:
    if isinstance(node, ast.Import):
        parts: list[ast.stmt] = [ast.Import([alias]) for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        module, level = node.module, node.level
        parts = [ast.ImportFrom(module, [alias], level) for alias in node.names]
    else:
        return [node]
    return [ast.copy_location(part, node) for part in parts]


def _statement(node: ast.stmt) -> Statement:
    """Return `node` with the names of the page that it deals with."""
    top = _table(node)
    binds = {
        s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()
    }
    changes = set() if isinstance(node, BINDING[2:]) else set(_changed(node))
    return Statement(node, *map(frozenset, (_reads(node), binds, changes)))


def _reads(node: ast.AST) -> set[str]:
    """Return the names that `node` reads before it binds them itself."""
    if not isinstance(node, BLOCKS):
        return _read_at_once(node)
    found, bound = set(), set()
    for head in ast.iter_child_nodes(node):
        if not isinstance(head, ast.stmt | ast.ExceptHandler):
            names = [part for part in ast.walk(head) if isinstance(part, ast.Name)]
            stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
            found |= {n.id for n in names} - stored
            bound |= stored
    for block in (getattr(node, name, []) for name in ("body", "orelse", "finalbody")):
        wanted: set[str] = set()
        for part in reversed(block):
            wanted = _before(_statement(part), wanted)
        found |= wanted - bound
    return found.union(*map(_reads, getattr(node, "handlers", [])))


def _read_at_once(node: ast.AST) -> set[str]:
    """Return the names from outside that a statement without a block reads."""
    top = _table(node)
    updated = set(_changed(node)) if isinstance(node, ast.AugAssign) else set()
    return updated | {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is top or symbol.is_global())
    }


def _table(node: ast.AST) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(node), "cell", "exec")


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield the names whose value changes: ``x[0] = 1``, ``x += 1``, ``x.sort()``."""
    for part in ast.walk(node):
        target: ast.AST = part
        if isinstance(part, ast.AugAssign):
            target = part.target
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            target = part.value.func
            if not isinstance(target, ast.Attribute):
                continue
        elif not isinstance(getattr(part, "ctx", None), ast.Store | ast.Del):
            continue
        elif not isinstance(part, ast.Attribute | ast.Subscript):
            continue
        while isinstance(target, ast.Attribute | ast.Subscript | ast.Call):
            target = target.func if isinstance(target, ast.Call) else target.value
        if isinstance(target, ast.Name):
            yield target.id
