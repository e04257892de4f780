"""Where a page of a list ended, as a link says it.

Rule: a link that names no place names the first page; nothing in it is an error.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.storage.browsing import Place

SIZE = 50
"""How many rows a page of a list has."""


def place_in(said: str | None, of: type = str) -> Place | None:
    """The place that a link names; None for one that names none."""
    when, _, id_ = (said or "").partition("_")
    try:
        at = datetime.fromisoformat(when)
        return None if at.tzinfo is None or not id_ or "\0" in id_ else (at, of(id_))
    except ValueError:
        return None


def number_in(said: str | None) -> int | None:
    """The row number that a link names; None for one that names none."""
    if said is None or not said.isascii() or not said.isdigit():
        return None
    return min(int(said[:19]), 2**62)


def place_of(at: datetime, id_: str | UUID) -> str:
    """How a link names a place; to the microsecond, since rows are told apart by it."""
    return f"{at.isoformat()}_{id_}"


def page_of(rows: Any, limit: int = SIZE) -> tuple[list[Any], Any | None]:
    """The rows of a page of which one more was read, and the last of them if there are others."""
    shown = list(rows[:limit])
    return shown, shown[-1] if len(rows) > limit else None
