"""Events as lines of a file. Rule: every story is about an order of its own."""

import json
from typing import Any

import psycopg

from schemas.events import Event, VerdictDecision
from schemas.records import record_from
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.e2e.commands import Dev, Mediation
from tests.eventually import eventually


def as_lines(*events: Event) -> bytes:
    """These events as JSON lines."""
    records = ({"topic": event.topic.value, **record_from(event)} for event in events)
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def partial_refund(order_id: str) -> tuple[Event, Event, Event]:
    """A dispute of 100.00 EUR, of which 40.00 are refunded; the verdict has an escape sequence."""
    ids: dict[str, Any] = {"order_id": order_id, "dispute_id": f"dispute-of-{order_id}"}
    return (
        order_disputed(**ids),
        mediator_assigned(**ids),
        verdict_issued(
            **ids, decision=VerdictDecision.PARTIAL_REFUND, reasons="Half is \x1b[31mmissing."
        ),
    )


def case_of(mediation: Mediation, order_id: str) -> Any:
    """The case of an order; None while there is none."""
    ended = mediation("case", "show", order_id, "-o", "json")
    return ended.json if ended.code == 0 else None


def closed_case(dev: Dev, order_id: str, timeout: float = 30) -> Any:
    """The case of an order, once mediation has closed it."""
    asked = "SELECT reviews_blocked FROM cases WHERE order_id = %s"
    with psycopg.connect(dev.ready["database_url"], autocommit=True) as connection:
        eventually(
            lambda: (connection.execute(asked, [order_id]).fetchone() or [False])[0],
            timeout=timeout,
            message=f"order {order_id} would be closed",
        )
    return case_of(dev.mediation, order_id)
