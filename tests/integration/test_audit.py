"""Is every way in which an order can be incoherent found, and named?"""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import OUTBOUND
from services.audit import CHECKS, Invariant, Violation
from services.auditor import Auditor, Chunk, Findings
from services.mediation import Mediation
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.histories import many
from tests.integration.conftest import SetClock
from tests.integration.mending import orphan, replayed

CLOSED, PARTIAL, PAID, RELAUNCHED = "order-0", "order-1", "order-2", "order-3"
OPEN, EARLY, TURNED = "order-open", "order-early", "order-turned"


@pytest.fixture
def filled(database: Database, mediation: Mediation, deliveries: Deliveries) -> Database:
    """Orders of every kind: closed, relaunched, open, one that only parks, one told backwards."""
    for history in many(4):
        mediation.handle(deliveries.all(*history.events))
    mediation.handle([deliveries.of(order_disputed(order_id=OPEN, dispute_id="open"))])
    mediation.handle([deliveries.of(mediator_assigned(order_id=EARLY, dispute_id="early"))])
    turned = {"order_id": TURNED, "dispute_id": "turned"}
    backwards: list[Event] = [
        verdict_issued(**turned),
        mediator_assigned(**turned),
        order_disputed(**turned),
    ]
    mediation.handle(deliveries.all(*backwards))
    return database


def audited(database: Database) -> list[Violation]:
    auditor = Auditor(database, Codec())
    chunks = auditor.walk(size=3)
    return [*auditor.tallies(), *(each for chunk in chunks for each in chunk.violations)]


def broken(database: Database, *statements: str) -> list[Violation]:
    """What is found after these statements, which no trigger and no foreign key held up."""
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount != 0
    return audited(database)


def test_orders_of_every_kind_are_coherent(filled: Database) -> None:
    assert audited(filled) == []


def test_what_came_back_from_the_dead_letters_is_coherent(
    filled: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    late = {"order_id": "order-late", "dispute_id": "late"}
    orphan(mediation, deliveries, clock, mediator_assigned(**late), verdict_issued(**late))
    mediation.handle([deliveries.of(order_disputed(**late))])
    replayed(filled, clock)
    replayed(filled, clock)

    assert audited(filled) == []


def test_what_was_published_is_missed_by_nobody(filled: Database) -> None:
    assert broken(filled, "DELETE FROM outbox WHERE key = 'order-0'") == []
    assert broken(filled, "DELETE FROM outbox WHERE key = 'order-1' AND id % 2 < 2") == []


NOT_SANE = "ALTER TABLE cases DROP CONSTRAINT cases_restrictions_are_sane"
ANY_MONEY = """ALTER TABLE disputes DROP CONSTRAINT disputes_money_is_conserved,
    DROP CONSTRAINT disputes_money_fits_decision,
    DROP CONSTRAINT disputes_commission_is_in_proportion"""
ANY_SETTLEMENTS = "ALTER TABLE settlements DROP CONSTRAINT settlements_one_per_dispute_and_kind"
MORE_FOR_THE_PLATFORM = "UPDATE disputes SET platform_minor = platform_minor + 1"
LESS_PAID = "payout_minor = payout_minor - 1"
ANOTHER_DISPUTE = """
INSERT INTO disputes (dispute_id, order_id, position, state, opened_by, buyer_id, seller_id,
    currency, captured_minor, fees_minor, commission_minor, opened_at, opened_by_event_id)
SELECT 'second', order_id, 2, state, opened_by, buyer_id, seller_id, currency, captured_minor,
    fees_minor, commission_minor, opened_at, gen_random_uuid()
FROM disputes WHERE dispute_id = 'open'
"""
ANOTHER_SETTLEMENT = """
INSERT INTO settlements (settlement_id, dispute_id, kind, amount_minor, currency, payee_id,
    event_id, requested_at)
SELECT gen_random_uuid(), '{}', 'REFUND', 1, currency, buyer_id, opened_by_event_id, opened_at
FROM disputes WHERE dispute_id = '{}'
"""
ANOTHER_CLOSING = """
UPDATE disputes SET decision = 'PAY_SELLER', ground = 'DELIVERY_CONFORMING'
WHERE dispute_id = 'first dispute of order-3'
"""
WAITS_AGAIN = """
UPDATE parked_events SET settled_at = NULL, outcome = NULL, explanation = NULL
WHERE order_id = 'order-turned' AND topic = 'verdict.issued'
"""


@pytest.mark.parametrize(
    ("invariant", "order_id", "statements"),
    [
        (
            Invariant.FROZEN_FITS_DISPUTES,
            OPEN,
            ["UPDATE cases SET frozen = false, chat_locked = false WHERE order_id = 'order-open'"],
        ),
        (
            Invariant.FROZEN_FITS_DISPUTES,
            EARLY,
            ["UPDATE cases SET frozen = true, chat_locked = true WHERE order_id = 'order-early'"],
        ),
        (
            Invariant.CHAT_FITS_DISPUTES,
            CLOSED,
            [NOT_SANE, "UPDATE cases SET chat_locked = false WHERE order_id = 'order-0'"],
        ),
        (
            Invariant.CHAT_FITS_DISPUTES,
            EARLY,
            [NOT_SANE, "UPDATE cases SET chat_locked = true WHERE order_id = 'order-early'"],
        ),
        (
            Invariant.REVIEWS_BLOCKED_FITS_CLOSURE,
            CLOSED,
            [NOT_SANE, "UPDATE cases SET reviews_blocked = false WHERE order_id = 'order-0'"],
        ),
        (
            Invariant.REVIEWS_BLOCKED_FITS_CLOSURE,
            OPEN,
            [NOT_SANE, "UPDATE cases SET reviews_blocked = true WHERE order_id = 'order-open'"],
        ),
        (
            Invariant.ONE_UNRESOLVED_DISPUTE,
            OPEN,
            ["DROP INDEX disputes_one_unresolved_per_order", ANOTHER_DISPUTE],
        ),
        (
            Invariant.ONE_UNRESOLVED_DISPUTE,
            RELAUNCHED,
            ["DROP INDEX disputes_one_closing_verdict_per_order", ANY_MONEY, ANOTHER_CLOSING],
        ),
        (
            Invariant.MONEY_FITS_VERDICT,
            PARTIAL,
            [ANY_MONEY, f"{MORE_FOR_THE_PLATFORM} WHERE order_id = 'order-1'"],
        ),
        (
            Invariant.MONEY_FITS_VERDICT,
            PARTIAL,
            [ANY_MONEY, f"{MORE_FOR_THE_PLATFORM}, {LESS_PAID} WHERE order_id = 'order-1'"],
        ),
        (
            Invariant.MONEY_FITS_VERDICT,
            PARTIAL,
            [ANY_MONEY, "UPDATE disputes SET refund_minor = 0 WHERE order_id = 'order-1'"],
        ),
        (
            Invariant.SETTLEMENTS_FIT_VERDICT,
            CLOSED,
            ["DELETE FROM settlements WHERE dispute_id = 'dispute of order-0'"],
        ),
        (
            Invariant.SETTLEMENTS_FIT_VERDICT,
            PAID,
            ["UPDATE settlements SET amount_minor = 1 WHERE dispute_id = 'dispute of order-2'"],
        ),
        (
            Invariant.SETTLEMENTS_FIT_VERDICT,
            PAID,
            ["UPDATE settlements SET payee_id = 'x' WHERE dispute_id = 'dispute of order-2'"],
        ),
        (Invariant.SETTLEMENTS_FIT_VERDICT, OPEN, [ANOTHER_SETTLEMENT.format("open", "open")]),
        (
            Invariant.ONE_SETTLEMENT_PER_KIND,
            CLOSED,
            [ANY_SETTLEMENTS, ANOTHER_SETTLEMENT.format(*["dispute of order-0"] * 2)],
        ),
        (
            Invariant.TIMELINE_FITS_STATE,
            PAID,
            ["DELETE FROM events WHERE order_id = 'order-2' AND topic = 'verdict.issued'"],
        ),
        (
            Invariant.TIMELINE_FITS_STATE,
            PAID,
            ["UPDATE events SET value = 'junk' WHERE order_id = 'order-2'"],
        ),
        (
            Invariant.TIMELINE_FITS_STATE,
            PAID,
            ["UPDATE disputes SET reasons = 'Others.' WHERE order_id = 'order-2'"],
        ),
        (
            Invariant.TIMELINE_FITS_STATE,
            EARLY,
            [ANOTHER_DISPUTE.replace("order_id, 2", "'order-early', 1")],
        ),
        (
            Invariant.EFFECTS_COMPLETE,
            OPEN,
            ["UPDATE cases SET sequence = sequence + 1 WHERE order_id = 'order-open'"],
        ),
        (
            Invariant.EFFECTS_COMPLETE,
            CLOSED,
            ["DELETE FROM outbox WHERE key = 'order-0' AND topic = 'refund.requested'"],
        ),
        (
            Invariant.PARKED_EVENTS_WAIT,
            EARLY,
            ["DELETE FROM parked_events WHERE order_id = 'order-early'"],
        ),
        (Invariant.PARKED_EVENTS_WAIT, TURNED, [WAITS_AGAIN]),
    ],
)
def test_each_breach_is_found_and_named_with_its_order(
    filled: Database, invariant: Invariant, order_id: str, statements: Sequence[str]
) -> None:
    found = [each for each in broken(filled, *statements) if each.order_id]

    assert invariant in {each.invariant for each in found}
    assert {each.order_id for each in found} == {order_id}
    assert Auditor(filled, Codec()).order(order_id) == found


def test_every_invariant_is_broken_by_one_of_these_tests() -> None:
    parameters = next(
        mark
        for mark in test_each_breach_is_found_and_named_with_its_order.pytestmark  # type: ignore[attr-defined]  # pytest puts it there
        if mark.name == "parametrize"
    )
    assert {each[0] for each in parameters.args[1]} == set(CHECKS)
    assert set(CHECKS) == set(Invariant) - {Invariant.TALLIES_FIT_TABLES}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tallies WHERE figure = 'verdicts'",
        "INSERT INTO tallies VALUES ('money', '{REFUND,EUR}', 1)",
        "UPDATE disputes SET currency = 'CHF' WHERE order_id = 'order-0'",
    ],
)
def test_a_count_that_is_not_what_there_is_is_found(filled: Database, statement: str) -> None:
    found = [each for each in broken(filled, statement) if not each.order_id]

    assert {each.invariant for each in found} == {Invariant.TALLIES_FIT_TABLES}


def test_an_order_that_was_never_heard_of_has_no_audit(filled: Database) -> None:
    assert Auditor(filled, Codec()).order("nobody") is None


def test_the_walk_sees_every_order_once_and_ends(filled: Database) -> None:
    for size in (1, 3, 7, 100):
        chunks = list(Auditor(filled, Codec()).walk(size=size))
        assert sum(chunk.orders for chunk in chunks) == 7
        assert [chunk.after for chunk in chunks[1:]] == [chunk.last for chunk in chunks[:-1]]
        assert chunks[-1].last == ""


def test_every_effect_topic_is_one_whose_rows_are_looked_at(filled: Database) -> None:
    with filled.transaction() as connection:
        topics = set(connection.scalars(text("SELECT DISTINCT topic FROM outbox")))

    assert topics - set(OUTBOUND) == {"verdict.issued.dead-letter"}


def test_what_was_mended_is_no_longer_counted_and_what_stays_is_told_once() -> None:
    findings, first = Findings(), Violation("b", Invariant.CHAT_FITS_DISPUTES, "open")
    last = Violation("d", Invariant.EFFECTS_COMPLETE, "missing")
    everything = Chunk("", "", 3, [first, last])

    assert findings.replace(everything) == [first, last]
    assert findings.replace(everything) == []
    assert findings.replace(Chunk("", "b", 2, [])) == []
    assert findings.counts() == {Invariant.EFFECTS_COMPLETE: 1}
    assert findings.replace(everything) == [first]
