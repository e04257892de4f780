"""What does the database make of clocks that are wrong, and of local time?"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event, VerdictDecision
from schemas.reasons import Reason
from services.mediation import Mediation
from services.rules.outcome import Outcome
from services.storage import one_order
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import assignments, case_of, letters, published

LIMIT = timedelta(days=7)
TEN_MINUTES = timedelta(minutes=10)
ONE_SECOND = timedelta(seconds=1)
ODD_INSTANTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),  # a leap second follows
    datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # Paris has no 02:00 this day
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # Paris has two 02:30 this day: the first,
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # and the second
    datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
]


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch, empty_database: Database) -> Iterator[None]:
    """The process, the database and its client library live by Paris time."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    monkeypatch.setenv("PGTZ", "Europe/Paris")
    time.tzset()
    with empty_database.transaction() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET timezone = 'Europe/Paris'"))
    empty_database.close()
    yield
    monkeypatch.undo()
    time.tzset()


def started_anew(database: Database, clock: SetClock) -> Mediation:
    """The mediation of a process that has just started."""
    return Mediation(PostgresStore(database), Codec(), group="mediation.test", clock=clock)


@pytest.mark.usefixtures("in_paris")
@pytest.mark.parametrize("opened_at", ODD_INSTANTS[1:-1])
def test_a_latency_is_elapsed_time_across_every_change_of_the_clocks(
    database: Database, deliveries: Deliveries, clock: SetClock, opened_at: datetime
) -> None:
    assigned_at = opened_at + timedelta(hours=24)
    started_anew(database, clock).handle([deliveries.of(order_disputed(occurred_at=opened_at))])

    started_anew(database, clock).handle(
        [deliveries.of(mediator_assigned(occurred_at=assigned_at))]
    )

    assert assignments(database) == (1, timedelta(hours=24))
    (dispute,) = case_of(database).disputes
    assert (dispute.opened_at, dispute.assigned_at) == (opened_at, assigned_at)


@pytest.mark.usefixtures("in_paris")
def test_odd_instants_are_read_back_as_they_were(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    events = [
        order_disputed(order_id=f"order-{n}", dispute_id=f"dispute-{n}", occurred_at=instant)
        for n, instant in enumerate(ODD_INSTANTS)
    ]

    started_anew(database, clock).handle(deliveries.all(*events))

    found = [case_of(database, event.order_id).disputes[0].opened_at for event in events]
    assert found == ODD_INSTANTS
    assert {instant.utcoffset() for instant in found} == {timedelta()}


def test_an_assignment_dated_before_its_dispute_waited_no_time(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    opened = order_disputed()
    early = mediator_assigned(occurred_at=opened.occurred_at - TEN_MINUTES)

    started_anew(database, clock).handle(deliveries.all(opened, early))

    assert assignments(database) == (1, timedelta())
    assert case_of(database).disputes[0].assigned_at == early.occurred_at


def test_a_latency_is_counted_once_through_duplicates_handovers_and_restarts_on_skewed_clocks(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    first, handover = mediator_assigned(), mediator_assigned(mediator_id="mediator-2")
    resolved = verdict_issued(mediator_id="mediator-2", decision=VerdictDecision.RELAUNCH)
    story: list[Event] = [first, order_disputed(), first, handover, handover, resolved, first]

    for skew in (timedelta(), -TEN_MINUTES, TEN_MINUTES):
        for event in story:
            clock.now += skew
            started_anew(database, clock).handle([deliveries.of(event)])

    assert assignments(database) == (1, timedelta(hours=30))


def test_the_timeline_and_the_outbox_keep_the_order_of_arrival_when_the_clock_runs_backwards(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]

    for event in story:
        started_anew(database, clock).handle([deliveries.of(event)])
        clock.advance(minutes=-10)

    with database.transaction() as connection:
        rows = one_order.timeline(connection, "order-1")
    assert [row.event_id for row in rows] == [event.event_id for event in story]
    assert [row.received_at for row in rows] == sorted(
        (row.received_at for row in rows), reverse=True
    )
    assert published(database) == [
        "order.frozen",
        "chat.locked",
        "mediation.opened",
        "order.closed",
        "review.blocked",
        "refund.requested",
        "dispute.resolved",
    ]


def test_events_parked_on_a_clock_that_runs_backwards_are_tried_in_order_of_arrival(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    """The first of two verdicts stands, though the second was parked at an earlier time."""
    first = verdict_issued(decision=VerdictDecision.PAY_SELLER)
    second = verdict_issued(decision=VerdictDecision.FULL_REFUND)
    story: list[Event] = [first, second, order_disputed(), mediator_assigned()]

    for event in story:
        started_anew(database, clock).handle([deliveries.of(event)])
        clock.advance(minutes=-10)

    resolution = case_of(database).disputes[0].resolution
    assert resolution is not None
    assert resolution.event_id == first.event_id
    assert letters(database) == [("verdict.issued", Reason.VERDICT_FINAL)]


@pytest.mark.parametrize(
    ("waited", "is_given_up"),
    [(LIMIT - 2 * TEN_MINUTES, False), (LIMIT + 2 * TEN_MINUTES + ONE_SECOND, True)],
)
@pytest.mark.parametrize("parking_skew", [-TEN_MINUTES, TEN_MINUTES])
@pytest.mark.parametrize("expiring_skew", [-TEN_MINUTES, TEN_MINUTES])
def test_an_event_is_given_up_early_or_late_by_no_more_than_the_clocks_differ(
    database: Database,
    deliveries: Deliveries,
    clock: SetClock,
    waited: timedelta,
    is_given_up: bool,
    parking_skew: timedelta,
    expiring_skew: timedelta,
) -> None:
    really = clock.now
    clock.now = really + parking_skew
    started_anew(database, clock).handle([deliveries.of(mediator_assigned())])

    clock.now = really + waited + expiring_skew
    expired = started_anew(database, clock).expire_parked("mediator.assigned")

    assert bool(expired) == is_given_up


def test_an_event_parked_in_the_future_still_waits_and_is_applied(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    clock.advance(days=400)
    started_anew(database, clock).handle([deliveries.of(mediator_assigned())])
    clock.advance(days=-400)

    expired = started_anew(database, clock).expire_parked("mediator.assigned")
    handled = started_anew(database, clock).handle([deliveries.of(order_disputed())])

    assert expired == []
    assert [each.outcome for each in handled] == [Outcome.APPLIED] * 2


def test_a_jump_of_the_clock_ahead_loses_nothing(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    early = deliveries.of(mediator_assigned())
    started_anew(database, clock).handle([early])
    clock.advance(days=400)

    started_anew(database, clock).expire_parked("mediator.assigned")
    clock.advance(days=-400)

    with database.transaction() as connection:
        kept = connection.execute(text("SELECT value FROM dead_letters")).scalar_one()
    assert bytes(kept) == early.value
    assert letters(database) == [("mediator.assigned", Reason.ORPHANED)]
