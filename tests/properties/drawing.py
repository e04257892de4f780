"""Draws events of any kind, sensible or not, about a few orders, disputes and people.

Rule: an event is only ever well formed (`schemas.events`), never more. The pools are small, so that
events meet; among the ids are some that a template could trip over.
"""

from datetime import UTC, datetime

from hypothesis import strategies as st

from schemas.events import (
    Event,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from tests.builders import evidence, mediator_assigned, order_disputed, verdict_issued

MOST = 2**63 - 1  # an Avro long
ODD_INSTANTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),  # a leap second follows
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # Europe goes over to summer time
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # and back
    datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
]

ORDERS = st.sampled_from(["order-1", "order-2"])
DISPUTES = st.sampled_from(["dispute-1", "dispute-2", "dispute-3", "{event.order_id}{0}{"])
MEDIATORS = st.sampled_from(["mediator-1", "mediator-2", "{now}"])
PEOPLE = MEDIATORS | st.sampled_from(["buyer-1", "seller-1"])
INSTANTS = st.sampled_from(ODD_INSTANTS)
AMOUNTS = st.integers(0, 20) | st.integers(0, MOST)
EVIDENCE = st.builds(evidence, kind=st.sampled_from(EvidenceKind))
CITED = st.lists(EVIDENCE, max_size=3).map(tuple)


def disputes() -> st.SearchStrategy[OrderDisputed]:
    """Any `order.disputed`; half of them with money that adds up."""
    return st.builds(
        _dispute,
        INSTANTS,
        ORDERS,
        DISPUTES,
        st.tuples(PEOPLE, PEOPLE),
        st.sampled_from(OpenedBy),
        terms() | st.tuples(AMOUNTS, AMOUNTS, AMOUNTS),
    )


def assignments() -> st.SearchStrategy[MediatorAssigned]:
    """Any `mediator.assigned`."""
    return st.builds(
        mediator_assigned,
        occurred_at=INSTANTS,
        order_id=ORDERS,
        dispute_id=DISPUTES,
        mediator_id=PEOPLE,
    )


def verdicts() -> st.SearchStrategy[VerdictIssued]:
    """Any `verdict.issued`; some of them with a ground and an amount that fit the decision."""
    return st.builds(
        verdict_issued,
        occurred_at=INSTANTS,
        order_id=ORDERS,
        dispute_id=DISPUTES,
        mediator_id=PEOPLE,
        decision=st.sampled_from(VerdictDecision),
        ground=st.sampled_from(Ground),
        refund_minor=st.none() | AMOUNTS,
        reasons=st.sampled_from(["Because.", "{event} {0} }{", "", " \u200b\u3164"]),
        evidence=CITED,
    ) | st.builds(
        verdict_issued,
        order_id=ORDERS,
        dispute_id=DISPUTES,
        mediator_id=MEDIATORS,
        decision=st.sampled_from(VerdictDecision),
        evidence=CITED,
    )


def any_events() -> st.SearchStrategy[Event]:
    """Any event of the three kinds."""
    return st.one_of(disputes(), assignments(), verdicts())


@st.composite
def terms(draw: st.DrawFn, least_price: int = 0) -> tuple[int, int, int]:
    """Captured, fees and commission that add up: fees within captured, commission within price."""
    captured = draw(st.integers(least_price, 20) | st.integers(least_price, MOST))
    fees = draw(st.integers(0, captured - least_price))
    return captured, fees, draw(st.integers(0, captured - fees))


def _dispute(
    occurred_at: datetime,
    order_id: str,
    dispute_id: str,
    parties: tuple[str, str],
    opened_by: OpenedBy,
    money: tuple[int, int, int],
) -> OrderDisputed:
    buyer_id, seller_id = parties
    captured, fees, commission = money
    return order_disputed(
        occurred_at=occurred_at,
        order_id=order_id,
        dispute_id=dispute_id,
        buyer_id=buyer_id,
        seller_id=seller_id,
        opened_by=opened_by,
        captured_minor=captured,
        fees_minor=fees,
        commission_minor=commission,
    )
