"""The store in PostgreSQL: joins the promises of `services.storage.store` to the SQL beside it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.effects import PayoutRequested, RefundRequested
from services.messages import Outgoing
from services.rules.case import Case
from services.rules.outcome import Waiting
from services.storage import binary, cases, inbox, outbox, refused
from services.storage.driver import AnyConnection, Way
from services.storage.refused import DeadLetter
from services.storage.store import Loaded

# Up to so many messages the journeys to the server cost more than the rows; then COPY is cheaper.
_FEW = 100


@dataclass(frozen=True, slots=True)
class PostgresTransaction:
    """`services.storage.store.Transaction` on a connection that is in a transaction."""

    connection: AnyConnection

    def load(
        self, order_ids: Collection[str], event_ids: Collection[UUID], dispute_ids: Collection[str]
    ) -> Loaded:
        """Everything but the new rows is asked at once; of a new order there is nothing to ask."""
        known_orders = cases.add_stubs(self.connection, order_ids) if order_ids else []
        locking, disputes, waiting, known, owners = binary.ask(
            self.connection,
            [
                *cases.questions(known_orders),
                inbox.waiting_question(known_orders),
                inbox.known_question(event_ids),
                cases.owners_question(dispute_ids),
            ],
        )
        found = cases.assemble(locking, disputes)
        return Loaded(
            cases={id_: found.get(id_) or Case(id_) for id_ in sorted(order_ids)},
            waiting=inbox.parked_in(waiting),
            known=dict(known),
            owners=dict(owners),
        )

    def owners(self, dispute_ids: Collection[str]) -> dict[str, str]:
        return cases.owners(self.connection, dispute_ids)

    def overdue(self, topic: str, parked_before: datetime, limit: int) -> list[str]:
        return inbox.overdue(self.connection, topic, parked_before, limit)

    def recently_rejected(self, topic: str, count: int) -> list[bool]:
        return inbox.recently_rejected(self.connection, topic, count)

    def writing(self, messages: int) -> AbstractContextManager[None]:
        few = messages <= _FEW
        return binary.together(self.connection) if few else nullcontext()

    def remember(self, entries: Sequence[inbox.Entry]) -> None:
        inbox.remember(self.connection, entries)

    def write_cases(self, changes: Iterable[tuple[Case, Case]]) -> None:
        cases.write(self.connection, changes)

    def request_settlements(self, requests: Sequence[RefundRequested | PayoutRequested]) -> None:
        cases.settle(self.connection, requests)

    def settle_parked(self, settled: Sequence[inbox.Settled]) -> None:
        inbox.settle(self.connection, settled)

    def wait_longer(self, now_waiting: Mapping[UUID, Waiting]) -> None:
        inbox.wait_longer(self.connection, now_waiting)

    def keep_dead_letters(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        return refused.add(self.connection, letters)

    def publish_later(self, outgoing: Sequence[Outgoing], now: datetime) -> None:
        outbox.add(self.connection, outgoing, now)


@dataclass(frozen=True, slots=True)
class PostgresOutboxSession:
    """`services.storage.store.OutboxSession` on a connection of its own, in autocommit."""

    connection: AnyConnection

    def listen(self) -> None:
        outbox.listen(self.connection)

    def claim(self, slots: Collection[int]) -> set[int]:
        return outbox.claim(self.connection, slots)

    def pending(self, slots: Collection[int], limit: int) -> list[outbox.Pending]:
        return outbox.pending(self.connection, slots, limit)

    def remove(self, ids: Collection[int]) -> None:
        outbox.remove(self.connection, ids)

    def wait(self, timeout: float) -> None:
        outbox.wait(self.connection, timeout)


class PostgresStore:
    """`services.storage.store.Store` in `database`."""

    def __init__(self, database: Way) -> None:
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        with self._database.transaction() as connection:
            yield PostgresTransaction(connection)

    @contextmanager
    def relaying(self) -> Iterator[PostgresOutboxSession]:
        with self._database.session() as connection:
            outbox.relax(connection)
            yield PostgresOutboxSession(connection)
