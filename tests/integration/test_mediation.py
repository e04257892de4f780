"""What does a batch of messages leave behind in the database?"""

from datetime import timedelta

from schemas.events import Event, EvidenceKind, VerdictDecision
from schemas.reasons import Reason
from services.mediation import Mediation
from services.rules.case import DisputeState
from services.rules.outcome import Outcome
from services.storage import one_order
from services.storage.database import Database
from tests.builders import evidence, mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.looking import assignments, case_of, letters, published


def test_a_whole_story_in_one_batch_is_applied(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]

    handled = mediation.handle(deliveries.all(*story))

    assert [each.outcome for each in handled] == [Outcome.APPLIED] * 3
    assert case_of(database).reviews_blocked
    assert published(database) == [
        "order.frozen",
        "chat.locked",
        "mediation.opened",
        "order.closed",
        "review.blocked",
        "refund.requested",
        "dispute.resolved",
    ]


def test_a_story_told_backwards_ends_in_the_same_case_and_effects(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    backwards: list[Event] = [verdict_issued(), mediator_assigned(), order_disputed()]

    for event in backwards:
        mediation.handle([deliveries.of(event)])

    assert case_of(database).disputes[0].state is DisputeState.RESOLVED
    assert published(database) == [
        "order.frozen",
        "chat.locked",
        "mediation.opened",
        "order.closed",
        "review.blocked",
        "refund.requested",
        "dispute.resolved",
    ]


def test_what_is_read_back_is_what_was_decided(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    verdict = verdict_issued(
        decision=VerdictDecision.PARTIAL_REFUND,
        refund_minor=3_333,
        evidence=(evidence(), evidence(kind=EvidenceKind.OFF_PLATFORM, reference="an e-mail")),
    )

    mediation.handle(deliveries.all(order_disputed(), mediator_assigned(), verdict))

    resolution = case_of(database).disputes[0].resolution
    assert resolution is not None
    assert (resolution.refund_minor, resolution.payout_minor, resolution.platform_minor) == (
        3_333,
        5_518,
        1_149,
    )
    assert [piece.reference for piece in resolution.set_aside] == ["an e-mail"]
    with database.transaction() as connection:
        settlements = one_order.settlements_of(connection, "order-1")
    assert [(row.kind, row.amount_minor, row.payee_id) for row in settlements] == [
        ("REFUND", 3_333, "buyer-1"),
        ("PAYOUT", 5_518, "seller-1"),
    ]


def test_the_same_batch_again_is_ignored(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    batch = deliveries.all(order_disputed(), mediator_assigned())
    mediation.handle(batch)
    before = (case_of(database), published(database))

    handled = mediation.handle(batch)

    assert [each.outcome for each in handled] == [Outcome.IGNORED] * 2
    assert (case_of(database), published(database)) == before


def test_the_same_event_twice_in_one_batch_is_applied_once(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    twice = [deliveries.of(order_disputed()), deliveries.of(order_disputed())]

    handled = mediation.handle(twice)

    assert [each.outcome for each in handled] == [Outcome.APPLIED, Outcome.IGNORED]
    assert published(database) == ["order.frozen", "chat.locked"]


def test_an_event_id_with_other_content_is_rejected(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    first = order_disputed(name="the same id")
    second = order_disputed(name="the same id", buyer_id="somebody else")

    mediation.handle([deliveries.of(first)])
    mediation.handle([deliveries.of(second)])

    assert letters(database) == [("order.disputed", Reason.EVENT_ID_REUSED)]
    assert case_of(database).disputes[0].buyer_id == "buyer-1"


def test_a_dispute_id_of_another_order_is_rejected(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    mediation.handle([deliveries.of(order_disputed())])

    mediation.handle([deliveries.of(order_disputed(order_id="order-2"))])

    assert letters(database) == [("order.disputed", Reason.DISPUTE_CONFLICT)]
    assert case_of(database, "order-2").disputes == ()


def test_a_dispute_id_under_two_orders_in_one_batch_belongs_to_the_first(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    both: list[Event] = [order_disputed(), order_disputed(order_id="order-2")]

    mediation.handle(deliveries.all(*both))

    assert letters(database) == [("order.disputed", Reason.DISPUTE_CONFLICT)]
    assert case_of(database).frozen
    assert not case_of(database, "order-2").frozen


def test_a_second_dispute_after_a_relaunch_is_settled_separately(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    first: list[Event] = [
        order_disputed(),
        mediator_assigned(),
        verdict_issued(decision=VerdictDecision.RELAUNCH),
    ]
    second: list[Event] = [
        order_disputed(dispute_id="dispute-2"),
        mediator_assigned(dispute_id="dispute-2"),
        verdict_issued(dispute_id="dispute-2", decision=VerdictDecision.PAY_SELLER),
    ]

    mediation.handle(deliveries.all(*first, *second))

    states = [dispute.state for dispute in case_of(database).disputes]
    assert states == [DisputeState.RESOLVED, DisputeState.RESOLVED]
    with database.transaction() as connection:
        (settlement,) = one_order.settlements_of(connection, "order-1")
    assert (settlement.dispute_id, settlement.kind, settlement.amount_minor) == (
        "dispute-2",
        "PAYOUT",
        8_500,
    )


def test_the_assignment_latency_is_observed_once_a_dispute(
    mediation: Mediation, database: Database, deliveries: Deliveries
) -> None:
    story: list[Event] = [
        order_disputed(),
        mediator_assigned(),
        mediator_assigned(mediator_id="mediator-2"),
    ]

    mediation.handle(deliveries.all(*story))

    assert assignments(database) == (1, timedelta(hours=30))
