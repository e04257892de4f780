"""The parts of the pipeline, each with one fault in it that somebody might well make."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast
from uuid import UUID

from consumers.outbox_relay import OutboxRelay, Sink
from consumers.runner import Runner, Source
from services.errors import DatabaseUnavailableError, TransientError
from services.messages import Message
from services.storage.inbox import Entry
from services.storage.outbox import Pending
from services.storage.store import Loaded, OutboxSession, Store, Transaction
from tests.simulation.broker import MemoryBroker
from tests.simulation.processes import Parts

T = TypeVar("T")


class Around:
    """Something with other methods in the place of some of its own."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class CommitsOffsetsFirst(Runner):
    """Offsets before the transaction: a crash between the two loses the batch."""

    def _process(self, batch: list[Message]) -> None:
        self._source.commit(batch)
        super()._process(batch)


class GivesUp(Runner):
    """A batch is given up after a failure that would have passed."""

    def _retrying(self, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except TransientError:
            return None


class RemembersTheLastId(OutboxRelay):
    """Only rows above the last id that was published: ids are not commit order."""

    last = 0

    def _publish_some(self, session: OutboxSession, sink: Sink, ours: set[int]) -> bool:
        return super()._publish_some(cast(OutboxSession, After(self, session)), sink, ours)


class After(Around):
    """A session that sees what comes after the last id of its relay."""

    def __init__(self, relay: RemembersTheLastId, session: OutboxSession) -> None:
        super().__init__(session)
        self._relay = relay

    def pending(self, slots: Collection[int], limit: int) -> list[Pending]:
        rows: list[Pending] = self._inner.pending(slots, limit)
        return [row for row in rows if row.id > self._relay.last]

    def remove(self, ids: Collection[int]) -> None:
        self._inner.remove(ids)
        self._relay.last = max(ids)


class RemovesFirst(OutboxRelay):
    """Rows are removed before they were acknowledged."""

    def _publish_some(self, session: OutboxSession, sink: Sink, ours: set[int]) -> bool:
        rows = session.pending(ours, self._batch_size) if ours else []
        session.remove([row.id for row in rows])
        sink.publish([row.outgoing for row in rows])
        return bool(rows)


class WithoutFence(MemoryBroker):
    """A broker that takes offsets from whoever brings them."""

    def commit(
        self, name: str, member: int | None, generation: int, offsets: dict[int, int]
    ) -> None:
        self.require()
        self.accept(name, member, generation, offsets)


def whose_transactions(
    changed: Callable[[Store, Transaction], Any],
) -> Callable[[Store], Store]:
    """A store whose transactions are changed like this."""

    class Changed(Around):
        @contextmanager
        def transaction(self) -> Iterator[Transaction]:
            with self._inner.transaction() as transaction:
                yield cast(Transaction, changed(self._inner, transaction))

    return lambda store: cast(Store, Changed(store))


class WithoutInbox(Around):
    """No event was ever seen before."""

    def __init__(self, _store: Store, transaction: Transaction) -> None:
        super().__init__(transaction)

    def load(self, *asked: Collection[Any]) -> Loaded:
        loaded: Loaded = self._inner.load(*asked)
        return replace(loaded, known={})

    def remember(self, entries: Sequence[Entry]) -> None:
        events = {entry.event.event_id for entry in entries}
        seen = self._inner.load((), events, ()).known
        self._inner.remember([entry for entry in entries if entry.event.event_id not in seen])


class WithoutLock(Around):
    """Orders are read, and locked for no longer than that."""

    def __init__(self, store: Store, transaction: Transaction) -> None:
        super().__init__(transaction)
        self._store = store

    def load(
        self, order_ids: Collection[str], event_ids: Collection[UUID], dispute_ids: Collection[str]
    ) -> Loaded:
        with self._store.transaction() as other:
            locked: Loaded = other.load(order_ids, (), ())
        unlocked: Loaded = self._inner.load((), event_ids, dispute_ids)
        return replace(unlocked, cases=locked.cases, waiting=locked.waiting)


def hoping(store: Store) -> Store:
    """A store where a commit of which nothing is known is taken for done."""

    class Hoping(Around):
        @contextmanager
        def transaction(self) -> Iterator[Transaction]:
            handled = False
            try:
                with self._inner.transaction() as transaction:
                    yield transaction
                    handled = True
            except DatabaseUnavailableError:
                if not handled:
                    raise

    return cast(Store, Hoping(store))


class TakesAllForOurs(Around):
    """Never notices that a partition was taken away."""

    def still_ours(self, messages: Sequence[Message]) -> list[Message]:
        return list(messages)


def all_ours(sources: Sequence[Source]) -> Sequence[Source]:
    """Sources that take all for ours."""
    return [cast(Source, TakesAllForOurs(source)) for source in sources]


def one_for_all(sources: Sequence[Source]) -> Sequence[Source]:
    """One source for all members of a process: what one commits may be what another still reads."""
    return [sources[0]] * len(sources)


class ClaimsEverything(Around):
    """A session that takes the slots of others too."""

    def claim(self, slots: Collection[int]) -> set[int]:
        self._inner.claim(slots)
        return set(slots)


def claiming_everything(store: Store) -> Store:
    """A store whose every relay holds every slot."""

    class Claiming(Around):
        @contextmanager
        def relaying(self) -> Iterator[OutboxSession]:
            with self._inner.relaying() as session:
                yield cast(OutboxSession, ClaimsEverything(session))

    return cast(Store, Claiming(store))


BROKEN: dict[str, tuple[Parts, str]] = {
    "offsets are committed before the transaction": (
        Parts(runner=CommitsOffsetsFirst), "offsets",
    ),
    "there is no inbox": (
        Parts(store=whose_transactions(WithoutInbox)), "dead letters",
    ),
    "the relay remembers a last id": (
        Parts(relay=RemembersTheLastId), "never stuck",
    ),
    "events are parked without the lock": (
        Parts(store=whose_transactions(WithoutLock)), "as the rules say",
    ),
    "the relay removes rows before they are acknowledged": (
        Parts(relay=RemovesFirst), "every effect once",
    ),
    "a batch is given up after a passing failure": (
        Parts(runner=GivesUp), "offsets",
    ),
    "the broker does not fence a zombie": (
        Parts(broker=WithoutFence), "fenced",
    ),
    "a commit of which nothing is known is taken for done": (
        Parts(store=hoping), "offsets",
    ),
    "the members of a process share one client": (
        Parts(sources=one_for_all), "offsets",
    ),
}  # fmt: skip
"""What must be caught, and the invariant that catches it."""

HARMLESS: dict[str, Parts] = {
    "a partition that was taken away goes unnoticed": Parts(sources=all_ours),
    "two relays hold the same slot": Parts(store=claiming_everything),
}
"""What costs work, and breaks no promise: the inbox and the ids of the effects make it harmless."""
