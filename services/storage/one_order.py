"""What is kept of one order, read for whoever asks: its timeline, and the money asked for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from services.storage.tables import disputes, events, parked_events, settlements


def timeline(connection: Connection, order_id: str) -> Sequence[Row[Any]]:
    """Every event of an order in order of arrival: its first outcome and, if parked, its last.

    Columns: event_id, arrival, topic, partition, offset, dispute_id, occurred_at, received_at,
    outcome, reason, explanation, value, waiting, settled_at, settled_outcome, settled_reason,
    settled_explanation.
    """
    unneeded = {"digest", "order_id"}
    columns = [
        *(column for column in events.c if column.name not in unneeded),
        parked_events.c.waiting,
        parked_events.c.settled_at,
        parked_events.c.outcome.label("settled_outcome"),
        parked_events.c.reason.label("settled_reason"),
        parked_events.c.explanation.label("settled_explanation"),
    ]
    return connection.execute(
        select(*columns)
        .outerjoin(parked_events, parked_events.c.event_id == events.c.event_id)
        .where(events.c.order_id == order_id)
        .order_by(events.c.arrival)
    ).all()


def settlements_of(connection: Connection, order_id: str) -> Sequence[Row[Any]]:
    """The money asked for on an order, oldest dispute first."""
    return connection.execute(
        select(settlements)
        .join(disputes, settlements.c.dispute_id == disputes.c.dispute_id)
        .where(disputes.c.order_id == order_id)
        .order_by(disputes.c.position, settlements.c.kind.desc())
    ).all()
