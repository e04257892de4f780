"""Avro by hand: writes what a correct encoder writes, and what none would.

Rule of this file: nothing here knows fastavro or the codec, so that it can testify against both.
"""

from collections.abc import Iterable

SINGLE_OBJECT = b"\xc3\x01"
FINGERPRINTS = {
    "order.disputed": "b30b8da585cdfc93",
    "mediator.assigned": "731a32e982b59ae3",
    "verdict.issued": "c7e71d10ffa6d495",
}
EVENT_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OCCURRED_AT = 1_772_442_000_000  # 2026-03-02T09:00:00Z


def varint(raw: int) -> bytes:
    """An unsigned number in its shortest form, seven bits a byte."""
    out = bytearray()
    while raw > 0x7F:
        out.append(raw & 0x7F | 0x80)
        raw >>= 7
    return bytes([*out, raw])


def long(number: int) -> bytes:
    """An Avro int, long, length, count, enum index or union index."""
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def text(said: str | bytes) -> bytes:
    """An Avro string or bytes."""
    raw = said.encode() if isinstance(said, str) else said
    return long(len(raw)) + raw


def piece(kind: int, reference: str) -> bytes:
    """One piece of evidence."""
    return long(kind) + text(reference)


def array(*items: bytes) -> bytes:
    """An array in a single block, as encoders write it."""
    return (long(len(items)) + b"".join(items) if items else b"") + long(0)


def blocks(sizes: Iterable[tuple[int, bool]], items: list[bytes]) -> bytes:
    """An array in blocks of these lengths; each says its size in bytes or not."""
    out, rest = b"", items
    for length, sized in sizes:
        block, rest = b"".join(rest[:length]), rest[length:]
        out += (long(-length) + long(len(block)) if sized else long(length)) + block
    return out + long(0)


def framed(topic: str, body: bytes) -> bytes:
    """A body in the single-object encoding of this topic."""
    return SINGLE_OBJECT + bytes.fromhex(FINGERPRINTS[topic]) + body


def common(*, event_id: str = EVENT_ID, dispute: bytes = text("dispute-1")) -> bytes:
    """The four fields with which every event begins."""
    return text(event_id) + long(OCCURRED_AT) + dispute + text("order-1")


def assignment(*, mediator: bytes = text("mediator-1"), after: bytes = b"") -> bytes:
    """The value of a `mediator.assigned` message, honest unless told otherwise."""
    return framed("mediator.assigned", common() + mediator + after)


def verdict(
    *,
    decision: bytes = long(1),
    ground: bytes = long(1),
    refund: bytes = long(0),
    reasons: bytes = text("Page 3 is missing."),
    evidence: bytes = array(piece(1, "message-1")),
    after: bytes = b"",
) -> bytes:
    """The value of a `verdict.issued` message, honest unless told otherwise."""
    said = text("mediator-1") + decision + ground + refund + reasons + evidence
    return framed("verdict.issued", common() + said + after)
