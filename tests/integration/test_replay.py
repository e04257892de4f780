"""What comes of a dead letter that is replayed?"""

import pytest
from sqlalchemy import text

from schemas.events import Event, VerdictDecision
from schemas.reasons import Reason
from services.fates import FINAL, Fate
from services.mediation import Mediation
from services.rules.case import DisputeState
from services.storage import dead_letters, inbox
from services.storage.database import Database
from tests.builders import OPENED_AT, mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of, published
from tests.integration.mending import (
    FailingCodec,
    OlderCodec,
    actions,
    fates,
    open_letters,
    orphan,
    replayed,
    statuses,
    with_codec,
)


def test_an_orphan_whose_dispute_came_after_all_is_applied(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned())
    mediation.handle([deliveries.of(order_disputed())])

    (report,) = replayed(database, clock)

    assert (report.fate, report.effects) == (Fate.APPLIED, ("mediation.opened",))
    assert case_of(database).disputes[0].state is DisputeState.IN_MEDIATION
    assert published(database) == [
        *("mediator.assigned.dead-letter", "order.frozen", "chat.locked", "mediation.opened")
    ]
    assert (statuses(database), actions(database)) == (["REPLAYED"], ["REPLAYED"])


def test_what_waited_for_a_replayed_event_is_settled_with_it(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned())
    mediation.handle(deliveries.all(verdict_issued(), order_disputed()))

    (report,) = replayed(database, clock)

    assert report.set_free == 1
    assert [(each.topic, each.amount_minor) for each in report.money] == [
        ("refund.requested", 10_000)
    ]
    assert case_of(database).closed
    assert case_of(database).sequence == 7


def test_what_a_newer_release_understands_is_applied(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
    with_codec(database, clock, OlderCodec()).handle(deliveries.all(*story))

    (report,) = replayed(database, clock)

    assert report.fate is Fate.APPLIED
    assert case_of(database).closed


def test_the_message_of_a_bug_that_was_mended_is_applied(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    broken = with_codec(database, clock, FailingCodec())
    broken.handle([deliveries.of(order_disputed())])

    still = replayed(database, clock, codec=FailingCodec())
    mended = replayed(database, clock)

    assert fates(still) == [Fate.STILL_FAILING]
    assert still[0].reason is Reason.BUG
    assert fates(mended) == [Fate.APPLIED]
    assert case_of(database).frozen
    assert actions(database) == ["REPLAY_FAILED", "REPLAYED"]


def test_a_second_replay_finds_nothing_to_do(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned())
    mediation.handle([deliveries.of(order_disputed())])
    ids = open_letters(database)
    replayed(database, clock)
    before = (case_of(database), published(database))

    assert open_letters(database) == []
    assert fates(replayed(database, clock, ids)) == [Fate.ALREADY]
    assert (case_of(database), published(database), actions(database)) == (*before, ["REPLAYED"])


def test_what_cannot_be_read_stays_open_and_counts_the_attempt(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of_bytes("order.disputed", b"junk")])

    (report,) = replayed(database, clock)

    assert (report.fate, report.reason) == (Fate.STILL_FAILING, Reason.UNKNOWN_FRAMING)
    with database.transaction() as connection:
        (row,) = dead_letters.newest(connection, limit=10)
    assert (row.status, row.attempts) == ("OPEN", 2)
    assert published(database) == ["order.disputed.dead-letter"]


def test_a_reused_event_id_stays_refused(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(order_disputed(name="one id"))])
    mediation.handle([deliveries.of(order_disputed(name="one id", buyer_id="another"))])

    (report,) = replayed(database, clock)

    assert (report.fate, report.reason) == (Fate.STILL_FAILING, Reason.EVENT_ID_REUSED)


def test_an_event_that_took_effect_meanwhile_is_a_duplicate(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    broken = with_codec(database, clock, FailingCodec())
    broken.handle([deliveries.of(order_disputed())])
    mediation.handle([deliveries.of(order_disputed())])

    (report,) = replayed(database, clock)

    assert report.fate is Fate.DUPLICATE
    assert published(database) == ["order.disputed.dead-letter", "order.frozen", "chat.locked"]
    assert statuses(database) == ["REPLAYED"]


CLOSED: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]


@pytest.mark.parametrize(
    "late",
    [
        verdict_issued(decision=VerdictDecision.PAY_SELLER),
        mediator_assigned(mediator_id="mediator-2"),
        order_disputed(dispute_id="dispute-2"),
    ],
    ids=lambda event: str(event.topic),
)
def test_what_would_touch_a_final_verdict_is_refused(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock, late: Event
) -> None:
    mediation.handle(deliveries.all(*CLOSED, late))
    before = (case_of(database), published(database))

    (report,) = replayed(database, clock)

    assert report.fate is Fate.REFUSED
    assert report.reason in FINAL
    assert (case_of(database), published(database)) == before
    assert (statuses(database), actions(database)) == (["OPEN"], ["REPLAY_FAILED"])


def test_an_orphaned_verdict_never_wins_over_the_one_that_stands(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    first = verdict_issued(decision=VerdictDecision.PAY_SELLER)
    orphan(mediation, deliveries, clock, first)
    mediation.handle(deliveries.all(*CLOSED))

    (report,) = replayed(database, clock)

    assert (report.fate, report.reason) == (Fate.REFUSED, Reason.VERDICT_FINAL)
    resolution = case_of(database).disputes[0].resolution
    assert resolution is not None
    assert resolution.decision is VerdictDecision.FULL_REFUND


def test_an_assignment_that_was_overtaken_does_not_take_the_dispute_back(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    with_codec(database, clock, FailingCodec()).handle([deliveries.of(mediator_assigned())])
    later = mediator_assigned(mediator_id="mediator-2", occurred_at=OPENED_AT.replace(month=4))
    mediation.handle(deliveries.all(order_disputed(), later))

    (report,) = replayed(database, clock)

    assert report.fate is Fate.IGNORED
    assert str(later.event_id) in report.explanation
    assert case_of(database).disputes[0].mediator_id == "mediator-2"
    assert fates(replayed(database, clock)) == []


def test_an_orphan_that_is_still_too_early_waits_again(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned())

    (report,) = replayed(database, clock)
    mediation.handle([deliveries.of(order_disputed())])

    assert report.fate is Fate.DEFERRED
    assert case_of(database).disputes[0].mediator_id == "mediator-1"
    assert statuses(database) == ["REPLAYED"]


def test_one_that_waits_again_in_vain_is_open_again_and_can_be_replayed_again(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned())
    replayed(database, clock)
    clock.advance(days=6)
    within_the_limit = mediation.expire_parked("mediator.assigned")
    clock.advance(days=2)

    mediation.expire_parked("mediator.assigned")

    assert within_the_limit == []
    assert statuses(database) == ["OPEN"]
    mediation.handle([deliveries.of(order_disputed())])
    assert fates(replayed(database, clock)) == [Fate.APPLIED]


def test_a_refused_event_that_may_come_true_yet_waits(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    too_much = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, refund_minor=9_500)
    mediation.handle(deliveries.all(order_disputed(), mediator_assigned(), too_much))
    mediation.handle([deliveries.of(mediator_assigned(mediator_id="mediator-2"))])

    (report,) = replayed(database, clock)

    assert report.fate is Fate.DEFERRED
    with database.transaction() as connection:
        (waiting,) = inbox.waiting(connection, ["order-1"])
    assert waiting.event_id == too_much.event_id
    assert [each.fate for each in replayed(database, clock)] == []


def test_a_replayed_message_that_is_delivered_again_changes_nothing(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    message = deliveries.of(order_disputed())
    with_codec(database, clock, FailingCodec()).handle([message])
    replayed(database, clock)
    before = (case_of(database), published(database))

    mediation.handle([message])

    assert (case_of(database), published(database)) == before
    assert statuses(database) == ["REPLAYED"]


FAILS_AT_THE_COMMIT = """
    CREATE CONSTRAINT TRIGGER any_bug AFTER INSERT ON disputes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.order_id = 'order-2') EXECUTE FUNCTION refuse_change('any bug')
"""


def test_one_that_fails_leaves_everything_as_it_was_and_does_not_stop_the_others(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    events = [order_disputed(order_id=f"order-{n}", dispute_id=f"dispute-{n}") for n in (1, 2, 3)]
    with_codec(database, clock, FailingCodec()).handle(deliveries.all(*events))
    with database.transaction() as connection:
        connection.execute(text(FAILS_AT_THE_COMMIT))

    reports = replayed(database, clock)

    assert fates(reports) == [Fate.APPLIED, Fate.STILL_FAILING, Fate.APPLIED]
    assert sorted(statuses(database)) == ["OPEN", "REPLAYED", "REPLAYED"]
    assert actions(database) == ["REPLAYED", "REPLAY_FAILED", "REPLAYED"]
    with database.transaction() as connection:
        heard_of = connection.scalars(text("SELECT order_id FROM cases ORDER BY 1")).all()
    assert heard_of == ["order-1", "order-3"]
