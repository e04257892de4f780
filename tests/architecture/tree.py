"""The project's own files, as the architecture tests read them."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "services", "consumers")
CODE = (*PACKAGES, "tests", "bench", "deploy")
_NOT_OURS = {".git", ".venv", "__pycache__", ".hypothesis", "build", "dist", "LICENSE"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """Every Python file of these folders of the project, all of its code by default."""
    return sorted(path for folder in folders or CODE for path in (ROOT / folder).rglob("*.py"))


def text_files() -> list[Path]:
    """Every file that git knows, or would take, in which text may stand."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:  # no git here, or no repository: an unpacked archive
        found = (path for path in ROOT.rglob("*") if not _is_made_by_a_tool(path.relative_to(ROOT)))
    else:
        found = (ROOT / name for name in done.stdout.split("\0") if name)
    return sorted(path for path in found if path.is_file() and path.name not in _NOT_OURS)


def _is_made_by_a_tool(path: Path) -> bool:
    return any(
        part in _NOT_OURS or part.endswith("_cache") or part.startswith(".coverage")
        for part in path.parts
    )


def relative(path: Path) -> str:
    """A path as a person would say it."""
    return str(path.relative_to(ROOT))


def lines_of(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def imported_modules(path: Path) -> set[str]:
    """The full name of every module that a file imports, wherever the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
