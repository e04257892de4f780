"""What becomes of messages that cannot be handled, and of those beside them?"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event
from schemas.reasons import Reason
from services.errors import FloodError
from services.flood import FloodGate
from services.mediation import Mediation
from services.rules.outcome import Outcome
from services.storage import dead_letters
from services.storage.database import Database
from services.storage.postgres import PostgresStore, PostgresTransaction
from tests.builders import order_disputed
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of, letters, published


def test_an_undecodable_message_is_kept_byte_for_byte_and_the_next_is_applied(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    headers = (("who", b"me"), ("nothing", None))
    junk = deliveries.of_bytes("order.disputed", b"\xc3\x01junk", key=None, headers=headers)

    mediation.handle([junk, deliveries.of(order_disputed())])

    with database.transaction() as connection:
        (listed,) = dead_letters.newest(connection, limit=10)
        kept = dead_letters.get(connection, listed.dead_letter_id)
    assert kept is not None
    assert (kept.key, kept.value) == (None, b"\xc3\x01junk")
    assert kept.headers == [b"who", b"me", b"nothing", None]
    assert (kept.partition, kept.offset, kept.attempts, kept.status) == (0, 0, 1, "OPEN")
    assert case_of(database).frozen
    assert "order.disputed.dead-letter" in published(database)


def test_a_dead_letter_read_again_after_a_crash_is_the_same_dead_letter(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    junk = deliveries.of_bytes("order.disputed", b"junk")

    mediation.handle([junk])
    mediation.handle([junk])

    with database.transaction() as connection:
        (kept,) = dead_letters.newest(connection, limit=10)
    assert kept.attempts == 2
    assert published(database) == ["order.disputed.dead-letter"]


def test_two_equal_poison_messages_are_two_dead_letters(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    for _ in range(2):
        mediation.handle([deliveries.of_bytes("order.disputed", b"junk")])

    assert len(letters(database)) == 2


class FailingCodec(Codec):
    """Has a bug: it fails on whatever order-2 says."""

    def digest(self, event: Event) -> bytes:
        if event.order_id == "order-2":
            raise ZeroDivisionError("a bug")
        return super().digest(event)


def test_a_message_that_makes_the_program_fail_is_a_dead_letter_and_the_others_are_applied(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation = Mediation(
        PostgresStore(database), FailingCodec(), group="mediation.test", clock=clock
    )
    batch = [
        deliveries.of(order_disputed()),
        deliveries.of(order_disputed(order_id="order-2", dispute_id="dispute-2")),
        deliveries.of(order_disputed(order_id="order-3", dispute_id="dispute-3")),
    ]

    handled = mediation.handle(batch)

    assert [each.outcome for each in handled] == [
        Outcome.APPLIED,
        Outcome.REJECTED,
        Outcome.APPLIED,
    ]
    assert letters(database) == [("order.disputed", Reason.BUG)]
    assert case_of(database, "order-3").frozen


def test_a_constraint_that_is_broken_by_one_message_does_not_hold_the_others(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    with database.transaction() as connection:
        connection.execute(
            text("ALTER TABLE disputes ADD CHECK (buyer_id <> 'trouble')")  # stands for any bug
        )
    troubled = order_disputed(order_id="order-2", dispute_id="dispute-2", buyer_id="trouble")

    mediation.handle([deliveries.of(troubled), deliveries.of(order_disputed())])

    assert letters(database) == [("order.disputed", Reason.BUG)]
    assert case_of(database).frozen


class CountingStore(PostgresStore):
    """Counts its transactions."""

    begun = 0

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        self.begun += 1
        with super().transaction() as transaction:
            yield transaction


def test_a_message_that_makes_the_program_fail_costs_the_others_few_transactions(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    store = CountingStore(database)
    mediation = Mediation(store, FailingCodec(), group="mediation.test", clock=clock)
    events = [order_disputed(order_id=f"order-{n}", dispute_id=f"dispute-{n}") for n in range(64)]

    handled = mediation.handle(deliveries.all(*events))

    outcomes = Counter(each.outcome for each in handled)
    assert outcomes == {Outcome.APPLIED: 63, Outcome.REJECTED: 1}
    assert store.begun <= 2 * 6 + 1  # 64 is halved six times


def test_a_flood_of_dead_letters_is_stopped_before_it_is_committed(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    gate = FloodGate(window=10, limit=0.5)
    mediation = Mediation(
        PostgresStore(database), Codec(), group="mediation.test", clock=clock, flood=gate
    )
    flood = [deliveries.of_bytes("order.disputed", b"junk") for _ in range(6)]

    with pytest.raises(FloodError, match="6 of the last 6 messages"):
        mediation.handle(flood)

    assert letters(database) == []
    assert len(mediation.handle(flood[:5])) == 5
    with pytest.raises(FloodError):
        mediation.handle(flood[5:])
    assert len(letters(database)) == 5


def test_dead_letters_that_are_delivered_again_are_no_flood(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    def started() -> Mediation:
        gate = FloodGate(window=10, limit=0.5)
        store = PostgresStore(database)
        made = Mediation(store, Codec(), group="mediation.test", clock=clock, flood=gate)
        made.remember_recent("order.disputed")
        return made

    batch = [deliveries.of_bytes("order.disputed", b"junk") for _ in range(5)]
    started().handle(batch)

    started().handle(batch)

    assert len(letters(database)) == 5


def test_a_restart_does_not_open_the_flood_gate_again(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    def started() -> Mediation:
        gate = FloodGate(window=10, limit=0.5)
        made = Mediation(
            PostgresStore(database), Codec(), group="mediation.test", clock=clock, flood=gate
        )
        made.remember_recent("order.disputed")
        return made

    before = started()
    for _ in range(5):
        before.handle([deliveries.of_bytes("order.disputed", b"junk")])
    after = started()

    with pytest.raises(FloodError):
        after.handle([deliveries.of_bytes("order.disputed", b"junk")])

    clock.advance(seconds=1)
    good = [order_disputed(order_id=f"o-{n}", dispute_id=f"d-{n}") for n in range(10)]
    after.handle(deliveries.all(*good))
    started().handle([deliveries.of_bytes("order.disputed", b"junk")])
