"""The documentation, as the architecture tests read it."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import ROOT, text_files

_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    """Every page of the documentation."""
    return [path for path in text_files() if path.suffix == ".md"]


def text_of(name: str) -> str:
    """The text of a page, by its path in the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", page)


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one of whatever level."""
    _, _, below = page.partition(f"{heading}\n")
    return _HEADING.split(below)[0]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in this language."""
    return [body for name, body in _FENCED.findall(page) if name == language]


def code(page: str) -> list[str]:
    """What a page shows as code in its sentences."""
    return _INLINE.findall(prose(page))


def links(page: str) -> list[str]:
    """Where the links of a page lead."""
    return _LINK.findall(prose(page))


def anchors(page: str) -> set[str]:
    """The names of the headings of a page, as links have them."""
    shown = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(prose(page)))
    return {title.replace(" ", "-") for title in shown}


def commands(page: str, program: str) -> Iterator[list[str]]:
    """Every call of `program` that a page shows, as its arguments."""
    lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
    for line in [*lines, *code(page)]:
        first, *arguments = line.split() or [""]
        if first.rpartition("/")[2] == program and arguments:
            yield arguments
