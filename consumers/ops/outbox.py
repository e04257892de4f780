"""What is still to be published, money first: is any of it stuck?"""

from typing import Any

from starlette.requests import Request

from consumers.cli.money import amount
from consumers.ops.console import Console
from consumers.ops.overview import outbox_record
from consumers.ops.paging import SIZE, number_in, page_of
from consumers.ops.shown import Page
from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.topics import OUTBOUND, Topic
from services.errors import MediationError
from services.storage import backlog, browsing, outbox

MONEY = (Topic.REFUND_REQUESTED.value, Topic.PAYOUT_REQUESTED.value)


def waiting_effects(console: Console, request: Request) -> Page:
    """The outbox: by topic, the money in it, and its rows, oldest first."""
    after = number_in(request.query_params.get("after")) or 0
    codec = console.codec()
    with console.reading() as connection:
        money = browsing.unpublished(connection, topics=MONEY, limit=SIZE + 1)
        rows = browsing.unpublished(connection, after=after, limit=SIZE + 1)
        data: dict[str, Any] = {
            "outbox": outbox_record(connection),
            "relay": {"slots": backlog.relayed_slots(connection), "of": outbox.SLOTS},
        }
    shown, last = page_of(rows)
    data |= {
        "money": [_record(codec, row) for row in money[:SIZE]],
        "more_money": len(money) > SIZE,
        "rows": [_record(codec, row) for row in shown],
        "next": last and last.id,
    }
    return Page("outbox.html", data)


def _record(codec: Codec, row: Any) -> dict[str, Any]:
    """A row as it is told; what is in it as far as it can be read."""
    said = _read(codec, row) if row.topic in set(OUTBOUND) else {}
    minor, currency = said.get("amount_minor"), said.get("currency")
    return {
        "id": row.id,
        "slot": row.slot,
        "topic": row.topic,
        "order_id": row.key and row.key.decode(errors="backslashreplace"),
        "created_at": row.created_at,
        "bytes": len(row.value or b""),
        "effect_id": said.get("effect_id"),
        "sequence": said.get("sequence"),
        "amount_minor": minor,
        "currency": currency,
        "amount": amount(minor, currency) if minor is not None and currency else None,
        "payee_id": said.get("payee_id"),
        "settlement_id": said.get("settlement_id"),
    }


def _read(codec: Codec, row: Any) -> dict[str, Any]:
    try:
        return codec.decode_record(row.topic, row.value)
    except (ContractError, MediationError):
        return {}
