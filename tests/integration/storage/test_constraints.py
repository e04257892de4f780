"""What does the database itself refuse, whatever the program above it believes?"""

import pytest
from sqlalchemy import text

from schemas.events import Event, VerdictDecision
from services.errors import StorageError
from services.mediation import Mediation
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries


@pytest.fixture
def resolved(database: Database, mediation: Mediation, deliveries: Deliveries) -> Database:
    """One order, disputed and closed with a full refund."""
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
    mediation.handle(deliveries.all(*story))
    return database


@pytest.fixture
def in_mediation(database: Database, mediation: Mediation, deliveries: Deliveries) -> Database:
    """One order, disputed and in mediation."""
    mediation.handle(deliveries.all(order_disputed(), mediator_assigned()))
    return database


def refused(database: Database, statement: str, because: str) -> None:
    with pytest.raises(StorageError, match=because), database.transaction() as connection:
        connection.execute(text(statement))


RESOLVE = """
    UPDATE disputes SET state = 'RESOLVED', resolved_by_event_id = gen_random_uuid(),
        decision = '{decision}', ground = '{ground}', reasons = '{reasons}', resolved_at = now(),
        refund_minor = {refund}, payout_minor = {payout}, platform_minor = {platform},
        set_aside = '[]'
"""


def resolution(**said: object) -> str:
    full_refund = {
        "decision": "FULL_REFUND",
        "ground": "TERMS_BREACHED",
        "reasons": "late",
        "refund": 10_000,
        "payout": 0,
        "platform": 0,
    }
    return RESOLVE.format(**(full_refund | said))


def test_a_whole_resolution_is_accepted(in_mediation: Database) -> None:
    with in_mediation.transaction() as connection:
        connection.execute(text(resolution()))
        connection.execute(text("UPDATE cases SET frozen = false, reviews_blocked = true"))

        state = connection.execute(text("SELECT state FROM disputes")).scalar_one()
    assert state == "RESOLVED"


def test_a_resolved_dispute_cannot_be_changed(resolved: Database) -> None:
    refused(resolved, "UPDATE disputes SET reasons = 'other'", "a resolved dispute is final")
    refused(resolved, "UPDATE disputes SET state = 'OPEN'", "a resolved dispute is final")


def test_a_closed_order_cannot_be_changed(resolved: Database) -> None:
    refused(
        resolved,
        "UPDATE cases SET reviews_blocked = false, chat_locked = false",
        "does not change any more",
    )


def test_money_that_is_not_conserved_is_refused(in_mediation: Database) -> None:
    one_cent_short = resolution(
        decision="PARTIAL_REFUND",
        ground="PARTIES_AGREED",
        refund=4_000,
        payout=4_920,
        platform=1_079,
    )

    refused(in_mediation, one_cent_short, "disputes_money_is_conserved")


def test_a_full_refund_of_less_than_was_captured_is_refused(in_mediation: Database) -> None:
    refused(in_mediation, resolution(refund=9_999, platform=1), "disputes_money_fits_decision")


def test_a_relaunch_that_moves_money_is_refused(in_mediation: Database) -> None:
    relaunch = resolution(decision="RELAUNCH", ground="MISUNDERSTANDING")

    refused(in_mediation, relaunch, "disputes_money_is_conserved")


def test_a_ground_that_does_not_fit_the_decision_is_refused(in_mediation: Database) -> None:
    refused(in_mediation, resolution(ground="MISUNDERSTANDING"), "disputes_ground_fits_decision")


def test_blank_reasons_are_refused(in_mediation: Database) -> None:
    refused(in_mediation, resolution(reasons="  "), "disputes_reasons_are_given")


def test_half_a_resolution_is_refused(in_mediation: Database) -> None:
    refused(in_mediation, "UPDATE disputes SET state = 'RESOLVED'", "disputes_resolution_is_whole")


def test_a_mediator_who_is_a_party_is_refused(in_mediation: Database) -> None:
    refused(
        in_mediation, "UPDATE disputes SET mediator_id = buyer_id", "disputes_mediator_is_neutral"
    )


def test_a_second_unresolved_dispute_of_an_order_is_refused(in_mediation: Database) -> None:
    another = """
        INSERT INTO disputes (dispute_id, order_id, position, state, opened_by, buyer_id, seller_id,
            currency, captured_minor, fees_minor, commission_minor, opened_at, opened_by_event_id)
        SELECT 'dispute-2', order_id, 2, 'OPEN', opened_by, buyer_id, seller_id,
            currency, captured_minor, fees_minor, commission_minor, opened_at, gen_random_uuid()
        FROM disputes
    """

    refused(in_mediation, another, "disputes_one_unresolved_per_order")


def test_the_order_and_the_terms_of_a_dispute_cannot_be_changed(in_mediation: Database) -> None:
    refused(in_mediation, "UPDATE disputes SET captured_minor = 1000000", "do not change")
    refused(in_mediation, "UPDATE disputes SET buyer_id = 'somebody'", "do not change")


def test_a_second_settlement_of_the_same_dispute_and_kind_is_refused(resolved: Database) -> None:
    again = """
        INSERT INTO settlements (settlement_id, dispute_id, kind, amount_minor, currency,
            payee_id, event_id, requested_at)
        SELECT gen_random_uuid(), dispute_id, kind, amount_minor, currency, payee_id, event_id,
            requested_at
        FROM settlements
    """

    refused(resolved, again, "settlements_one_per_dispute_and_kind")


@pytest.mark.parametrize(
    ("kind", "amount", "because"),
    [
        ("PAYOUT", 1, "settlements_payout_is_the_verdicts"),
        ("PAYOUT", 0, "settlements_amount_minor_check"),
        ("GIFT", 1, "settlements_kind_check"),
    ],
)
def test_a_settlement_that_the_verdict_did_not_order_is_refused(
    resolved: Database, kind: str, amount: int, because: str
) -> None:
    invented = f"""
        INSERT INTO settlements (settlement_id, dispute_id, kind, amount_minor, currency,
            payee_id, event_id, requested_at)
        VALUES (gen_random_uuid(), 'dispute-1', '{kind}', {amount}, 'EUR', 'seller-1',
            gen_random_uuid(), now())
    """  # noqa: S608 - both values are written above

    refused(resolved, invented, because)


def test_a_settlement_cannot_be_changed(resolved: Database) -> None:
    refused(resolved, "UPDATE settlements SET payee_id = 'me'", "a settlement does not change")


def test_the_timeline_cannot_be_changed(resolved: Database) -> None:
    refused(resolved, "UPDATE events SET outcome = 'ignored'", "only added to")


def test_an_event_is_on_the_timeline_once(resolved: Database) -> None:
    again = """
        INSERT INTO events (event_id, topic, partition, "offset", order_id, dispute_id, occurred_at,
            received_at, digest, value, outcome, explanation)
        SELECT event_id, topic, partition, 99, order_id, dispute_id, occurred_at,
            received_at, digest, value, outcome, explanation
        FROM events LIMIT 1
    """

    refused(resolved, again, "events_pkey")


@pytest.mark.parametrize(
    "restrictions", ["(true, false, false)", "(false, true, false)", "(true, true, true)"]
)
def test_restrictions_that_cannot_be_are_refused(database: Database, restrictions: str) -> None:
    values = restrictions.strip("()")
    statement = f"""
        INSERT INTO cases (order_id, frozen, chat_locked, reviews_blocked) VALUES ('o', {values})
    """  # noqa: S608 - the values are written above

    refused(database, statement, "cases_restrictions_are_sane")


def test_the_sequence_of_an_order_only_rises(in_mediation: Database) -> None:
    refused(in_mediation, "UPDATE cases SET sequence = 1", "only rises")


def test_an_order_that_was_heard_of_stays_so(database: Database) -> None:
    """Else its parked events would not be looked for."""
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO cases (order_id) VALUES ('order-1')"))

    refused(database, "DELETE FROM cases", "a case is not forgotten")
    refused(
        database, "UPDATE cases SET order_id = 'order-2'", "the order of a case does not change"
    )


@pytest.mark.parametrize("order_id", ["", "x" * 65])
def test_an_identifier_of_impossible_length_is_refused(database: Database, order_id: str) -> None:
    refused(database, f"INSERT INTO cases (order_id) VALUES ('{order_id}')", "identifier")  # noqa: S608


def test_a_second_closing_verdict_on_an_order_is_refused(resolved: Database) -> None:
    again = """
        INSERT INTO disputes (dispute_id, order_id, position, state, opened_by, buyer_id, seller_id,
            currency, captured_minor, fees_minor, commission_minor, opened_at, opened_by_event_id,
            mediator_id, assigned_at, resolved_by_event_id, decision, ground, reasons, resolved_at,
            refund_minor, payout_minor, platform_minor, set_aside)
        SELECT 'dispute-2', order_id, 2, state, opened_by, buyer_id, seller_id,
            currency, captured_minor, fees_minor, commission_minor, opened_at, gen_random_uuid(),
            mediator_id, assigned_at, gen_random_uuid(), 'PAY_SELLER', 'DELIVERY_CONFORMING',
            reasons, resolved_at, 0, 8500, 1500, set_aside
        FROM disputes
    """

    refused(resolved, again, "disputes_one_closing_verdict_per_order")


def test_a_settlement_to_somebody_else_is_refused(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    story: list[Event] = [
        order_disputed(),
        mediator_assigned(),
        verdict_issued(decision=VerdictDecision.RELAUNCH),
    ]
    mediation.handle(deliveries.all(*story))
    to_a_stranger = """
        INSERT INTO settlements (settlement_id, dispute_id, kind, amount_minor, currency,
            payee_id, event_id, requested_at)
        VALUES (gen_random_uuid(), 'dispute-1', 'REFUND', 1, 'EUR', 'stranger',
            gen_random_uuid(), now())
    """

    refused(database, to_a_stranger, "settlements_refund_is_the_verdicts")


def test_a_partial_refund_whose_rest_goes_to_the_platform_is_refused(
    in_mediation: Database,
) -> None:
    greedy = resolution(
        decision="PARTIAL_REFUND",
        ground="PARTIES_AGREED",
        refund=4_000,
        payout=0,
        platform=6_000,
    )

    refused(in_mediation, greedy, "disputes_commission_is_in_proportion")


def test_an_order_is_not_unfrozen_while_a_dispute_is_unresolved(in_mediation: Database) -> None:
    refused(
        in_mediation,
        "UPDATE cases SET frozen = false, chat_locked = false",
        "restrictions do not fit",
    )


def test_a_dispute_does_not_go_back_to_an_earlier_state(in_mediation: Database) -> None:
    refused(
        in_mediation,
        "UPDATE disputes SET state = 'OPEN', mediator_id = NULL, assigned_at = NULL",
        "never goes back",
    )


@pytest.mark.parametrize("table", ["settlements", "events", "disputes", "cases"])
def test_nothing_final_can_be_deleted(resolved: Database, table: str) -> None:
    refused(resolved, f"DELETE FROM {table}", f"{table} DELETE: ")  # noqa: S608 - one of four
    refused(resolved, f"TRUNCATE {table} CASCADE", " TRUNCATE: ")
