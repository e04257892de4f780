"""Finds every mutant of a module: its source with one small change in one place."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from tests.mutation.operators import Symbols, changes

ROOT = Path(__file__).parents[2]
RULES = ROOT / "services" / "rules"
_WITH_SYMBOLS = (RULES, ROOT / "schemas")
_SHOWN = 120  # characters


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change of one module; `was` and `now` show it as source."""

    path: Path
    line: int
    change: str
    was: str
    now: str
    code: CodeType

    @property
    def module(self) -> str:
        """The name under which the module is imported."""
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts)

    def __str__(self) -> str:
        place = f"{self.path.relative_to(ROOT)}:{self.line}"
        return f"{place} ({self.change})\n    - {self.was}\n    + {self.now}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of this file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    symbols = all_symbols()
    for parent, field, place, node in list(_mutable(tree)):
        for change, other in changes(node, symbols):
            if ast.dump(other) == ast.dump(node):
                continue  # two of the same were swapped
            _put(parent, field, place, ast.copy_location(other, node))
            was, now = ast.unparse(node), ast.unparse(other)
            line = next((each.lineno for each in ast.walk(node) if hasattr(each, "lineno")), 0)
            yield Mutant(path, line, change, _short(was), _short(now), _compiled(tree, path))
            _put(parent, field, place, node)


def all_symbols() -> Symbols:
    """The members of every enum of the rules and the schemas."""
    files = [path for folder in _WITH_SYMBOLS for path in sorted(folder.glob("*.py"))]
    return {
        node.name: [
            target.id
            for line in node.body
            if isinstance(line, ast.Assign)
            for target in line.targets
            if isinstance(target, ast.Name)
        ]
        for path in files
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and "StrEnum" in map(ast.unparse, node.bases)
    }


Spot = tuple[ast.AST, str, int | None, ast.AST]
"""A node with its parent, the parent's field that holds it, and its place there if it is a list."""


def _mutable(node: ast.AST) -> Iterator[Spot]:
    """Every node that may change, at any depth."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "ctx"} or _is_left_alone(node, field):
            continue
        several = isinstance(value, list)
        for place, child in enumerate(value if several else [value]):
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield node, field, place if several else None, child
                yield from _mutable(child)


def _is_left_alone(node: ast.AST, field: str) -> bool:
    declares_a_type = isinstance(node, ast.Assign) and "TypeVar" in ast.unparse(node.value)
    return declares_a_type or (isinstance(node, ast.ClassDef) and field != "body")


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def _compiled(tree: ast.Module, path: Path) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "is" with a literal
        return compile(ast.fix_missing_locations(tree), str(path), "exec")


def _short(source: str) -> str:
    """The first line of a piece of source, as much of it as fits on a screen."""
    first = source.partition("\n")[0]
    return first if len(source) <= _SHOWN else f"{first[:_SHOWN]} …"
