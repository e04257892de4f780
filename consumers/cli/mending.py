"""`mediation dead-letters replay`, `discard` and `restore`: what a person does about dead letters.

Rule: nothing here decides what becomes of a message; `services.replay` does. Letters that are named
are handled in the order given, others oldest first.
"""

import getpass
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from consumers.cli.connections import opened_database
from consumers.cli.exits import OK, PROBLEM
from consumers.cli.output import Output, OutputOption
from consumers.cli.selecting import IdOption, OrderOption, ReasonOption, TopicOption, chosen
from consumers.cli.telling import tell

if TYPE_CHECKING:
    from services.discarding import Discarding
    from services.settings import Settings
    from services.storage.database import Database
    from services.storage.dead_letters import Choice


def _not_blank(why: str | None) -> str | None:
    if why is not None and not why.strip():
        raise typer.BadParameter("it must not be blank")
    return why


_WhyOption = typer.Option("--why", help="The reason, for those who ask later.", callback=_not_blank)


def replay(
    ids: IdOption = None,
    reason: ReasonOption = None,
    topic: TopicOption = None,
    order: OrderOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Handle open dead letters again, as if their messages came now: those named, or all that fit.

    Each is decided by the rules in a transaction of its own. What is refused again stays open, and
    a verdict that stands is never reversed. Replaying twice changes nothing. Exits with 1 if a
    letter could not be replayed.
    """
    from consumers.bootstrap import make_codec, make_verdict_keys
    from services.clock import system_clock
    from services.replay import Replay
    from services.storage.dead_letters import Choice, Status

    _refuse_both(ids, (reason, topic, order, limit))
    with _ready_database() as (settings, database):
        codec, keys = make_codec(settings), make_verdict_keys(settings)
        replaying = Replay(database, codec, by=person(), clock=system_clock, keys=keys)
        count, found = _meant(ids, database, Choice(topic, reason, order, Status.OPEN), limit)
        work = replaying.rehearse if dry_run else replaying.replay
        _end(tell(work(found), count, output, dry_run=dry_run))


def discard(
    why: Annotated[str, _WhyOption],
    ids: IdOption = None,
    reason: ReasonOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Close open dead letters about which nothing is to be done: those named, or all of a reason.

    The messages are kept, and `restore` opens the letters again.
    """
    from services.storage.dead_letters import Choice, Status

    _refuse_both(ids, (reason,))
    if not ids and reason is None:
        raise typer.BadParameter("name the letters with --id, or all of them with --reason")
    with _ready_database() as (_, database):
        count, found = _meant(ids, database, Choice(reason=reason, status=Status.OPEN), None)
        _end(tell(_discarding(database).discard(found, why), count, output))


def restore(
    ids: Annotated[list[UUID], typer.Option("--id", help="This one; may be repeated.")],
    why: Annotated[str | None, _WhyOption] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Open discarded dead letters again. What was replayed stands, and is not opened."""
    with _ready_database() as (_, database):
        named = list(dict.fromkeys(ids))
        _end(tell(_discarding(database).restore(named, why), len(named), output))


def _refuse_both(ids: Sequence[UUID] | None, others: Iterable[object]) -> None:
    if ids and any(each is not None for each in others):
        raise typer.BadParameter("--id names the letters: it goes with no other choice of them")


@contextmanager
def _ready_database() -> "Iterator[tuple[Settings, Database]]":
    from consumers.logs import configure_logging
    from services.settings import load_settings
    from services.storage.schema import require_needed_version

    settings = load_settings()
    configure_logging(settings, process="cli")
    with opened_database(settings) as database:
        require_needed_version(database)
        yield settings, database


def _meant(
    ids: Sequence[UUID] | None, database: "Database", choice: "Choice", limit: int | None
) -> tuple[int, Iterable[UUID]]:
    """How many letters are meant, and their ids: those that are named, each once, or that fit."""
    if not ids:
        return chosen(database, choice, limit)
    named = list(dict.fromkeys(ids))
    return len(named), named


def _discarding(database: "Database") -> "Discarding":
    from services.clock import system_clock
    from services.discarding import Discarding

    return Discarding(database, person(), system_clock)


def person() -> str:
    """Who does this, by the operating system; a container may know nothing but a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _end(found_a_problem: bool) -> None:
    raise typer.Exit(PROBLEM if found_a_problem else OK)
