"""Who did what about dead letters, and why; nobody can change it."""

from starlette.requests import Request

from consumers.ops.console import Console
from consumers.ops.paging import SIZE, number_in, page_of
from consumers.ops.shown import Page
from services.storage import browsing


def audit(console: Console, request: Request) -> Page:
    """What was done, newest first, by commands and in this console."""
    before = number_in(request.query_params.get("before"))
    with console.reading() as connection:
        rows = browsing.actions(connection, before=before, limit=SIZE + 1)
    shown, last = page_of(rows)
    data = {"actions": [dict(row._mapping) for row in shown], "next": last and last.id}
    return Page("audit.html", data)
