"""What a query in PromQL names: its series, with their labels, and the labels it groups by.

Rule: this reads what stands in this project and no more; whether a query is valid is for Prometheus
to say.
"""

import re
from dataclasses import dataclass

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(r"#.*")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_NOT_NAMES = re.compile(r"\[[^\]]*\]|\boffset\s+\S+|\b(?:and|or|unless|bool)\b")
_SELECTOR = re.compile(
    rf"(?P<string>{_STRING})"
    rf"|(?<![\w:.])(?P<name>[a-zA-Z_:][\w:]*+)(?P<matchers>\{{(?:{_STRING}|[^}}\"])*\}})?(?!\s*\()"
    r"|(?<![\w:])[a-zA-Z_][\w]*(?=\s*\()"
)
_MATCHER = re.compile(rf"(\w+)\s*(=~|!~|!=|=)\s*({_STRING})")


@dataclass(frozen=True, slots=True)
class Selector:
    """One series that a query names; `matchers` are (label, operator, value)."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]


def selectors(query: str) -> list[Selector]:
    """Every series that the query names."""
    bare = _NOT_NAMES.sub(" ", _GROUPING.sub(" ", _COMMENT.sub("", query)))
    return [
        Selector(found["name"], _matchers(found["matchers"] or ""))
        for found in _SELECTOR.finditer(bare)
        if found["name"]
    ]


def grouping_labels(query: str) -> set[str]:
    """Every label that the query groups or joins by."""
    lists = _GROUPING.findall(_COMMENT.sub("", query))
    return {label.strip() for each in lists for label in each.split(",") if label.strip()}


def _matchers(text: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((label, sign, value[1:-1]) for label, sign, value in _MATCHER.findall(text))
