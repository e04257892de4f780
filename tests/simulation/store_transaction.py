"""A transaction of the store in memory.

What it writes is kept apart until its commit; each of its reads sees that, over what is committed
at that moment. A row's lock and a unique key are one mechanism: who comes first has it to the end.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from schemas.effects import PayoutRequested, RefundRequested
from services.errors import DatabaseUnavailableError, StorageError
from services.messages import Outgoing
from services.rules.case import Case
from services.rules.outcome import Outcome, Waiting
from services.storage.inbox import Entry, Parked, Settled
from services.storage.outbox import Pending
from services.storage.refused import DeadLetter
from services.storage.store import Loaded
from tests.simulation import store_constraints as constraints
from tests.simulation.store_rows import Kept, ParkedRow, Remembered, Tables
from tests.simulation.store_server import Connection, Lock, Server, statement


class MemoryTransaction(Connection):
    """`services.storage.store.Transaction` in memory."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._new = Tables()
        self._held: list[Lock] = []

    def require(self) -> None:
        super().require()
        if self.failed:
            raise StorageError("the transaction has failed, and can only be rolled back")

    def load(
        self, order_ids: Collection[str], event_ids: Collection[UUID], dispute_ids: Collection[str]
    ) -> Loaded:
        return Loaded(
            cases=self._lock(order_ids),
            waiting=self._parked_of(order_ids),
            known=self._known(event_ids),
            owners=self.owners(dispute_ids),
        )

    @statement
    def owners(self, dispute_ids: Collection[str]) -> dict[str, str]:
        rows = ((id_, self._owner(("dispute", id_))) for id_ in dispute_ids)
        return {id_: str(order_id) for id_, order_id in rows if order_id is not None}

    @statement
    def overdue(self, topic: str, parked_before: datetime, limit: int) -> list[str]:
        late = [
            row.parked
            for row in self._waiting()
            if row.parked.message.topic == topic and row.parked.parked_at < parked_before
        ]
        oldest_first = sorted(late, key=lambda parked: parked.parked_at)
        return list(dict.fromkeys(parked.order_id for parked in oldest_first))[:limit]

    @statement
    def recently_rejected(self, topic: str, count: int) -> list[bool]:
        if not count:
            return []
        tables = self._server.committed.with_written(self._new)
        understood = sorted(
            (row.arrival, row.entry.received_at, row.entry.decision.outcome is Outcome.REJECTED)
            for row in tables.events.values()
            if row.entry.message.topic == topic
        )[-count:]
        not_understood = sorted(
            row.letter.seen_at
            for row in tables.letters.values()
            if row.letter.message.topic == topic and row.letter.event is None
        )[-count:]
        both = [(at, rejected) for _, at, rejected in understood]
        both += [(at, True) for at in not_understood]
        return [rejected for _, rejected in sorted(both, key=lambda each: each[0])[-count:]]

    def writing(self, messages: int) -> AbstractContextManager[None]:
        return nullcontext()

    @statement
    def remember(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            event_id = entry.event.event_id
            constraints.check_entry(entry)
            self._take("event", event_id)
            known = event_id in self._new.events or event_id in self._server.committed.events
            constraints.require(not known, "events_pkey")
            self._new.events[event_id] = Remembered(next(self._server.arrivals), entry)
        for entry in entries:
            if entry.decision.outcome is Outcome.DEFERRED:
                self._park(entry)

    @statement
    def write_cases(self, changes: Iterable[tuple[Case, Case]]) -> None:
        for before, after in changes:
            if before != after:
                self._take("order", after.order_id)
                self._write_case(self._case(after.order_id), before, after)

    @statement
    def request_settlements(self, requests: Sequence[RefundRequested | PayoutRequested]) -> None:
        for request in requests:
            kind = "refund" if isinstance(request, RefundRequested) else "payout"
            self._own("settlement", request.settlement_id, object())
            self._own(kind, request.dispute_id, object())
            order_id = self._owner(("dispute", request.dispute_id))
            constraints.require(order_id is not None, "settlements: no such dispute")
            dispute = self._case(str(order_id)).dispute(request.dispute_id)
            constraints.check_settlement(request, dispute)
            self._new.settlements[request.settlement_id] = request

    @statement
    def settle_parked(self, settled: Sequence[Settled]) -> None:
        for each in settled:
            constraints.check_settled(each)
            if row := self._parked_to_change(each.event_id):
                self._new.parked[each.event_id] = replace(row, settled=each)

    @statement
    def wait_longer(self, now_waiting: Mapping[UUID, Waiting]) -> None:
        for event_id, waiting in now_waiting.items():
            if row := self._parked_to_change(event_id):
                parked = replace(row.parked, waiting=waiting)
                self._new.parked[event_id] = replace(row, parked=parked)

    @statement
    def keep_dead_letters(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        fresh: list[DeadLetter] = []
        for id_, letter in {letter.dead_letter_id: letter for letter in letters}.items():
            self._take("dead letter", id_)
            row = self._new.letters.get(id_) or self._server.committed.letters.get(id_)
            if row is None:
                fresh.append(letter)
            first, attempts = (row.letter, row.attempts) if row else (letter, 0)
            self._new.letters[id_] = Kept(first, attempts + 1, letter.seen_at)
        return fresh

    @statement
    def publish_later(self, outgoing: Sequence[Outgoing], now: datetime) -> None:
        for each in outgoing:
            id_ = next(self._server.outbox_ids)
            self._new.outbox[id_] = Pending(id_, each)

    def commit(self) -> None:
        """Make everything true; after a failed statement, nothing, and without a word."""
        Connection.require(self)
        if self.failed:
            return
        for case in self._new.cases.values():
            constraints.check_fit(case)
        tables = self._server.committed.with_written(self._new)
        self._server.commit(tables, wake=bool(self._new.outbox))

    def release(self) -> None:
        for lock in self._held:
            del self._server.locks[lock]
        self._held.clear()

    @statement
    def _lock(self, order_ids: Collection[str]) -> dict[str, Case]:
        ordered = sorted(order_ids)
        for order_id in ordered:
            constraints.check_identifier(order_id)
            self._take("order", order_id)
        return {order_id: self._case(order_id) for order_id in ordered}

    @statement
    def _known(self, event_ids: Collection[UUID]) -> dict[UUID, bytes]:
        own, committed = self._new.events, self._server.committed.events
        rows = ((id_, own.get(id_) or committed.get(id_)) for id_ in event_ids)
        return {id_: row.entry.digest for id_, row in rows if row}

    @statement
    def _parked_of(self, order_ids: Collection[str]) -> list[Parked]:
        rows = [row for row in self._waiting() if row.parked.order_id in order_ids]
        return [row.parked for row in sorted(rows, key=lambda row: row.arrival)]

    def _case(self, order_id: str) -> Case:
        """A case as it is seen here; an order never heard of gets an empty one, to be committed."""
        case = self._new.cases.get(order_id) or self._server.committed.cases.get(order_id)
        return case or self._new.cases.setdefault(order_id, Case(order_id))

    def _write_case(self, seen: Case, before: Case, after: Case) -> None:
        """Only what differs from `before` is written, whatever is there now, as by SQL."""
        disputes = list(seen.disputes)
        for index, dispute in enumerate(after.disputes):
            if dispute in before.disputes:
                continue
            old = disputes[index] if index < len(disputes) else None
            constraints.check_dispute(old, dispute)
            self._own("dispute", dispute.dispute_id, after.order_id)
            self._own("opened by", dispute.opened_by_event_id, dispute.dispute_id)
            if dispute.resolution is not None:
                self._own("resolved by", dispute.resolution.event_id, dispute.dispute_id)
            disputes[index : index + 1] = [dispute]
        case = replace(after, disputes=tuple(disputes), elsewhere=frozenset())
        constraints.check_case(seen, case)
        self._new.cases[after.order_id] = case

    def _park(self, entry: Entry) -> None:
        assert entry.decision.waiting is not None
        id_, order_id = entry.event.event_id, entry.event.order_id
        waiting = entry.decision.waiting
        parked = Parked(id_, order_id, entry.message, entry.received_at, waiting)
        self._new.parked[id_] = ParkedRow(next(self._server.arrivals), parked)

    def _waiting(self) -> list[ParkedRow]:
        own, committed = self._new.parked, self._server.committed.parked
        rows = {**committed, **own} if own else committed
        return [row for row in rows.values() if row.settled is None]

    def _parked_to_change(self, event_id: UUID) -> ParkedRow | None:
        self._take("parked", event_id)
        row = self._new.parked.get(event_id) or self._server.committed.parked.get(event_id)
        settled = row is not None and row.settled is not None
        constraints.require(not settled, "parked_events: a parked event is settled once")
        return row

    def _owner(self, key: Lock) -> object:
        return self._new.unique.get(key) or self._server.committed.unique.get(key)

    def _own(self, kind: str, key: object, owner: object) -> None:
        """Insert a unique key, or find that it is this owner's already."""
        self._take(kind, key)
        constraints.require(self._owner((kind, key)) in (None, owner), f"{kind} {key}: taken")
        self._new.unique[kind, key] = owner

    def _take(self, kind: str, key: object) -> None:
        """Hold a lock until the end: of a row, or of a unique key that others may insert too."""
        lock, locks = (kind, key), self._server.locks
        while (holder := locks.get(lock)) is not self:
            if holder is None:
                locks[lock] = self
                self._held.append(lock)
            elif not self._server.wait_until(
                f"{kind} {key}",
                lambda: lock not in locks or self.ended or self._server.away,
                self._server.lock_timeout,
            ):
                raise DatabaseUnavailableError(f"lock timeout: {kind} {key}")
            else:
                self.require()
