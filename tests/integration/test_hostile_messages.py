"""Is a hostile message kept as it came, whatever its key and headers, and the next one applied?"""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Row

from schemas.codec import MAX_BYTES
from schemas.reasons import Reason
from services.mediation import Mediation
from services.messages import Headers, pair
from services.rules.outcome import Outcome
from services.storage import dead_letters
from services.storage.database import Database
from tests.builders import order_disputed
from tests.deliveries import Deliveries
from tests.integration.looking import case_of
from tests.wire import array, assignment, long, piece, verdict

MANY = 10_000
DISPUTED, ASSIGNED, ISSUED = "order.disputed", "mediator.assigned", "verdict.issued"

HOSTILE: dict[str, tuple[str, bytes | None, Reason]] = {
    "null": (DISPUTED, None, Reason.MISSING_VALUE),
    "empty": (DISPUTED, b"", Reason.MISSING_VALUE),
    "oversize": (ISSUED, verdict() + bytes(200_000), Reason.OVERSIZED),
    "a_crowd": (ISSUED, verdict(evidence=array(*[piece(1, "m")] * 20_000)), Reason.OVERSIZED),
    "no_framing": (ISSUED, verdict()[10:], Reason.UNKNOWN_FRAMING),
    "another_schema": (ISSUED, assignment(), Reason.UNKNOWN_SCHEMA),
    "enum_minus_one": (ISSUED, verdict(decision=long(-1)), Reason.NOT_CANONICAL),
    "enum_huge": (ISSUED, verdict(decision=long(2**62)), Reason.UNDECODABLE),
    "length_huge": (ASSIGNED, assignment(mediator=long(2**62)), Reason.UNDECODABLE),
    "length_negative": (ASSIGNED, assignment(mediator=long(-9)), Reason.UNDECODABLE),
    "endless": (ISSUED, (verdict()[:-12] + b"\xff" * MAX_BYTES)[:MAX_BYTES], Reason.UNDECODABLE),
    "bytes_after_it": (ASSIGNED, assignment(after=b"\0"), Reason.TRAILING_BYTES),
}
HEADERS: dict[str, Headers] = {
    "ten_thousand": tuple((f"header-{at}", b"x" * (at % 7)) for at in range(MANY)),
    "ten_thousand_of_one_name": (("traceparent", b"00-not-a-trace"),) * MANY,
    "without_a_value": (("nothing", None), ("", b""), ("", None)),
    "not_utf_8": ((b"\xff\xfe".decode(errors="surrogateescape"), b"\0\xff"),),
    "a_large_one": (("large", bytes(500_000)),),
    "one_of_ours": (("mediation_reason", b"bug"), ("kafka_dlt-original-topic", b"elsewhere")),
}


def kept(database: Database) -> list[Row[Any]]:
    with database.transaction() as connection:
        listed = dead_letters.newest(connection, limit=100)
        rows = [dead_letters.get(connection, each.dead_letter_id) for each in listed]
    return [row for row in rows if row is not None]


@pytest.mark.parametrize("key", [None, b"", b"\0\xff", b"k" * 100_000])
def test_every_hostile_value_is_kept_whatever_its_key(
    key: bytes | None, database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    batch = [deliveries.of_bytes(topic, value, key=key) for topic, value, _ in HOSTILE.values()]

    handled = mediation.handle([*batch, deliveries.of(order_disputed())])

    assert [each.reason for each in handled] == [reason for *_, reason in HOSTILE.values()] + [None]
    assert placed(kept(database)) == placed(batch)
    assert {row.key for row in kept(database)} == {key}
    assert case_of(database).frozen


def placed(rows: Sequence[Any]) -> list[tuple[str, int, bytes | None]]:
    """What was at which place, of messages or of dead letters."""
    return sorted((row.topic, row.offset, row.value) for row in rows)


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_a_hostile_message_is_kept_with_all_of_its_headers(
    headers: Headers, database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    mediation.handle([deliveries.of_bytes(DISPUTED, b"junk", key=None, headers=headers)])

    (row,) = kept(database)
    assert pair(row.headers) == headers
    assert (row.key, row.value, row.reason) == (None, b"junk", Reason.UNKNOWN_FRAMING)


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_an_honest_event_is_applied_whatever_its_headers(
    headers: Headers, database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    (handled,) = mediation.handle([deliveries.of(order_disputed(), headers)])

    assert handled.outcome is Outcome.APPLIED
    assert kept(database) == []
    assert case_of(database).frozen
