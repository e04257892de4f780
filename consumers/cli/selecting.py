"""Which dead letters a command is about: named one by one, or all that fit.

Rule: what fits is found a page at a time, oldest first, each page in a transaction of its own. The
newest that there is at the start is the last one, so that no command runs after what it makes.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from schemas.reasons import Reason
from schemas.topics import INBOUND

if TYPE_CHECKING:
    from services.storage.database import Database
    from services.storage.dead_letters import Choice

PAGE = 500


def _inbound(topic: str | None) -> str | None:
    if topic is not None and topic not in INBOUND:
        raise typer.BadParameter(f"it must be one of {', '.join(INBOUND)}")
    return topic


TopicOption = Annotated[
    str | None, typer.Option(help="Only from this topic.", callback=_inbound, metavar="TOPIC")
]
ReasonOption = Annotated[
    Reason | None, typer.Option(help="Only for this reason.", metavar="REASON")
]
OrderOption = Annotated[str | None, typer.Option(help="Only of this order.", metavar="ORDER_ID")]
IdOption = Annotated[
    list[UUID] | None,
    typer.Option("--id", help="This one; may be given again for others.", metavar="ID"),
]


def chosen(database: "Database", choice: "Choice", limit: int | None) -> tuple[int, Iterator[UUID]]:
    """How many dead letters fit, up to `limit`, and their ids, oldest first."""
    from services.storage import dead_letters

    with database.transaction() as connection:
        count, newest = dead_letters.extent(connection, choice)
    count = count if limit is None else min(count, limit)
    return count, iter(()) if newest is None else _pages(database, choice, newest, count)


def _pages(database: "Database", choice: "Choice", newest: datetime, count: int) -> Iterator[UUID]:
    from services.storage import dead_letters

    after = None
    while count > 0:
        with database.transaction() as connection:
            rows = dead_letters.page(connection, choice, newest, after, min(PAGE, count))
        if not rows:
            return
        yield from (row.dead_letter_id for row in rows)
        after, count = rows[-1], count - len(rows)
