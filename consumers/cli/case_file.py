"""All that the database knows of one order, read in one view."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from schemas.codec import Codec
from schemas.effects import Effect
from services.errors import ContractError
from services.history import applied, tell
from services.rules.case import Case
from services.storage import cases, dead_letters, one_order, replaying

_MOST_DEAD_LETTERS = 1000


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case, its timeline, and what followed from it.

    `settlements` holds the ids of the money asked for, by dispute and kind (REFUND or PAYOUT).
    `replays` are those of dead letters with an event of the order, done or in vain, oldest first.
    `effects` is None where the rules of this release do not lead from the timeline to the case, or
    its payloads were pruned.
    """

    case: Case
    timeline: Sequence[Row[Any]]
    replays: Sequence[Row[Any]]
    settlements: dict[tuple[str, str], UUID]
    dead_letters: Sequence[Row[Any]]
    effects: tuple[Effect, ...] | None


def read_case_file(connection: Connection, codec: Codec, order_id: str) -> CaseFile | None:
    """The file of an order; None if nothing was ever heard of it.

    Raises:
        RegistryUnavailableError: an event names a schema, and the registry cannot say which.
    """
    if "\0" in order_id:
        return None  # PostgreSQL has no such text
    case = cases.read(connection, order_id)
    letters = dead_letters.newest(
        connection, dead_letters.Choice(order_id=order_id), limit=_MOST_DEAD_LETTERS
    )
    if case is None and not letters:
        return None
    case = case or Case(order_id)
    timeline = one_order.timeline(connection, order_id)
    replays = replaying.replays_of(connection, order_id)
    return CaseFile(
        case=case,
        timeline=timeline,
        replays=replays,
        settlements={
            (row.dispute_id, row.kind): row.settlement_id
            for row in one_order.settlements_of(connection, order_id)
        },
        dead_letters=letters,
        effects=_effects(codec, case, timeline, replays),
    )


def _effects(
    codec: Codec, case: Case, timeline: Sequence[Row[Any]], replays: Sequence[Row[Any]]
) -> tuple[Effect, ...] | None:
    if any(row.value is None for row in timeline):
        return None
    try:
        told = tell(case.order_id, applied(codec, timeline, replays))
    except ContractError:
        return None
    return told.effects if told.case == case else None
