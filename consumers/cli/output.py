"""What reaches the terminal: data as a table or as JSON on standard output.

Rule: text that came with an event is never trusted. Control characters, escape sequences and
characters that reorder a line are made visible, in tables and in JSON alike.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.cells import cell_len

from consumers.cli.visible import is_unprintable, visible


class Output(StrEnum):
    """How data is shown."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[
    Output, typer.Option("-o", "--output", help="How to show it.", show_default=True)
]


def moment(value: datetime | None) -> str:
    """A moment to the millisecond, in UTC: `2026-03-02T09:00:00.000Z`; `-` for none."""
    if value is None:
        return "-"
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show_json(data: Any) -> None:
    """Write one JSON document; moments, ids and the like as text."""
    typer.echo(json_text(data))


def json_text(data: Any) -> str:
    """What `show_json` writes, for a part of a document."""
    written = json.dumps(data, indent=2, ensure_ascii=False, default=_as_json)
    lines = (
        "".join(json.dumps(c)[1:-1] if is_unprintable(c) else c for c in line)
        for line in written.split("\n")
    )
    return "\n".join(lines)


def show_table(headers: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "") -> None:
    """Write rows in columns as wide as they need to be; nothing is cut off or wrapped."""
    cells = [[name.upper() for name in headers], *([_cell(value) for value in row] for row in rows)]
    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(headers))]
    for row in cells:
        padded = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        typer.echo((indent + "  ".join(padded)).rstrip())


def show_pairs(pairs: Mapping[str, object], indent: str = "") -> None:
    """Write names and values, one pair a line."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        typer.echo(f"{indent}{name:<{width}}  {_cell(value)}".rstrip())


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return moment(value)
        case _:
            return visible(value)


def _as_json(value: object) -> object:
    return moment(value) if isinstance(value, datetime) else str(value)
