"""What the pipeline asks of its database, and what it may rely on.

Rule of this file: it promises, and `services.storage.postgres` keeps. The same contract tests hold
that one and the store in memory, on which the simulation runs, to every promise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from schemas.effects import PayoutRequested, RefundRequested
from services.messages import Outgoing
from services.rules.case import Case
from services.rules.outcome import Waiting
from services.storage.inbox import Entry, Parked, Settled
from services.storage.outbox import Pending
from services.storage.refused import DeadLetter


@dataclass(frozen=True, slots=True)
class Loaded:
    """What must be known to decide events of some orders.

    Their cases by order id, the parked events of theirs that still wait, in order of arrival, the
    digest of each event asked for that was seen before, and the order of each known dispute.
    """

    cases: dict[str, Case]
    waiting: list[Parked]
    known: dict[UUID, bytes]
    owners: dict[str, str]


class Transaction(Protocol):
    """Everything written becomes true at once, at the end of its block; or, on an error, nothing.

    What others have committed is seen from the next question on (READ COMMITTED).
    The block raises `DatabaseUnavailableError` where the same transaction may succeed later, and
    `StorageError` where the database refuses for good. A failed statement leaves nothing to commit.
    """

    def load(
        self, order_ids: Collection[str], event_ids: Collection[UUID], dispute_ids: Collection[str]
    ) -> Loaded:
        """Lock these orders until the end, known or not, and answer under the locks.

        Whoever else locks one of them waits until then. Orders are locked in the order of their
        ids, so that two transactions cannot wait for each other.
        """

    def owners(self, dispute_ids: Collection[str]) -> dict[str, str]:
        """The order of each of these disputes that is known."""

    def overdue(self, topic: str, parked_before: datetime, limit: int) -> list[str]:
        """Orders with an event of `topic` parked before `parked_before`, oldest first."""

    def recently_rejected(self, topic: str, count: int) -> list[bool]:
        """Of the last `count` messages of `topic`, oldest first: which became dead letters."""

    def writing(self, messages: int) -> AbstractContextManager[None]:
        """A block that writes what so many messages come to: what is refused fails at its end."""

    def remember(self, entries: Sequence[Entry]) -> None:
        """Add events to the timeline, and park those that were deferred. An id is added once."""

    def write_cases(self, changes: Iterable[tuple[Case, Case]]) -> None:
        """Write the difference between each case as it was locked and as it is now."""

    def request_settlements(self, requests: Sequence[RefundRequested | PayoutRequested]) -> None:
        """Remember the money asked for; a second of the same dispute and kind is refused."""

    def settle_parked(self, settled: Sequence[Settled]) -> None:
        """Write what became of parked events. Each can be settled once."""

    def wait_longer(self, now_waiting: Mapping[UUID, Waiting]) -> None:
        """Write what parked events wait for now, where that has changed."""

    def keep_dead_letters(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Keep dead letters; returns those that are new. One seen before counts an attempt."""

    def publish_later(self, outgoing: Sequence[Outgoing], now: datetime) -> None:
        """Add rows to the outbox in this order, and wake the relays at the commit."""


class OutboxSession(Protocol):
    """A relay's own connection: each call is a transaction, and claims last as long as it does.

    Its block raises `DatabaseUnavailableError` once the connection is gone, its claims with it.
    """

    def listen(self) -> None:
        """Ask to be woken by `wait` when rows are added."""

    def claim(self, slots: Collection[int]) -> set[int]:
        """Those of `slots` that this session now holds; the others have another relay."""

    def pending(self, slots: Collection[int], limit: int) -> list[Pending]:
        """The oldest unpublished rows of these slots, in id order.

        `limit` at most, or fewer where they are heavy; none only where there is none.
        """

    def remove(self, ids: Collection[int]) -> None:
        """Delete rows whose messages were acknowledged; a crash of the server may undo it."""

    def wait(self, timeout: float) -> None:
        """Return when rows were added since the last call, or after `timeout` seconds."""


class Store(Protocol):
    """The database. Making one opens nothing."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction that commits at the end of the block, and rolls back on any exception."""

    def relaying(self) -> AbstractContextManager[OutboxSession]:
        """A session for one relay."""
