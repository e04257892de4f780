"""Disputes by state, and what is found by an id: of an order, a dispute, an event, or money."""

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row
from starlette.requests import Request
from starlette.responses import RedirectResponse

from consumers.cli.money import amount
from consumers.ops.console import Console
from consumers.ops.paging import SIZE, page_of, place_in, place_of
from consumers.ops.promise import SOON, promise
from consumers.ops.shown import Page, address
from services.rules.case import DisputeState
from services.storage import browsing, dead_letters

_FOUND = 20


class Shelf(StrEnum):
    """The lists of disputes: by state, and those of them that are in danger."""

    WAITING = "waiting"
    AT_RISK = "at-risk"
    IN_MEDIATION = "in-mediation"
    RESOLVED = "resolved"

    @property
    def state(self) -> DisputeState:
        """The state of what stands here."""
        return _STATES.get(self, DisputeState.OPEN)


_STATES = {
    Shelf.IN_MEDIATION: DisputeState.IN_MEDIATION,
    Shelf.RESOLVED: DisputeState.RESOLVED,
}


def disputes(console: Console, request: Request) -> Page:
    """What is found, if something is looked for, or else a list: oldest first, resolved newest."""
    asked = request.query_params.get("q", "").strip()
    shelf = _shelf(request.query_params.get("show"))
    after = place_in(request.query_params.get("after"))
    now = console.clock()
    with console.reading() as connection:
        found = _found(connection, asked) if asked else None
        rows = browsing.disputes_of(
            connection,
            shelf.state,
            opened_until=now - SOON if shelf is Shelf.AT_RISK else None,
            newest_first=shelf is Shelf.RESOLVED,
            after=after,
            limit=SIZE + 1,
        )
    shown, last = page_of([] if asked else rows)
    data = {
        "q": asked,
        "show": shelf.value,
        "found": found,
        "disputes": [dispute_record(row, now) for row in shown],
        "next": last and place_of(last.opened_at, last.dispute_id),
    }
    return Page("disputes.html", data, {"shelves": list(Shelf)})


def search(console: Console, request: Request) -> RedirectResponse:
    """Straight to what has exactly this id; else to the list of what comes near."""
    asked = request.query_params.get("q", "").strip()
    with console.reading() as connection:
        exact = [each["url"] for each in _found(connection, asked) if each["exact"]]
    where = exact[0] if len(set(exact)) == 1 else address("/disputes", q=asked)
    return RedirectResponse(where, 303)


def dispute_record(row: Row[Any], now: datetime) -> dict[str, Any]:
    """A dispute as a line of a list."""
    return {
        "dispute_id": row.dispute_id,
        "order_id": row.order_id,
        "state": row.state,
        "buyer_id": row.buyer_id,
        "seller_id": row.seller_id,
        "mediator_id": row.mediator_id,
        "opened_at": row.opened_at,
        "assigned_at": row.assigned_at,
        "resolved_at": row.resolved_at,
        "decision": row.decision,
        "captured": amount(row.captured_minor, row.currency),
        "captured_minor": row.captured_minor,
        "currency": row.currency,
        "promise": asdict(promise(row.opened_at, row.assigned_at, now)),
    }


def _shelf(said: str | None) -> Shelf:
    return Shelf(said) if said in set(Shelf) else Shelf.WAITING


def _found(connection: Connection, asked: str) -> list[dict[str, Any]]:
    found = [
        _result("order", order_id, _case(order_id), exact=order_id == asked)
        for order_id in browsing.orders_like(connection, asked, _FOUND)
    ]
    found += [
        _result("dispute", row.dispute_id, _case(row.order_id), exact=row.dispute_id == asked)
        for row in browsing.disputes_like(connection, asked, _FOUND)
    ]
    return found + _by_number(connection, asked)


def _by_number(connection: Connection, asked: str) -> list[dict[str, Any]]:
    """What is known by a number that the pipeline or a publisher gave it."""
    try:
        id_ = UUID(asked)
    except ValueError:
        return []
    found = []
    for kind, look in (
        ("event", browsing.order_of_event),
        ("settlement", browsing.order_of_settlement),
    ):
        order_id = look(connection, id_)
        if order_id is not None:
            found.append(_result(kind, str(id_), _case(order_id), exact=True))
    if dead_letters.get(connection, id_) is not None:
        found.append(_result("dead letter", str(id_), f"/dead-letters/{id_}", exact=True))
    return found


def _case(order_id: str) -> str:
    return address("/case", order=order_id)


def _result(kind: str, id_: str, url: str, *, exact: bool) -> dict[str, Any]:
    return {"kind": kind, "id": id_, "url": url, "exact": exact}
