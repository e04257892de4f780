"""The store in memory: it keeps the promises of `services.storage.store`, as PostgreSQL does.

Rule: tests/contract holds both to the same tests. `store_server` says what waiting means here.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from services.storage.outbox import Pending, slot_of
from tests.simulation.store_rows import Tables
from tests.simulation.store_server import Connection, Server, WaitUntil, statement
from tests.simulation.store_transaction import MemoryTransaction

__all__ = [
    "Connection",
    "MemoryOutboxSession",
    "MemoryStore",
    "MemoryTransaction",
    "Tables",
    "WaitUntil",
]


class MemoryOutboxSession(Connection):
    """`services.storage.store.OutboxSession` in memory."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._heard: int | None = None

    @statement
    def listen(self) -> None:
        self._heard = self._server.notifications

    @statement
    def claim(self, slots: Collection[int]) -> set[int]:
        claims = self._server.claims
        return {slot for slot in sorted(slots) if claims.setdefault(slot, self) is self}

    @statement
    def pending(self, slots: Collection[int], limit: int) -> list[Pending]:
        rows = sorted(self._server.committed.outbox.items())
        return [row for _, row in rows if slot_of(row.outgoing.key) in slots][:limit]

    @statement
    def remove(self, ids: Collection[int]) -> None:
        self._server.commit(self._server.committed.without_outgoing(ids))

    @statement
    def wait(self, timeout: float) -> None:
        def woken() -> bool:
            news = self._heard is not None and self._server.notifications > self._heard
            return news or self.ended or self._server.away

        if not woken():
            self._server.wait_until("rows in the outbox", woken, timeout)
        self.require()
        if self._heard is not None:
            self._heard = self._server.notifications

    def release(self) -> None:
        claims = self._server.claims
        for slot in [slot for slot, holder in claims.items() if holder is self]:
            del claims[slot]


class MemoryStore(Server):
    """`services.storage.store.Store` in memory.

    `committed` is what everyone sees: keep it for a snapshot, and set it, while no transaction is
    open, to go back to one. `observer` is called after each commit. While `away`, every call raises
    `DatabaseUnavailableError`. `connections` are those open, oldest first: what `end` may end.
    """

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        transaction = MemoryTransaction(self)
        self.connect(transaction)
        try:
            yield transaction
            transaction.commit()
        finally:
            self.end(transaction)

    @contextmanager
    def relaying(self) -> Iterator[MemoryOutboxSession]:
        session = MemoryOutboxSession(self)
        self.connect(session)
        try:
            yield session
        finally:
            self.end(session)
