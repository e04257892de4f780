"""The only statements that forget something: payloads of what is old and decided for good.

Rule: an id, a digest, an amount or a restriction is never touched, so whatever comes later is
decided as it would have been. Triggers (migration 0006) refuse anything beyond that. A batch locks
its rows as consumers do, and passes over what somebody else holds; that is found again next time.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from services.storage.tables import prunings

_NEXT_ORDERS = "SELECT order_id FROM cases WHERE order_id > :after ORDER BY order_id LIMIT :limit"
_PRUNABLE_ORDERS = """
SELECT order_id FROM cases
WHERE order_id = ANY(:order_ids) AND is_over(order_id)
    AND EXISTS (SELECT FROM events e WHERE e.order_id = cases.order_id AND e.pruned_at IS NULL)
    AND NOT EXISTS (
        SELECT FROM events e WHERE e.order_id = cases.order_id AND e.received_at >= :before)
    AND NOT EXISTS (
        SELECT FROM dead_letter_actions a
        WHERE a.order_id = cases.order_id AND a.done_at >= :before)
ORDER BY order_id
"""
_NEXT_LETTERS = """
SELECT dead_letter_id FROM dead_letters
WHERE dead_letter_id > :after ORDER BY dead_letter_id LIMIT :limit
"""
_PRUNABLE_LETTERS = """
SELECT dead_letter_id FROM dead_letters l
WHERE dead_letter_id = ANY(:ids) AND pruned_at IS NULL AND last_seen_at < :before
    AND (status = 'DISCARDED'
         OR status = 'REPLAYED' AND (order_id IS NULL OR is_over(order_id)))
    AND NOT EXISTS (
        SELECT FROM dead_letter_actions a
        WHERE a.dead_letter_id = l.dead_letter_id AND a.done_at >= :before)
ORDER BY dead_letter_id
"""
_LOCKED = " FOR UPDATE SKIP LOCKED"
_LOCK_ORDERS = """
SELECT order_id FROM cases WHERE order_id = ANY(:order_ids)
ORDER BY order_id FOR UPDATE SKIP LOCKED
"""
_WEIGH_EVENTS = """
SELECT count(*), coalesce(sum(pg_column_size(value)), 0)
FROM events WHERE order_id = ANY(:order_ids) AND pruned_at IS NULL
"""
_WEIGH_PARKED = """
SELECT count(*), coalesce(sum(pg_column_size(p.*)), 0)
FROM parked_events p WHERE order_id = ANY(:order_ids)
"""
_WEIGH_LETTERS = """
SELECT count(*), coalesce(sum(pg_column_size(headers)), 0)
    + coalesce(sum(pg_column_size(key)), 0) + coalesce(sum(pg_column_size(value)), 0)
FROM dead_letters WHERE dead_letter_id = ANY(:ids)
"""
_FORGET_EVENTS = """
UPDATE events SET value = NULL, pruned_at = :now
WHERE order_id = ANY(:order_ids) AND pruned_at IS NULL
"""
_FORGET_PARKED = "DELETE FROM parked_events WHERE order_id = ANY(:order_ids)"
_FORGET_LETTERS = """
UPDATE dead_letters SET key = NULL, value = NULL, headers = '{}', pruned_at = :now
WHERE dead_letter_id = ANY(:ids)
"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much went, or would go; `bytes` as they are stored."""

    orders: int = 0
    events: int = 0
    parked_events: int = 0
    dead_letters: int = 0
    bytes: int = 0

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def next_orders(connection: Connection, after: str, limit: int) -> Sequence[str]:
    """The next orders by their id, whatever became of them."""
    return connection.scalars(text(_NEXT_ORDERS), {"after": after, "limit": limit}).all()


def next_letters(connection: Connection, after: UUID, limit: int) -> Sequence[UUID]:
    """The next dead letters by their id, whatever became of them."""
    return connection.scalars(text(_NEXT_LETTERS), {"after": after, "limit": limit}).all()


def prune_orders(
    connection: Connection, among: Sequence[str], before: datetime, now: datetime | None
) -> Pruned:
    """Forget the payloads of the orders that are over, and saw nothing since `before`.

    Without `now` nothing is written, and the answer is what would go.
    """
    orders = _prunable(connection, among, before)
    if now:  # what came until they were locked is seen by asking again
        locked = connection.scalars(text(_LOCK_ORDERS), {"order_ids": orders}).all()
        orders = _prunable(connection, locked, before)
    which = {"order_ids": orders}
    events, weight = connection.execute(text(_WEIGH_EVENTS), which).one()
    parked, more = connection.execute(text(_WEIGH_PARKED), which).one()
    if now and orders:
        connection.execute(text(_FORGET_EVENTS), which | {"now": now})
        connection.execute(text(_FORGET_PARKED), which)
    return Pruned(orders=len(orders), events=events, parked_events=parked, bytes=weight + more)


def _prunable(connection: Connection, among: Sequence[str], before: datetime) -> list[str]:
    which = {"order_ids": list(among), "before": before}
    return list(connection.scalars(text(_PRUNABLE_ORDERS), which))


def prune_letters(
    connection: Connection, among: Sequence[UUID], before: datetime, now: datetime | None
) -> Pruned:
    """The same for the messages of dead letters that nobody will need again."""
    found = text(_PRUNABLE_LETTERS + (_LOCKED if now else ""))
    letters = connection.scalars(found, {"ids": list(among), "before": before}).all()
    which = {"ids": list(letters)}
    count, weight = connection.execute(text(_WEIGH_LETTERS), which).one()
    if now and letters:
        connection.execute(text(_FORGET_LETTERS), which | {"now": now})
    return Pruned(dead_letters=count, bytes=weight)


def record(
    connection: Connection, pruned: Pruned, *, by: str, before: datetime, now: datetime
) -> None:
    """Write down what went in this transaction."""
    connection.execute(
        prunings.insert().values(
            done_at=now,
            done_by=by,
            older_than=before,
            orders=pruned.orders,
            events=pruned.events,
            parked_events=pruned.parked_events,
            dead_letters=pruned.dead_letters,
            bytes=pruned.bytes,
        )
    )
