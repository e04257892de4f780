"""Judges what the codec makes of one value, against the reference and the clock.

Rule of this file: the codec as production runs it (fastavro's C extension) is what is judged. Any
difference from the reference is a violation, in both directions: nothing dishonest is accepted,
and nothing honest refused.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from time import perf_counter, thread_time
from typing import Any
from uuid import UUID

from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.events import Event
from tests.fuzz.honest import reader_of
from tests.fuzz.reference import (
    MOST_ITEMS,
    DishonestError,
    MisfitError,
    Schema,
    field_flaw,
    resolve,
)
from tests.fuzz.slowly import Found, SlowCodec, found_by, why_not_read
from tests.fuzz.targets import CURRENT, Target, registry, schema_of_id
from tests.wire import FINGERPRINTS, SINGLE_OBJECT

LONGEST_DECODE = 0.050  # seconds
_MOST_BYTES = 65_536
_TRIES = 5

# What the reference may say where the codec gives this reason.
_AGREES = {
    "accepted": {"accepted"},
    "missing_value": {"missing_value"},
    "oversized": {"oversized", "dishonest"},  # a crowd is sent away before it is looked at closely
    "unknown_framing": {"unknown_framing"},
    "unknown_schema": {"unknown_schema"},
    "undecodable": {"dishonest"},
    "trailing_bytes": {"dishonest"},
    "not_canonical": {"dishonest"},
    "invalid_id": {"invalid"},
    "invalid_timestamp": {"invalid"},
    "invalid_currency": {"invalid", "accepted"},  # the reference does not know the ISO list
    "invalid_amount": {"invalid"},
    "invalid_text": {"invalid"},
}


class ViolationError(Exception):
    """The codec broke a promise."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the reference says of a value, and what stands in one that it accepts."""

    word: str
    record: dict[str, Any] = field(default_factory=dict)
    as_encoded: bool = False  # in the current schema, and in the blocks that encoders choose


class Judge:
    """Decodes values for all targets, and counts what became of them."""

    def __init__(self, codec: type[Codec] = Codec) -> None:
        self._registry = registry()
        self._codecs = {False: codec(), True: codec(self._registry)}
        self._twins = {False: SlowCodec(), True: SlowCodec(self._registry)}
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0

    def judge(self, target: Target, value: bytes) -> str:
        """Return `accepted`, or the reason why the codec refuses the value.

        Raises:
            ViolationError: the codec broke a promise.
        """
        codec = self._codecs[target.registry]
        self._registry.asked.clear()
        started = perf_counter()
        try:
            found = found_by(codec, target.topic, value)
        except Exception as error:
            raise ViolationError(f"{error!r} came out of the codec") from error
        self._time(perf_counter() - started, codec, target, value)
        opinion = opinion_of(target, value)
        if opinion.word not in _AGREES[found.word]:
            raise ViolationError(f"the codec says {found.word}, and the reference {opinion.word}")
        if found.event is not None:
            self._require_the_same(found.event, opinion, value)
        if difference := self._difference(target, value, found, opinion):
            raise ViolationError(difference)
        self.counts[found.word] += 1
        return found.word

    def _difference(
        self, target: Target, value: bytes, found: Found, opinion: Opinion
    ) -> str | None:
        slowly = found_by(self._twins[target.registry], target.topic, value)
        if repr(found) != repr(slowly):
            return f"the codec finds {found}, and without its coders {slowly}"
        honest = found.event is not None and opinion.as_encoded
        return why_not_read(value, found.event if honest else None, target.topic)

    def _time(self, took: float, codec: Codec, target: Target, value: bytes) -> None:
        if took <= self.slowest:
            return
        again = seconds_to_decode(codec, target.topic, value)
        self.slowest = max(self.slowest, min(took, again))
        if self.slowest > LONGEST_DECODE:
            raise ViolationError(f"decoding took {self.slowest * 1000:.1f} ms, each time")

    def _require_the_same(self, event: Event, opinion: Opinion, value: bytes) -> None:
        said = {name: _physical(getattr(event, name)) for name in opinion.record}
        meant = opinion.record | {"event_id": opinion.record["event_id"].lower()}
        if said != meant:
            raise ViolationError(f"the codec reads {said}, and the reference {meant}")
        again = self._codecs[False].encode(event)[10:]
        found = reader_of(CURRENT[event.topic]).read(again)
        if found.record != meant or not found.plain:
            raise ViolationError(f"written again it says {found.record}")
        body = value[10:] if value.startswith(SINGLE_OBJECT) else value[5:]
        if opinion.as_encoded and again != body[:1] + body[1:37].lower() + body[37:]:
            raise ViolationError(f"written again it is {again.hex()}")


def seconds_to_decode(codec: Codec, topic: str, value: bytes) -> float:
    """The processor's time for it: what else the machine does meanwhile does not count."""
    took = []
    for _ in range(_TRIES):
        started = thread_time()
        with suppress(ContractError):
            codec.decode(topic, value)
        took.append(thread_time() - started)
    return min(took)


def opinion_of(target: Target, value: bytes) -> Opinion:
    """What the contract makes of a value, by the reference alone."""
    if not value:
        return Opinion("missing_value")
    if len(value) > _MOST_BYTES:
        return Opinion("oversized")
    if value.startswith(SINGLE_OBJECT):
        if len(value) < 10:
            return Opinion("dishonest")
        known = value[2:10].hex() == FINGERPRINTS[target.topic]
        return _of_body(target, value[10:], CURRENT[target.topic] if known else None)
    if value[0] != 0:
        return Opinion("unknown_framing")
    if len(value) < 5:
        return Opinion("dishonest")
    if not target.registry:
        return _of_body(target, value[5:], CURRENT[target.topic])
    schema = schema_of_id(target.topic, int.from_bytes(value[1:5], "big"))
    return _of_body(target, value[5:], schema)


def _of_body(target: Target, body: bytes, schema: Schema | None) -> Opinion:
    if schema is None:
        return Opinion("unknown_schema")
    ours = CURRENT[target.topic]
    try:
        found = reader_of(schema).read(body)
        if any(isinstance(v, list) and len(v) > MOST_ITEMS for v in found.record.values()):
            return Opinion("oversized")
        record = resolve(found.record, schema, ours)
    except DishonestError:
        return Opinion("dishonest")
    except MisfitError:
        return Opinion("unknown_schema")
    if field_flaw(record):
        return Opinion("invalid")
    return Opinion("accepted", record, as_encoded=found.plain and schema is ours)


def _physical(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [{"kind": each.kind.value, "reference": each.reference} for each in value]
    return value
