"""All that the database keeps of some orders, read in one view, so that it can be held together.

Rule: orders are found by their key, some at a time, and each of a chunk is read by an index. Only
the outbox has none by order: it is read whole, and is nearly empty unless the relay is stopped.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from schemas.topics import OUTBOUND
from services.messages import pair
from services.rules.case import Case
from services.storage import cases


@dataclass(frozen=True, slots=True)
class OrderRecords:
    """What is kept of one order.

    `timeline` and `replays` have the columns of `one_order.timeline` and `replaying.replays_of`
    that tell what became of an event. `pending` are the ids of the effects that are still to be
    published, in the order in which they will be.
    """

    case: Case
    timeline: list[Row[Any]] = field(default_factory=list)
    replays: list[Row[Any]] = field(default_factory=list)
    settlements: list[Row[Any]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


_NEXT = "SELECT order_id FROM cases WHERE order_id > :after ORDER BY order_id LIMIT :limit"
_TIMELINE = """
SELECT order_id, event_id, e.arrival, e.topic, e.value, e.outcome, p.waiting, p.settled_at,
    p.outcome AS settled_outcome
FROM events e LEFT JOIN parked_events p USING (event_id, order_id)
WHERE order_id = ANY(:order_ids) ORDER BY e.arrival
"""
_REPLAYS = """
SELECT order_id, id, event_id, after_arrival, outcome
FROM dead_letter_actions WHERE order_id = ANY(:order_ids) AND outcome IS NOT NULL ORDER BY id
"""
_SETTLEMENTS = """
SELECT d.order_id, s.* FROM settlements s JOIN disputes d USING (dispute_id)
WHERE d.order_id = ANY(:order_ids)
"""
_PENDING = """
SELECT key, headers FROM outbox
WHERE key = ANY(:keys) AND topic = ANY(:topics) ORDER BY id
"""


def order_ids(connection: Connection, after: str, limit: int) -> Sequence[str]:
    """The next orders by their id, from behind `after` on."""
    return connection.scalars(text(_NEXT), {"after": after, "limit": limit}).all()


def records(connection: Connection, ids: Iterable[str]) -> list[OrderRecords]:
    """What is kept of these orders, in the order of their ids; of an unknown one there is none."""
    wanted = {"order_ids": list(ids)}
    found = cases.read_all(connection, wanted["order_ids"])
    timelines = _by_order(connection, _TIMELINE, wanted)
    replays = _by_order(connection, _REPLAYS, wanted)
    settlements = _by_order(connection, _SETTLEMENTS, wanted)
    pending = _pending(connection, wanted["order_ids"])
    return [
        OrderRecords(case, timelines[id_], replays[id_], settlements[id_], pending[id_])
        for id_, case in sorted(found.items())
    ]


def _by_order(
    connection: Connection, question: str, wanted: dict[str, list[str]]
) -> dict[str, list[Row[Any]]]:
    rows: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(text(question), wanted):
        rows[row.order_id].append(row)
    return rows


def _pending(connection: Connection, ids: Iterable[str]) -> dict[str, list[str]]:
    keys, topics = [id_.encode() for id_ in ids], [topic.value for topic in OUTBOUND]
    effects: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(text(_PENDING), {"keys": keys, "topics": topics}):
        effects[row.key.decode()].append((dict(pair(row.headers)).get("ce_id") or b"").decode())
    return effects
