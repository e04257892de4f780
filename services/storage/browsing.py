"""What a person looks up: disputes, letters, the outbox, the newest events, who did what.

Rule: a question reads a bounded number of rows, however many there are. A list is read a page at a
time, from where the last page ended, along an index; a count stops at `MOST_COUNTED`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, literal, select, tuple_, union_all

from schemas.topics import INBOUND
from services.rules.case import DisputeState
from services.storage import outbox
from services.storage.dead_letters import Choice, Status
from services.storage.tables import (
    cases,
    dead_letter_actions,
    dead_letters,
    disputes,
    events,
    settlements,
)
from services.storage.tables import outbox as outbox_rows

MOST_COUNTED = 100_000
"""Where a count stops: what is beyond is told as more."""

AGE_HOURS = (12, 24, 36, 48)
"""The edges between the ages of disputes that wait for a mediator; 24 and 48 are the promise's."""

_LAST_CHARACTER = "\U0010ffff"
_LONGEST_ID = 64

Place = tuple[datetime, Any]
"""Where a page ended: what orders its rows, the id last."""


def waiting_by_age(connection: Connection, now: datetime) -> Sequence[int]:
    """How many disputes have waited for a mediator up to each of `AGE_HOURS`, and for longer."""
    waiting = (
        select(disputes.c.opened_at)
        .where(disputes.c.state == DisputeState.OPEN.value)
        .order_by(disputes.c.opened_at)
        .limit(MOST_COUNTED)
        .subquery()
    )
    edges = [None, *(now - timedelta(hours=hours) for hours in AGE_HOURS), None]
    opened = waiting.c.opened_at
    counts = []
    for newest, oldest in pairwise(edges):
        within = [opened <= newest] if newest else []
        within += [opened > oldest] if oldest else []
        counts.append(func.count().filter(*within))
    return tuple(connection.execute(select(*counts).select_from(waiting)).one())


def disputes_of(
    connection: Connection,
    state: DisputeState,
    *,
    opened_until: datetime | None = None,
    newest_first: bool = False,
    after: Place | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of the disputes of a state, by when they were opened."""
    order = (disputes.c.opened_at, disputes.c.dispute_id)
    statement = select(disputes).where(disputes.c.state == state.value)
    if opened_until is not None:
        statement = statement.where(disputes.c.opened_at <= opened_until)
    return _page(connection, statement, order, after, limit, newest_first=newest_first)


def letter_groups(connection: Connection, status: Status) -> Sequence[Row[Any]]:
    """Dead letters of a status by topic and reason: topic, reason, count, oldest, newest."""
    some = (
        select(dead_letters.c.topic, dead_letters.c.reason, dead_letters.c.first_seen_at)
        .where(dead_letters.c.status == status.value)
        .limit(MOST_COUNTED)
        .subquery()
    )
    count = func.count().label("count")
    oldest = func.min(some.c.first_seen_at).label("oldest")
    newest = func.max(some.c.first_seen_at).label("newest")
    grouped = select(some.c.topic, some.c.reason, count, oldest, newest).group_by(
        some.c.topic, some.c.reason
    )
    return connection.execute(grouped.order_by(count.desc(), "topic", "reason")).all()


def letters_of(
    connection: Connection, choice: Choice, *, after: Place | None = None, limit: int
) -> Sequence[Row[Any]]:
    """A page of dead letters, newest first, without their bytes. The choice names a status.

    Their ids are found in an index that has the reason and the topic too, so that a rare reason
    among many letters is found without reading them.
    """
    order = (dead_letters.c.first_seen_at, dead_letters.c.dead_letter_id)
    ids = select(*order).where(*choice.conditions())
    found = {
        row.dead_letter_id for row in _page(connection, ids, order, after, limit, newest_first=True)
    }
    light = [column for column in dead_letters.c if column.name not in {"key", "value", "headers"}]
    rows = select(*light).where(dead_letters.c.dead_letter_id.in_(found))
    return connection.execute(rows.order_by(*(by.desc() for by in order))).all()


def outbox_by_topic(connection: Connection) -> Sequence[Row[Any]]:
    """What is still to be published, of the oldest rows: topic, count, oldest."""
    some = (
        select(outbox_rows.c.topic, outbox_rows.c.created_at)
        .order_by(outbox_rows.c.id)
        .limit(MOST_COUNTED)
        .subquery()
    )
    count = func.count().label("count")
    oldest = func.min(some.c.created_at).label("oldest")
    grouped = select(some.c.topic, count, oldest).group_by(some.c.topic)
    return connection.execute(grouped.order_by(oldest)).all()


def unpublished(
    connection: Connection, *, topics: Sequence[str] = (), after: int = 0, limit: int
) -> Sequence[Row[Any]]:
    """A page of the outbox, oldest first; of these topics alone, if any are named."""
    some = select(outbox_rows).where(outbox_rows.c.id > after).order_by(outbox_rows.c.id)
    if not topics:
        return connection.execute(some.limit(limit)).all()
    looked_at = some.limit(MOST_COUNTED).subquery()
    chosen = select(looked_at).where(looked_at.c.topic.in_(list(topics)))
    return connection.execute(chosen.order_by(looked_at.c.id).limit(limit)).all()


def unpublished_of(connection: Connection, order_id: str) -> Sequence[Row[Any]]:
    """What is still to be published of one order, in its order, as far as its slot is looked at."""
    key = order_id.encode()
    slot = (
        select(outbox_rows)
        .where(outbox_rows.c.slot == outbox.slot_of(key))
        .order_by(outbox_rows.c.id)
        .limit(MOST_COUNTED)
        .subquery()
    )
    return connection.execute(select(slot).where(slot.c.key == key).order_by(slot.c.id)).all()


def newest_events(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """The newest events of each topic, `limit` of each, newest first, without their bytes."""
    light = [column for column in events.c if column.name not in {"value", "digest"}]
    each = [
        select(*light)
        .where(events.c.topic == topic.value)
        .order_by(events.c.arrival.desc())
        .limit(limit)
        .subquery()
        for topic in INBOUND
    ]
    every = union_all(*(select(some) for some in each)).subquery()
    return connection.execute(select(every).order_by(every.c.arrival.desc())).all()


def actions(connection: Connection, *, before: int | None = None, limit: int) -> Sequence[Row[Any]]:
    """A page of what people did about dead letters, newest first."""
    statement = select(dead_letter_actions).order_by(dead_letter_actions.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(dead_letter_actions.c.id < before)
    return connection.execute(statement).all()


def orders_like(connection: Connection, beginning: str, limit: int) -> Sequence[str]:
    """Orders whose id begins so, in order."""
    rows = _beginning(connection, [cases.c.order_id], beginning, limit)
    return [row.order_id for row in rows]


def disputes_like(connection: Connection, beginning: str, limit: int) -> Sequence[Row[Any]]:
    """Disputes whose id begins so, in order: dispute_id, order_id, state."""
    columns = [disputes.c.dispute_id, disputes.c.order_id, disputes.c.state]
    return _beginning(connection, columns, beginning, limit)


def order_of_event(connection: Connection, event_id: UUID) -> str | None:
    """The order of an event on the timeline."""
    return connection.scalar(select(events.c.order_id).where(events.c.event_id == event_id))


def order_of_settlement(connection: Connection, settlement_id: UUID) -> str | None:
    """The order of a refund or payout that was asked for."""
    return connection.scalar(
        select(disputes.c.order_id)
        .join(settlements, settlements.c.dispute_id == disputes.c.dispute_id)
        .where(settlements.c.settlement_id == settlement_id)
    )


def _beginning(
    connection: Connection, columns: Sequence[ColumnElement[Any]], beginning: str, limit: int
) -> Sequence[Row[Any]]:
    """Rows whose first column begins so.

    Ids are compared byte by byte, so those that begin alike stand together in their index.
    """
    id_ = columns[0]
    if "\0" in beginning or not 0 < len(beginning) <= _LONGEST_ID:
        return []
    statement = (
        select(*columns)
        .where(id_ >= beginning, id_ <= beginning + _LAST_CHARACTER)
        .order_by(id_)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _page(
    connection: Connection,
    statement: Any,
    order: Sequence[ColumnElement[Any]],
    after: Place | None,
    limit: int,
    *,
    newest_first: bool,
) -> Sequence[Row[Any]]:
    if after is not None:
        ends = tuple_(*(literal(at, by.type) for at, by in zip(after, order, strict=True)))
        place = tuple_(*order)
        statement = statement.where(place < ends if newest_first else place > ends)
    directed = [by.desc() for by in order] if newest_first else order
    found: Sequence[Row[Any]] = connection.execute(statement.order_by(*directed).limit(limit)).all()
    return found
