"""The whole story of one order: each event and why, what followed, the money, the promise."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from consumers.cli.case_file import CaseFile, read_case_file
from consumers.cli.case_pages import as_json
from consumers.ops.console import Console
from consumers.ops.promise import promise
from consumers.ops.shown import Page
from services.messages import pair
from services.storage import browsing

_COMMON = {"topic", "effect_id", "sequence", "occurred_at", "order_id", "dispute_id"}
_EFFECT_ID = "ce_id"


def case(console: Console, request: Request) -> Page:
    """What `mediation case show` tells, and what of it is still to be published."""
    order_id = request.query_params.get("order", "")
    with console.reading() as connection:
        file = read_case_file(connection, console.codec(), order_id)
        if file is None:
            missing = {"error": f"Nothing is known of order {order_id}."}
            return Page("error.html", missing, {"title": "No such order"}, status=404)
        unpublished = _unpublished(connection, order_id)
    data = as_json(file) | {
        "promises": {
            dispute.dispute_id: asdict(
                promise(dispute.opened_at, dispute.assigned_at, console.clock())
            )
            for dispute in file.case.disputes
        },
        "unpublished": unpublished,
    }
    return Page("case.html", data, {"story": _story(file), "common": _COMMON})


def _unpublished(connection: Connection, order_id: str) -> list[dict[str, Any]]:
    """The rows of the outbox with this order's key, and the effect that each one is."""
    found = []
    for row in browsing.unpublished_of(connection, order_id):
        effect_id = dict(pair(row.headers)).get(_EFFECT_ID)
        found.append(
            {
                "topic": row.topic,
                "effect_id": effect_id and effect_id.decode(errors="replace"),
                "created_at": row.created_at,
            }
        )
    return found


def _story(file: CaseFile) -> list[dict[str, Any]]:
    """Each event in order of arrival, with its replays and its effects."""
    record = as_json(file)
    effects: Any = record["effects"] or []
    return [
        {
            "event": row,
            "replays": [each for each in file.replays if each.event_id == row.event_id],
            "effects": [each for each in effects if each["cause_event_id"] == str(row.event_id)],
        }
        for row in file.timeline
    ]
