"""What is still to be published. A row is added with its cause, and leaves once acknowledged.

An order always has the same slot, and a slot has one active relay, so the rows of an order leave
in the order in which they were written. Rows are found by being there, never by a last id seen: ids
are given out before commits, so a lower id may appear after a higher one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from schemas.values import quick
from services.messages import Outgoing, flatten, pair
from services.storage import binary
from services.storage.binary import Columns
from services.storage.driver import AnyConnection, driver, driver_cursor

SLOTS = 16
CHANNEL = "mediation_outbox"
LOCK_SPACE = 0x6F757462  # "outb": the first key of the advisory locks, one lock a slot

BATCH_BYTES = 2 * 1024 * 1024

_CLAIM = "SELECT slot FROM unnest(%s::int[]) AS slot WHERE pg_try_advisory_lock(%s, slot)"
_PENDING = """
    SELECT id, topic, key, value, headers
    FROM (
        SELECT *, sum(octet_length(value)) OVER before AS weight_before
        FROM outbox
        WHERE slot = ANY(%s)
        WINDOW before AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ORDER BY id
        LIMIT %s
    ) AS oldest
    WHERE coalesce(weight_before, 0) < %s
    ORDER BY id
"""
_WAKE = f"NOTIFY {CHANNEL}"
_COUNT = "SELECT count(*) FROM outbox WHERE %(keys)s::bytea[] IS NULL OR key = ANY(%(keys)s)"
_REMOVE = "DELETE FROM outbox WHERE id = ANY(%s::bigint[])"


@quick
@dataclass(frozen=True, slots=True)
class Pending:
    """A row of the outbox and its id."""

    id: int
    outgoing: Outgoing


def slot_of(key: bytes | None) -> int:
    """The slot of an order, by the key of its messages."""
    return crc32(key or b"") % SLOTS


def add(connection: AnyConnection, outgoing: Sequence[Outgoing], now: datetime) -> None:
    """Add rows in the given order, and wake the relay when the transaction commits."""
    if not outgoing:
        return
    columns: Columns = {
        "slot": [slot_of(each.key) for each in outgoing],
        "topic": [each.topic for each in outgoing],
        "key": [each.key for each in outgoing],
        "value": [each.value for each in outgoing],
        "headers": [flatten(each.headers) for each in outgoing],
        "created_at": [now] * len(outgoing),
    }
    binary.append(connection, "outbox", columns)
    with driver_cursor(connection) as cursor:
        cursor.execute(_WAKE)


def relax(connection: AnyConnection) -> None:
    """Let what this session deletes reach the disk a little later: at worst it is published again.

    Its claims and questions are as they were.
    """
    with driver(connection) as underneath:
        underneath.execute("SET synchronous_commit = off")


def claim(connection: AnyConnection, slots: Collection[int]) -> set[int]:
    """The slots among `slots` whose lock this session now holds; the others have another relay."""
    with driver_cursor(connection) as cursor:
        cursor.execute(_CLAIM, (sorted(slots), LOCK_SPACE))
        return {slot for (slot,) in cursor}


def pending(connection: AnyConnection, slots: Collection[int], limit: int) -> list[Pending]:
    """The oldest unpublished rows of these slots, in id order.

    At most `limit` rows, and no more once they weigh `BATCH_BYTES`: a relay holds them in memory.
    """
    with driver_cursor(connection) as cursor:
        # Not prepared: a plan for any limit at all would sort the whole backlog.
        cursor.execute(_PENDING, (sorted(slots), limit, BATCH_BYTES), prepare=False)
        return [
            Pending(id, Outgoing(topic, key, value, pair(headers)))
            for id, topic, key, value, headers in cursor
        ]


def remove(connection: AnyConnection, ids: Collection[int]) -> None:
    """Delete rows whose messages were acknowledged."""
    if ids:
        with driver_cursor(connection) as cursor:
            cursor.execute(_REMOVE, (list(ids),))


def count(connection: AnyConnection, keys: Collection[bytes] | None = None) -> int:
    """How many rows are still to be published: all of them, or those with one of `keys`."""
    with driver_cursor(connection) as cursor:
        cursor.execute(_COUNT, {"keys": None if keys is None else list(keys)})
        ((found,),) = cursor
    return int(found)


def listen(connection: AnyConnection) -> None:
    """Ask to be woken by `wait` when rows are added."""
    with driver(connection) as underneath:
        underneath.execute(f"LISTEN {CHANNEL}".encode())


def wait(connection: AnyConnection, timeout: float) -> None:
    """Return when rows were added, or after `timeout` seconds.

    Raises:
        DatabaseUnavailableError: the connection is gone, and the locks of `claim` with it.
    """
    with driver(connection) as underneath:
        for _ in underneath.notifies(timeout=timeout, stop_after=1):
            pass  # to the end: what came while we were busy has all been answered by one look
