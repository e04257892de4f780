"""Events as people write them: one JSON object a line, with a `topic` and the fields of the event.

Rule: a line is an event that the pipeline can read, or it is refused with what is wrong and what
was perhaps meant. Nothing is guessed, and a field that is not known is never passed over.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from schemas.codec import Codec
from schemas.events import (
    Event,
    Evidence,
    MediatorAssigned,
    OrderDisputed,
    VerdictIssued,
    event_from_record,
)
from schemas.records import millis_from_instant
from schemas.topics import INBOUND, Topic
from services.errors import ContractError

_FIELDS: Final[dict[str, frozenset[str]]] = {
    kind.topic.value: frozenset(field.name for field in fields(kind))
    for kind in (OrderDisputed, MediatorAssigned, VerdictIssued)
}
_EVIDENCE_FIELDS: Final = frozenset(field.name for field in fields(Evidence))


class BadLineError(ValueError):
    """A line is no event; the message says why."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A refused line, by its number, and why."""

    number: int
    why: str


def read_lines(lines: Iterable[bytes], codec: Codec) -> tuple[list[Event], list[BadLine]]:
    """The events of all lines, and the lines that are none; empty lines are passed over.

    Raises:
        RegistryUnavailableError: a registry is configured, and does not answer.
    """
    events: list[Event] = []
    bad: list[BadLine] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                events.append(_event(line.removeprefix(b"\xef\xbb\xbf"), codec))
            except (BadLineError, ContractError) as error:
                bad.append(BadLine(number, str(error)))
    return events, bad


def _event(line: bytes, codec: Codec) -> Event:
    record = _object(line)
    topic = _topic(record)
    _refuse_unknown(record, _FIELDS[topic], f"a field of {topic}")
    for at, piece in enumerate(_pieces(record)):
        _refuse_unknown(piece, _EVIDENCE_FIELDS, f"a field of evidence[{at}]")
    if isinstance(record.get("occurred_at"), str):
        record["occurred_at"] = _millis(record["occurred_at"])
    event = event_from_record(Topic(topic), record)
    return codec.decode(topic, codec.encode(event))  # also what only shows in the bytes: the size


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line, object_pairs_hook=_unambiguous, parse_constant=_refuse_constant)
    except BadLineError:
        raise
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"it is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadLineError("it is not a JSON object, with a topic and the fields of an event")
    return found


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise BadLineError(f"the field {name!r} is given more than once")
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise BadLineError(f"{name} is not JSON")


def _topic(record: dict[str, Any]) -> str:
    topic = record.pop("topic", None)
    known = ", ".join(INBOUND)
    if topic is None:
        raise BadLineError(f"it has no topic, which must be one of {known}")
    if not isinstance(topic, str) or topic not in _FIELDS:
        raise BadLineError(f"the topic {topic!r} is not one of {known}{_perhaps(topic, INBOUND)}")
    return topic


def _pieces(record: dict[str, Any]) -> list[dict[str, Any]]:
    evidence = record.get("evidence")
    return (
        [each for each in evidence if isinstance(each, dict)] if isinstance(evidence, list) else []
    )


def _refuse_unknown(record: dict[str, Any], known: frozenset[str], what: str) -> None:
    for name in record:
        if name not in known:
            raise BadLineError(f"{name!r} is not {what}{_perhaps(name, sorted(known))}")


def _perhaps(name: object, known: Iterable[str]) -> str:
    nearest = get_close_matches(str(name).lower(), [str(each) for each in known], n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def _millis(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadLineError(
            f"occurred_at is {text!r}; it must be like 2026-03-02T09:00:00Z, or be milliseconds"
        ) from None
    if instant.tzinfo is None:
        raise BadLineError(f"occurred_at is {text!r}, without a time zone; UTC is written Z")
    return millis_from_instant(instant)
