"""What becomes of events that come too early?"""

from sqlalchemy import text

from schemas.events import Event
from schemas.reasons import Reason
from services.mediation import Mediation
from services.storage import inbox, one_order
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import letters


def test_an_event_parked_too_long_is_orphaned(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(mediator_assigned())])
    clock.advance(days=7, seconds=1)

    expired = mediation.expire_parked("mediator.assigned")

    assert [each.reason for each in expired] == [Reason.ORPHANED]
    assert letters(database) == [("mediator.assigned", Reason.ORPHANED)]
    with database.transaction() as connection:
        (entry,) = one_order.timeline(connection, "order-1")
    assert (entry.outcome, entry.settled_outcome, entry.settled_reason) == (
        "deferred",
        "rejected",
        "orphaned",
    )
    assert mediation.expire_parked("mediator.assigned") == []


def test_an_event_parked_within_the_limit_still_waits(
    mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(mediator_assigned())])
    clock.advance(days=6)

    assert mediation.expire_parked("mediator.assigned") == []


def test_an_expired_event_of_one_topic_leaves_the_other_topics_waiting(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(mediator_assigned()), deliveries.of(verdict_issued())])
    clock.advance(days=8)

    mediation.expire_parked("verdict.issued")

    assert letters(database) == [("verdict.issued", Reason.ORPHANED)]
    with database.transaction() as connection:
        assert len(inbox.waiting(connection, ["order-1"])) == 1


def test_a_verdict_of_a_mediator_never_put_in_charge_is_given_up_for_that(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    story: list[Event] = [
        order_disputed(),
        mediator_assigned(),
        verdict_issued(mediator_id="stranger"),
    ]
    mediation.handle(deliveries.all(*story))
    clock.advance(days=8)

    mediation.expire_parked("verdict.issued")

    assert letters(database) == [("verdict.issued", Reason.WRONG_MEDIATOR)]


def test_what_a_parked_event_waits_for_is_kept_up_to_date(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    mediation.handle([deliveries.of(verdict_issued())])
    mediation.handle([deliveries.of(order_disputed())])

    with database.transaction() as connection:
        (entry,) = [row for row in one_order.timeline(connection, "order-1") if row.waiting]
    assert entry.waiting == "mediator"


def test_an_order_that_cannot_be_expired_does_not_hold_the_others(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(mediator_assigned(order_id="trouble"))])
    mediation.handle([deliveries.of(mediator_assigned())])
    with database.transaction() as connection:
        connection.execute(
            text("ALTER TABLE dead_letters ADD CHECK (order_id <> 'trouble')")  # stands for any bug
        )
    clock.advance(days=8)

    expired = mediation.expire_parked("mediator.assigned")

    assert [each.event and each.event.order_id for each in expired] == ["order-1"]
