"""The first page: who waits, whether everything moves, what was refused, what happened last."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row
from starlette.requests import Request

from consumers.ops.console import Console
from consumers.ops.disputes import dispute_record
from consumers.ops.lags import Lag
from consumers.ops.shown import Page
from services.rules.case import DisputeState
from services.storage import backlog, browsing, dead_letters, outbox
from services.storage.dead_letters import Choice, Status

AGES = ("lt_12h", "12h_24h", "24h_36h", "36h_48h", "gt_48h")
"""The names of the ages, as the metric `mediation_unassigned_disputes` has them."""

LONGEST = 10
_NEWEST = 12
_QUIET = timedelta(minutes=1)


def overview(console: Console, request: Request) -> Page:
    """Everything at a glance."""
    now = console.clock()
    with console.reading() as connection:
        ages = browsing.waiting_by_age(connection, now)
        longest = browsing.disputes_of(connection, DisputeState.OPEN, limit=LONGEST)
        newest = browsing.newest_events(connection, _NEWEST)
        data = {
            "now": now,
            "waiting": {
                "disputes": sum(ages),
                "by_age": dict(zip(AGES, ages, strict=True)),
                "at_risk": sum(ages[2:]),
                "broken": ages[-1],
                "is_at_least": sum(ages) >= browsing.MOST_COUNTED,
            },
            "waiting_longest": [dispute_record(row, now) for row in longest],
            "consumers": _consumers(connection, console, newest),
            "relay": _relay(connection),
            "outbox": outbox_record(connection),
            "parked": _backlog(backlog.parked(connection)),
            "dead_letters": groups(connection, Status.OPEN),
            "newest": _feed(connection, newest),
        }
    return Page("overview.html", data, {"quiet": _QUIET})


def groups(connection: Connection, status: Status) -> list[dict[str, Any]]:
    """Dead letters of a status by topic and reason."""
    return [dict(row._mapping) for row in browsing.letter_groups(connection, status)]


def outbox_record(connection: Connection) -> dict[str, Any]:
    """What is still to be published, by topic, and since when."""
    topics = [dict(row._mapping) for row in browsing.outbox_by_topic(connection)]
    count = sum(each["count"] for each in topics)
    return {
        "count": count,
        "since": min((each["oldest"] for each in topics), default=None),
        "is_at_least": count >= browsing.MOST_COUNTED,
        "by_topic": topics,
    }


def _consumers(
    connection: Connection, console: Console, newest: Sequence[Row[Any]]
) -> list[dict[str, Any]]:
    """Each consumer: sessions at the database, how far behind, its newest event."""
    sessions, lags = backlog.sessions(connection), console.lags.known()
    last = {row.topic: row for row in reversed(newest)}
    return [
        {
            "name": name,
            "topic": topic,
            "running": sessions.get(f"mediation-{name}", 0),
            "lag": _lag(lags.get(name)),
            "newest_event_at": last[topic].received_at if topic in last else None,
        }
        for name, (_, topic) in console.lags.groups.items()
    ]


def _lag(lag: Lag | None) -> dict[str, Any] | None:
    return None if lag is None else {"messages": lag.messages, "since": lag.since}


def _relay(connection: Connection) -> dict[str, int]:
    return {"slots": backlog.relayed_slots(connection), "of": outbox.SLOTS}


def _backlog(waits: backlog.Backlog) -> dict[str, Any]:
    return {"count": waits.count, "since": waits.since}


def _feed(connection: Connection, newest: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """The newest events, and the newest messages that hold none, newest first."""
    understood = [
        {
            "at": row.received_at,
            "topic": row.topic,
            "order_id": row.order_id,
            "event_id": row.event_id,
            "outcome": row.outcome,
            "reason": row.reason,
            "explanation": row.explanation,
            "dead_letter_id": None,
        }
        for row in newest
    ]
    unreadable = [
        {
            "at": row.first_seen_at,
            "topic": row.topic,
            "order_id": None,
            "event_id": None,
            "outcome": "rejected",
            "reason": row.reason,
            "explanation": row.explanation,
            "dead_letter_id": row.dead_letter_id,
        }
        for row in dead_letters.newest(connection, Choice(), limit=_NEWEST)
        if row.event_id is None
    ]
    both = sorted([*understood, *unreadable], key=lambda each: each["at"], reverse=True)
    return both[:_NEWEST]
