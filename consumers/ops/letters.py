"""Dead letters: by reason, one by one, and all that is known of one."""

from typing import Any
from uuid import UUID

from starlette.requests import Request

from consumers.cli.dead_letters import DUMPED_BYTES, dumped, letter_as_json, produced
from consumers.ops.console import Console
from consumers.ops.overview import groups
from consumers.ops.paging import SIZE, page_of, place_in, place_of
from consumers.ops.shown import Page
from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.reasons import Reason
from schemas.topics import INBOUND
from services.errors import MediationError
from services.messages import pair
from services.storage import browsing, dead_letters, replaying
from services.storage.dead_letters import Choice, Status


def letters(console: Console, request: Request) -> Page:
    """The groups of a status, and the newest letters of it, or of the group that is chosen."""
    choice = chosen_in(request.query_params)
    after = place_in(request.query_params.get("after"), UUID)
    assert choice.status is not None
    with console.reading() as connection:
        grouped = groups(connection, choice.status)
        rows = browsing.letters_of(connection, choice, after=after, limit=SIZE + 1)
    shown, last = page_of(rows)
    data = {
        "status": choice.status.value,
        "topic": choice.topic,
        "reason": choice.reason and choice.reason.value,
        "groups": grouped,
        "letters": [dict(row._mapping) for row in shown],
        "next": last and place_of(last.first_seen_at, last.dead_letter_id),
    }
    return Page("letters.html", data, {"statuses": list(Status), "descriptions": DESCRIPTIONS})


def letter(console: Console, request: Request) -> Page:
    """One dead letter: why, where it came from, what was in it, what was done about it."""
    id_: UUID = request.path_params["id"]
    with console.reading() as connection:
        row = dead_letters.get(connection, id_)
        history = replaying.actions_on(connection, id_)
    if row is None:
        missing = {"error": f"There is no dead letter {id_}."}
        return Page("error.html", missing, {"title": "No such dead letter"}, status=404)
    fields, why_not = _decoded(console.codec(), row)
    data = letter_as_json(row, history) | {"fields": fields, "why_not_decoded": why_not}
    extra = {
        "letter": row,
        "produced": produced(row.timestamp_ms),
        "dumps": [(name, value, _dump(value)) for name, value in _parts(row)],
        "message_headers": [
            (name, None if value is None else value.decode("ascii", "backslashreplace"))
            for name, value in pair(row.headers)
        ],
        "most": DUMPED_BYTES,
    }
    return Page("letter.html", data, extra)


def chosen_in(said: Any) -> Choice:
    """The letters that a link or a form means; what it does not say, or says wrong, is any."""
    status, topic, reason = said.get("status"), said.get("topic"), said.get("reason")
    return Choice(
        topic=topic if topic in set(INBOUND) else None,
        reason=Reason(reason) if reason in set(Reason) else None,
        status=Status(status) if status in set(Status) else Status.OPEN,
    )


DESCRIPTIONS = {reason.value: reason.description for reason in Reason}
"""What each reason means, in words."""


def _decoded(codec: Codec, row: Any) -> tuple[dict[str, Any] | None, str | None]:
    """The fields of a message, as far as its schema alone can tell, or why there are none."""
    try:
        return codec.decode_record(row.topic, row.value), None
    except (ContractError, MediationError) as error:
        return None, str(error)


def _parts(row: Any) -> list[tuple[str, bytes | None]]:
    return [("key", row.key), ("value", row.value)]


def _dump(value: bytes | None) -> str:
    return "" if value is None else "\n".join(dumped(value))
