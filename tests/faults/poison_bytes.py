"""Messages in which there is no event at all, of every kind that a producer can write.

Rule: each kind is bent from an honest message in one way, and says for which reason it is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.codec import Codec
from tests.builders import event_id, mediator_assigned, order_disputed, verdict_issued
from tests.wire import OCCURRED_AT, array, assignment, common, framed, long, piece, text, verdict

DISPUTED, ASSIGNED, ISSUED = "order.disputed", "mediator.assigned", "verdict.issued"
_CODEC = Codec()

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A kind: `value` makes the value of the n-th message of this kind."""

    topic: str
    reason: str
    value: Callable[[int], bytes | None]
    headers: Headers = ()


def _as_it_is(value: bytes | None) -> Callable[[int], bytes | None]:
    return lambda _: value


def _disputed(**fields: Any) -> bytes:
    return _CODEC.encode(order_disputed(**fields))


def _issued(**fields: Any) -> bytes:
    return _CODEC.encode(verdict_issued(**fields))


def _assigned(**fields: Any) -> bytes:
    return _CODEC.encode(mediator_assigned(**fields))


def _at(moment: int) -> bytes:
    """An assignment that happened at `moment`, in milliseconds."""
    ids = text("dispute-1") + text("order-1") + text("mediator-1")
    return framed(ASSIGNED, text(str(event_id("poison"))) + long(moment) + ids)


def _padded(number: int) -> bytes:
    *head, last = long(number)
    return bytes([*head, last | 0x80, 0])


_GOOD = _disputed()
_VERDICT = verdict()
_MANY = tuple((f"header-{number}", b"x" * 20) for number in range(3_000))

_VALUES: tuple[tuple[str, str, bytes | None], ...] = (
    (DISPUTED, "missing_value", None),
    (ISSUED, "missing_value", b""),
    (ASSIGNED, "oversized", assignment(after=bytes(70_000))),
    (ISSUED, "oversized", verdict(reasons=text("x" * 200_000))),
    (DISPUTED, "oversized", _GOOD + bytes(1_000_000)),
    (ISSUED, "oversized", verdict(evidence=array(*[piece(1, "m")] * 1_001))),
    (DISPUTED, "unknown_framing", b'{"order_id": "order-1", "event_id": "1"}'),
    (ASSIGNED, "unknown_framing", b"Obj\x01" + bytes(40)),
    (ISSUED, "unknown_framing", _VERDICT[10:]),
    (DISPUTED, "unknown_framing", b"\xc3\x02" + _GOOD[2:]),
    (DISPUTED, "unknown_schema", _GOOD[:2] + b"strange!" + _GOOD[10:]),
    (ASSIGNED, "unknown_schema", _VERDICT),
    (ISSUED, "unknown_schema", assignment()),
    (DISPUTED, "undecodable", _GOOD[:-3]),
    (DISPUTED, "undecodable", _GOOD[:7]),
    (ASSIGNED, "undecodable", b"\x00\x00\x00\x00\x07" + bytes(range(60))),
    (ISSUED, "undecodable", verdict(decision=long(5))),
    (ISSUED, "undecodable", verdict(decision=long(2**62))),
    (ISSUED, "undecodable", verdict(reasons=long(2**62) + b"short")),
    (ISSUED, "undecodable", verdict(reasons=text(b"\xff\xfe"))),
    (ISSUED, "undecodable", verdict(evidence=long(2**62) + piece(1, "m-1"))),
    (ISSUED, "undecodable", verdict(refund=long(1) + b"\xff" * 500)),
    (DISPUTED, "trailing_bytes", _GOOD + b"\x00"),
    (ASSIGNED, "trailing_bytes", assignment(after=assignment())),
    (ISSUED, "not_canonical", verdict(decision=long(-1))),
    (ISSUED, "not_canonical", verdict(refund=long(-2))),
    (ISSUED, "not_canonical", verdict(reasons=_padded(2) + b"No")),
    (DISPUTED, "invalid_id", _disputed(order_id="")),
    (DISPUTED, "invalid_id", _disputed(dispute_id="d" * 65)),
    (DISPUTED, "invalid_id", _disputed(buyer_id="nul\x00")),
    (ASSIGNED, "invalid_id", framed(ASSIGNED, common(event_id="not a uuid") + text("mediator-1"))),
    (ASSIGNED, "invalid_timestamp", _at(-1)),
    (ASSIGNED, "invalid_timestamp", _at(OCCURRED_AT * 1_000_000)),
    (DISPUTED, "invalid_currency", _disputed(currency="EURO")),
    (DISPUTED, "invalid_amount", _disputed(captured_minor=-1)),
    (ISSUED, "invalid_amount", verdict(refund=long(1) + long(-5))),
    (ISSUED, "invalid_text", _issued(reasons="nul\x00")),
    (ISSUED, "invalid_text", verdict(evidence=array(piece(1, "")))),
)

UNREADABLE: tuple[Unreadable, ...] = (
    *(Unreadable(topic, reason, _as_it_is(value)) for topic, reason, value in _VALUES),
    Unreadable(ISSUED, "undecodable", lambda n: _VERDICT[: 20 + n % (len(_VERDICT) - 30)]),
    Unreadable(DISPUTED, "unknown_framing", _as_it_is(b"thousands of headers"), _MANY),
)
