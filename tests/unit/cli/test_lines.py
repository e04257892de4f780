"""Which lines are events, and what is said of those that are not?"""

import json
from typing import Any

import pytest

from consumers.cli.lines import read_lines
from schemas.codec import Codec
from schemas.events import Event
from schemas.records import record_from
from tests.builders import mediator_assigned, order_disputed, verdict_issued

CODEC = Codec()


def line(event: Event, **changes: Any) -> bytes:
    """An event as a line, with changes; `...` leaves a field out."""
    fields = {"topic": event.topic.value, **record_from(event), **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def why(said: bytes) -> str:
    """Why this line is refused."""
    events, (bad,) = read_lines([said], CODEC)
    assert events == []
    return bad.why


def test_the_three_events_are_read_as_they_were_written() -> None:
    events: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]

    assert read_lines([line(event) for event in events], CODEC) == (events, [])


@pytest.mark.parametrize(
    "occurred_at",
    ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00.000+01:00", 1_772_442_000_000],
)
def test_time_is_iso_8601_or_milliseconds(occurred_at: object) -> None:
    events, bad = read_lines([line(order_disputed(), occurred_at=occurred_at)], CODEC)

    assert (events, bad) == ([order_disputed(event_id=events[0].event_id)], [])


def test_empty_lines_and_a_byte_order_mark_are_passed_over() -> None:
    events, bad = read_lines([b"\xef\xbb\xbf" + line(order_disputed()), b"", b"  \r"], CODEC)

    assert (len(events), bad) == (1, [])


def test_bad_lines_are_named_by_number_and_the_good_ones_are_still_read() -> None:
    events, bad = read_lines([b"{", line(order_disputed()), b"", b"[]"], CODEC)

    assert len(events) == 1
    assert [each.number for each in bad] == [1, 4]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"7", "not a JSON object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1, "a": 2}', "'a' is given more than once"),
        (b"{}", "it has no topic"),
        (b'{"topic": "order.dispute"}', "did you mean 'order.disputed'?"),
        (b'{"topic": "order.frozen"}', "is not one of order.disputed"),
        (b'{"topic": 7}', "the topic 7 is not one of"),
        (line(order_disputed(), event_id=...), "`event_id` is missing"),
        (line(order_disputed(), event_id="7"), "UUID of 36 characters"),
        (line(order_disputed(), captured_minor=1.5), "a whole number"),
        (line(order_disputed(), captured_minor=-1), "zero or more"),
        (line(order_disputed(), captured_minor=2**63), "zero or more"),
        (line(order_disputed(), currency="EURO"), "ISO 4217"),
        (line(order_disputed(), order_id=""), "1 to 64 characters"),
        (line(order_disputed(), occurred_at="yesterday"), "it must be like 2026-03-02"),
        (line(order_disputed(), occurred_at="2026-03-02T09:00:00"), "without a time zone"),
        (line(order_disputed(), capturedMinor=1), "did you mean 'captured_minor'?"),
        (
            line(verdict_issued(), evidence=[{"kind": "FILE", "ref": "x"}]),
            "did you mean 'reference'?",
        ),
        (line(verdict_issued(), evidence=["x"]), "must be a record"),
        (line(verdict_issued(), decision="REFUND_ALL"), "must be one of"),
        (line(verdict_issued(), reasons="x" * 70_000), "65536 are allowed"),
    ],
    ids=range(24),
)
def test_a_line_that_is_no_event_is_refused_with_what_is_wrong(said: bytes, complaint: str) -> None:
    assert complaint in why(said)
