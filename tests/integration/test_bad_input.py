"""Does every kind of bad input become a dead letter, untouched, without holding the next event?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from schemas.codec import Codec
from schemas.reasons import Reason
from services.storage import dead_letters
from tests.brokers.broker import Broker
from tests.builders import order_disputed, verdict_issued
from tests.eventually import eventually
from tests.histories import OPENED
from tests.pipeline import Pipeline, running_pipeline

GOOD = Codec().encode(order_disputed())
VERDICT = Codec().encode(verdict_issued())
DISPUTED, ISSUED = "order.disputed", "verdict.issued"


@dataclass(frozen=True, slots=True)
class Bad:
    """A message that must be refused, why, and what a person must find in the explanation."""

    topic: str
    value: bytes | None
    reason: Reason
    says: str


def encoded(**overrides: Any) -> bytes:
    return Codec().encode(order_disputed(**overrides))


def with_decision_index(value: bytes, index: bytes) -> bytes:
    """The verdict with another byte where its decision is: after the mediator's id."""
    position = value.index(b"mediator-1") + len(b"mediator-1")
    return value[:position] + index + value[position + 1 :]


BAD = [
    Bad(DISPUTED, None, Reason.MISSING_VALUE, "no value"),
    Bad(DISPUTED, b"not avro at all", Reason.UNKNOWN_FRAMING, "c3 01"),
    Bad(DISPUTED, b"\xc3\x01" + b"\x00" * 8 + GOOD[10:], Reason.UNKNOWN_SCHEMA, "schema"),
    Bad(DISPUTED, VERDICT, Reason.UNKNOWN_SCHEMA, "verdict.issued"),
    Bad(DISPUTED, GOOD[:-9], Reason.UNDECODABLE, ""),
    Bad(DISPUTED, GOOD + b"\x00", Reason.TRAILING_BYTES, "1 byte"),
    Bad(DISPUTED, GOOD + b"x" * 100 * 1024, Reason.OVERSIZED, "64 KiB|65,?536"),
    Bad(ISSUED, with_decision_index(VERDICT, b"\x01"), Reason.NOT_CANONICAL, ""),
    Bad(DISPUTED, encoded(order_id=""), Reason.INVALID_ID, "order_id"),
    Bad(DISPUTED, encoded(captured_minor=-1), Reason.INVALID_AMOUNT, "captured_minor"),
    Bad(DISPUTED, encoded(currency="EURO"), Reason.INVALID_CURRENCY, "EURO"),
    Bad(DISPUTED, encoded(buyer_id="nul\x00"), Reason.INVALID_ID, "buyer_id"),
    Bad(ISSUED, Codec().encode(verdict_issued(reasons=" \n")), Reason.REASONS_BLANK, "reasons"),
]


@pytest.fixture
def pipeline(kafka: Broker, empty_database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    with running_pipeline(kafka, empty_database_url, tmp_path) as running:
        yield running


def test_bad_input_is_kept_untouched_explained_and_mirrored_and_the_next_event_is_applied(
    pipeline: Pipeline,
) -> None:
    key = b"the key of bad input"

    pipeline.publish_bytes((bad.topic, key, bad.value) for bad in BAD)
    pipeline.publish_bytes([(DISPUTED, None, GOOD[:4])])
    pipeline.publish(order_disputed())

    pipeline.wait_for_effects("order-1", OPENED)
    rows = eventually(lambda: kept(pipeline, len(BAD) + 1), 30, "every one is a dead letter")
    for bad in BAD:
        (row,) = [r for r in rows if (r.topic, r.value) == (bad.topic, bad.value)]
        assert (row.key, row.reason) == (key, bad.reason)
        assert re.search(bad.says, row.explanation), row.explanation
    mirrors = pipeline.wait_for(
        "order.disputed.dead-letter", "verdict.issued.dead-letter", count=len(rows)
    )
    assert {(m.value or b"", m.headers["mediation_reason"].decode()) for m in mirrors} == {
        (row.value or b"", row.reason) for row in rows
    }


def kept(pipeline: Pipeline, count: int) -> list[Row[tuple[object, ...]]]:
    """The dead letters, once there are `count` of them."""
    with pipeline.database.transaction() as connection:
        ids = [row.dead_letter_id for row in dead_letters.newest(connection, limit=100)]
        rows = [row for each in ids if (row := dead_letters.get(connection, each)) is not None]
    return rows if len(rows) == count else []
