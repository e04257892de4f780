"""What happens when several consumers work at once?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from schemas.codec import Codec
from schemas.events import Event
from schemas.reasons import Reason
from services.docket import open_docket
from services.mediation import Mediation
from services.reading import Handled, read
from services.storage import inbox
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.eventually import eventually
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of, letters, published, someone_waits_for_a_lock


def test_two_consumers_that_meet_on_an_order_never_miss_each_other(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    """One parks while the other applies, over and over: nothing may stay parked."""
    orders = [f"order-{number}" for number in range(40)]

    def consume(build: Callable[..., Event]) -> None:
        own = Mediation(PostgresStore(database), Codec(), group=build.__name__, clock=clock)
        for order_id in orders:
            event = build(order_id=order_id, dispute_id=f"dispute of {order_id}")
            own.handle([deliveries.of(event)])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(consume, [order_disputed, mediator_assigned, verdict_issued]))

    assert all(case_of(database, order_id).closed for order_id in orders)
    assert len(published(database)) == 7 * len(orders)


def test_two_consumers_with_overlapping_batches_do_not_wait_for_each_other_for_ever(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    orders = [f"order-{number}" for number in range(30)]

    def consume(order_ids: list[str]) -> None:
        own = Mediation(PostgresStore(database), Codec(), group="mediation.test", clock=clock)
        events = [mediator_assigned(order_id=o, dispute_id=f"dispute of {o}") for o in order_ids]
        for _ in range(10):
            own.handle([deliveries.of(event) for event in events])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(consume, [orders, orders[::-1]]))

    with database.transaction() as connection:
        assert len(inbox.waiting(connection, orders)) == len(orders)


def _loser_of_a_race(
    database: Database, deliveries: Deliveries, clock: SetClock, first: Event, second: Event
) -> list[Handled]:
    """Handle `second` while `first` is written and not committed; commit once it waits for that."""
    codec = Codec()
    reading = read(codec, deliveries.of(first))
    late = deliveries.of(second)
    url = database.url.render_as_string(hide_password=False)
    with closing(Database(url)) as own, ThreadPoolExecutor(1) as pool:
        with PostgresStore(own).transaction() as transaction:
            docket = open_docket(transaction, codec, "mediation.test", clock(), readings=[reading])
            docket.take(reading)
            docket.write(transaction)
            losing = pool.submit(
                Mediation(
                    PostgresStore(database), codec, group="mediation.test", clock=clock
                ).handle,
                [late],
            )
            eventually(lambda: someone_waits_for_a_lock(database), 10, "the second one waits")
        return losing.result()


def test_a_race_for_a_dispute_id_is_lost_for_what_it_is_and_not_for_a_bug(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    (handled,) = _loser_of_a_race(
        database,
        deliveries,
        clock,
        order_disputed(order_id="order-1", dispute_id="dispute-1"),
        order_disputed(order_id="order-2", dispute_id="dispute-1"),
    )

    assert handled.reason is Reason.DISPUTE_CONFLICT
    assert letters(database) == [("order.disputed", Reason.DISPUTE_CONFLICT)]
    assert published(database) == ["order.frozen", "chat.locked", "order.disputed.dead-letter"]


def test_a_race_for_an_event_id_is_lost_for_what_it_is_and_not_for_a_bug(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    (handled,) = _loser_of_a_race(
        database,
        deliveries,
        clock,
        order_disputed(name="same", order_id="order-1", dispute_id="dispute-1"),
        order_disputed(name="same", order_id="order-2", dispute_id="dispute-2"),
    )

    assert handled.reason is Reason.EVENT_ID_REUSED
    assert letters(database) == [("order.disputed", Reason.EVENT_ID_REUSED)]
