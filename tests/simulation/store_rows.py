"""What the store in memory holds: rows by their keys.

Rule: neither a table nor a row ever changes. A commit makes new tables of what changed, so that
whoever holds a `Tables` has a snapshot.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from schemas.effects import PayoutRequested, RefundRequested
from services.rules.case import Case
from services.storage.inbox import Entry, Parked, Settled
from services.storage.outbox import Pending
from services.storage.refused import DeadLetter

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A row of the timeline. `arrival` was drawn when the row was inserted, not at the commit."""

    arrival: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A parked event; `settled` once it does not wait any more."""

    arrival: int
    parked: Parked
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A dead letter as it was first seen, and how often it was."""

    letter: DeadLetter
    attempts: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows by their keys; a case holds its disputes.

    `unique` holds the keys of the other unique constraints, and whose they are: `("dispute", id)`
    the order, `("opened by", event id)` and `("resolved by", event id)` the dispute.
    """

    cases: dict[str, Case] = field(default_factory=dict)
    events: dict[UUID, Remembered] = field(default_factory=dict)
    parked: dict[UUID, ParkedRow] = field(default_factory=dict)
    settlements: dict[UUID, RefundRequested | PayoutRequested] = field(default_factory=dict)
    letters: dict[UUID, Kept] = field(default_factory=dict)
    outbox: dict[int, Pending] = field(default_factory=dict)
    unique: dict[tuple[str, object], object] = field(default_factory=dict)

    def with_written(self, new: "Tables") -> "Tables":
        """These tables with the rows that a transaction wrote."""
        return Tables(
            _joined(self.cases, new.cases),
            _joined(self.events, new.events),
            _joined(self.parked, new.parked),
            _joined(self.settlements, new.settlements),
            _joined(self.letters, new.letters),
            _joined(self.outbox, new.outbox),
            _joined(self.unique, new.unique),
        )

    def without_outgoing(self, ids: Iterable[int]) -> "Tables":
        """These tables without these rows of the outbox."""
        gone = set(ids)
        return replace(
            self, outbox={id_: row for id_, row in self.outbox.items() if id_ not in gone}
        )


def _joined(old: dict[K, V], new: dict[K, V]) -> dict[K, V]:
    return {**old, **new} if new else old
