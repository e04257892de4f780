"""`mediation dead-letters`: messages that were refused, and why."""

import base64
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from consumers.cli import mending
from consumers.cli.connections import reading
from consumers.cli.output import Output, OutputOption, moment, show_json, show_pairs, show_table
from consumers.cli.selecting import OrderOption, ReasonOption, TopicOption
from consumers.cli.visible import visible
from consumers.errors import ProblemFoundError
from schemas.reasons import Reason
from services.messages import Headers, pair

DUMPED_BYTES = 1024
"""How much of a value is shown."""

_BYTES_A_LINE = 16
_DONE = (
    *("done_at", "done_by", "database_user", "action", "why"),
    *("outcome", "reason", "explanation"),
)
_OF_THE_ROW = {"id", "dead_letter_id", "after_arrival"}
_PRINTABLE = range(0x20, 0x7F)
_LISTED = (
    *("dead_letter_id", "first_seen_at", "topic", "partition", "offset", "order_id"),
    *("reason", "attempts", "status", "explanation"),
)

app = typer.Typer(
    name="dead-letters", no_args_is_help=True, help="Messages that were refused, and their mending."
)


@app.callback(epilog="Example: mediation dead-letters list --reason undecodable")
def _dead_letters() -> None:
    """Messages that were refused: why, and what to do about them."""


class _Status(StrEnum):
    """As `services.storage.dead_letters.Status`, which is loaded only when it is needed."""

    OPEN = "OPEN"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


@app.command("list", epilog="Example: mediation dead-letters list --reason undecodable --limit 10")
def list_(
    topic: TopicOption = None,
    reason: ReasonOption = None,
    order: OrderOption = None,
    status: Annotated[
        _Status | None, typer.Option(help="Only with this status.", case_sensitive=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the newest dead letters, newest first."""
    from services.storage import dead_letters

    with reading() as connection:
        choice = dead_letters.Choice(
            topic, reason, order, None if status is None else dead_letters.Status(status.value)
        )
        rows = dead_letters.newest(connection, choice, limit=limit + 1)
    found = [{name: getattr(row, name) for name in _LISTED} for row in rows[:limit]]
    if output is Output.JSON:
        show_json(found)
    elif found:
        show_table(
            [name.replace("_id", "").replace("_", " ") for name in _LISTED],
            [list(each.values()) for each in found],
        )
    else:
        typer.echo("no dead letters", err=True)
    if len(rows) > limit:
        typer.echo(f"there are more than {limit}; --limit shows more of them", err=True)


@app.command(epilog="Example: mediation dead-letters show 5b0c4f0e-6d0a-5c63-9f50-0d1c2ad0b3f7")
def show(
    dead_letter_id: Annotated[UUID, typer.Argument(metavar="ID", show_default=False)],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show one dead letter: why it was refused, where it came from, its bytes, what was done.

    As JSON, key, value and headers are whole, in base64.
    """
    from services.storage import dead_letters, replaying

    with reading() as connection:
        row = dead_letters.get(connection, dead_letter_id)
        history = replaying.actions_on(connection, dead_letter_id)
    if row is None:
        raise ProblemFoundError(f"there is no dead letter {dead_letter_id}")
    if output is Output.JSON:
        show_json(letter_as_json(row, history))
    else:
        _show(row, history)


app.command(epilog="Example: mediation dead-letters replay --reason bug --dry-run")(mending.replay)
app.command(
    epilog='Example: mediation dead-letters discard --reason oversized --why "a load test"'
)(mending.discard)
app.command(
    epilog="Example: mediation dead-letters restore --id 5b0c4f0e-6d0a-5c63-9f50-0d1c2ad0b3f7"
)(mending.restore)


def letter_as_json(row: Any, history: Sequence[Any]) -> dict[str, object]:
    """All of a dead letter, and what was done about it; key, value and headers in base64."""
    heavy = {"key", "value", "headers"}
    plain = {name: value for name, value in row._mapping.items() if name not in heavy}
    return plain | {
        "reason_description": _description(row.reason),
        "key_base64": _base64(row.key),
        "value_base64": _base64(row.value),
        "headers": [
            {"name": name, "value_base64": _base64(value)} for name, value in pair(row.headers)
        ],
        "history": [
            {name: value for name, value in each._mapping.items() if name not in _OF_THE_ROW}
            for each in history
        ],
    }


def _show(row: Any, history: Sequence[Any]) -> None:
    show_pairs(
        {
            "dead letter": row.dead_letter_id,
            "reason": f"{row.reason}: {_description(row.reason)}",
            "explanation": row.explanation,
            "error": row.error_class,
            "status": row.status,
            "read from": f"{row.topic}, partition {row.partition}, offset {row.offset}",
            "consumer group": row.consumer_group,
            "event": row.event_id,
            "order": row.order_id,
            "dispute": row.dispute_id,
            "attempts": row.attempts,
            "first seen": row.first_seen_at,
            "last seen": row.last_seen_at,
            "produced": produced(row.timestamp_ms),
        }
    )
    if history:
        typer.echo("\nhistory")
        show_table(
            [name.replace("_", " ") for name in _DONE],
            [[getattr(each, name) for name in _DONE] for each in history],
            indent="  ",
        )
    _show_bytes("key", row.key)
    _show_headers(pair(row.headers))
    _show_bytes("value", row.value)


def _show_headers(headers: Headers) -> None:
    typer.echo(f"\nheaders ({len(headers)})")
    for name, value in headers:
        said = "none" if value is None else value.decode("ascii", "backslashreplace")
        typer.echo(f"  {visible(name)}: {visible(said)}")


def _show_bytes(name: str, value: bytes | None) -> None:
    if value is None:
        typer.echo(f"\n{name} (none)")
        return
    typer.echo(f"\n{name} ({len(value)} bytes)")
    for line in dumped(value):
        typer.echo(f"  {line}")
    if len(value) > DUMPED_BYTES:
        typer.echo(f"  and {len(value) - DUMPED_BYTES} more bytes; -o json has them all")


def dumped(value: bytes) -> Iterator[str]:
    """The first `DUMPED_BYTES` of a value in lines: where, in hexadecimal, and as text."""
    for at in range(0, min(len(value), DUMPED_BYTES), _BYTES_A_LINE):
        line = value[at : at + _BYTES_A_LINE]
        printable = "".join(chr(byte) if byte in _PRINTABLE else "." for byte in line)
        yield f"{at:06x}  {line.hex(' '):<{_BYTES_A_LINE * 3 - 1}}  {printable}"


def produced(timestamp_ms: int) -> str:
    """When a message was produced, by its own timestamp, for people."""
    from schemas.records import instant_from_millis

    try:
        return "-" if timestamp_ms < 0 else moment(instant_from_millis(timestamp_ms))
    except OverflowError:
        return f"{timestamp_ms} ms since 1970"


def _description(reason: str) -> str:
    return Reason(reason).description if reason in set(Reason) else "not a reason of this release"


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
