"""What the tests of mending do: make dead letters, replay them, look at what came of it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from consumers.cli.selecting import chosen
from schemas.codec import Codec
from schemas.events import Event, Ground, VerdictIssued
from services.clock import Clock
from services.fates import Fate, Report
from services.mediation import Mediation
from services.replay import Replay
from services.signatures import VerdictKeys
from services.storage.database import Database
from services.storage.dead_letters import Choice, Status
from services.storage.postgres import PostgresStore
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock


class OlderCodec(Codec):
    """That of a release which knows fewer grounds."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        event = super().decode(topic, value)
        return replace(event, ground=Ground.UNKNOWN) if isinstance(event, VerdictIssued) else event


class FailingCodec(Codec):
    """That of a release with a bug."""

    def digest(self, event: Event) -> bytes:
        raise ZeroDivisionError("a bug")


def orphan(mediation: Mediation, deliveries: Deliveries, clock: SetClock, *events: Event) -> None:
    """Deliver events that wait in vain until they are dead letters."""
    mediation.handle(deliveries.all(*events))
    clock.advance(days=8)
    for topic in ("order.disputed", "mediator.assigned", "verdict.issued"):
        mediation.expire_parked(topic)


def with_codec(database: Database, clock: SetClock, codec: Codec) -> Mediation:
    return Mediation(PostgresStore(database), codec, group="mediation.test", clock=clock)


def open_letters(database: Database) -> list[UUID]:
    """The ids of all open dead letters, oldest first."""
    _, ids = chosen(database, Choice(status=Status.OPEN), None)
    return list(ids)


def replayed(
    database: Database,
    clock: Clock,
    ids: Iterable[UUID] | None = None,
    codec: Codec | None = None,
    keys: VerdictKeys | None = None,
) -> list[Report]:
    """Replay these dead letters, or all that are open."""
    replay = Replay(database, codec or Codec(), by="tester", clock=clock, keys=keys)
    return list(replay.replay(open_letters(database) if ids is None else ids))


def rehearsed(database: Database, clock: Clock) -> list[Report]:
    """Rehearse the replay of all open dead letters."""
    return list(
        Replay(database, Codec(), by="tester", clock=clock).rehearse(open_letters(database))
    )


def fates(reports: Iterable[Report]) -> list[Fate]:
    return [report.fate for report in reports]


def statuses(database: Database) -> list[str]:
    """The status of every dead letter, in the order in which they came."""
    return _column(database, "SELECT status FROM dead_letters ORDER BY first_seen_at, topic")


def actions(database: Database) -> list[str]:
    """Every action in the audit, oldest first."""
    return _column(database, "SELECT action FROM dead_letter_actions ORDER BY id")


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, to be compared with what there is later."""
    tables = ("cases", "disputes", "settlements", "events", "parked_events", "outbox")
    return {
        table: _column(database, f"SELECT t::text FROM {table} t ORDER BY 1")  # noqa: S608 - ours
        for table in (*tables, "dead_letters", "dead_letter_actions")
    }


def _column(database: Database, statement: str) -> list[Any]:
    with database.transaction() as connection:
        return list(connection.scalars(text(statement)))
