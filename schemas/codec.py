"""Turns facts into bytes and bytes into events.

Rule of this file: bytes are judged before they are believed. The size first, then the framing,
then the schema that it names, then every byte of the body, then every field. What is usual passes
through generated code; that judges nothing else (docs/adr/0012-generated-coders.md).

Two framings are read: Avro's single-object encoding (`C3 01`, then the CRC-64-AVRO fingerprint of
the schema, little-endian) and Confluent's (`00`, then a schema id, big-endian). The first one is
written, unless a registry is configured.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from fastavro.schema import fullname, to_parsing_canonical_form

from schemas.contracts import Contract, contract, topic_of_fingerprint
from schemas.effects import Effect
from schemas.errors import ContractError
from schemas.events import Event, event_from_record
from schemas.flat import why_not_flat
from schemas.readers import reader
from schemas.reasons import Reason
from schemas.records import record_from
from schemas.registry import SchemaRegistry, value_subject
from schemas.strict import Writer
from schemas.topics import INBOUND, Topic
from schemas.writers import writer

MAX_BYTES: Final = 64 * 1024
"""The size up to which the value of an event is looked at."""

_MAX_EFFECT_BYTES = 2 * MAX_BYTES  # an effect repeats the texts of an event, and adds some

_INBOUND: Final[Mapping[str, Topic]] = {topic.value: topic for topic in INBOUND}

_SINGLE_OBJECT = b"\xc3\x01"
_SINGLE_OBJECT_HEADER = 10  # bytes: the mark and the fingerprint
_CONFLUENT = b"\x00"
_CONFLUENT_HEADER = 5  # bytes: the mark and the schema id


class Codec:
    """Encodes facts and decodes them strictly. With a registry, schema ids have a meaning."""

    def __init__(self, registry: SchemaRegistry | None = None) -> None:
        """Use `registry`, if any, to resolve ids that are read and to obtain those written."""
        self._registry = registry
        self._schemas: dict[int, dict[str, Any]] = {}
        self._writers: dict[tuple[Topic, int], Writer] = {}
        self._ids: dict[Topic, int] = {}
        self._last: tuple[Event, bytes] | None = None

    def decode(self, topic: str, value: bytes | None) -> Event:
        """Decode the value of a message from one of the inbound topics.

        Raises:
            ContractError: the value breaks its contract; it is a dead letter.
            RegistryUnavailableError: nothing can be said about the value now.
            ValueError: `topic` is none of ours, or not inbound.
        """
        inbound = _INBOUND.get(topic)
        if inbound is None:
            raise ValueError(f"no events are consumed from {topic}")
        ours = contract(inbound)
        theirs, body = self._opened(ours, _bounded(value, MAX_BYTES))
        event = reader(ours.topic)(body) if theirs is ours.current.writer else None
        if event is None:
            return event_from_record(ours.topic, self.decode_record(topic, value))
        self._last = event, body
        return event

    def decode_record(self, topic: str, value: bytes | None) -> dict[str, Any]:
        """Decode a value from any of our topics, as strictly, into its physical record.

        Raises:
            ContractError: the bytes break the contract; the fields are not judged here.
            RegistryUnavailableError: nothing can be said about the value now.
            ValueError: `topic` is none of ours.
        """
        ours = contract(Topic(topic))
        framed = _bounded(value, MAX_BYTES if topic in INBOUND else _MAX_EFFECT_BYTES)
        theirs, body = self._opened(ours, framed)
        record = theirs.read(body)
        current = ours.current.writer
        return record if theirs is current else theirs.resolve(body, current)

    def encode(self, fact: Event | Effect) -> bytes:
        """Encode a fact for its topic.

        Raises:
            RegistryUnavailableError: a registry is configured, and does not answer.
            RegistryRefusedError: a registry is configured, and refuses the schema.
        """
        ours = contract(fact.topic)
        body = writer(ours.topic)(fact)
        if body is None:
            body = ours.current.writer.write(record_from(fact))
        return self._header(ours) + body

    def digest(self, event: Event) -> bytes:
        """Digest what an event says (SHA-256): equal for equal content, however it was framed.

        It is also the same in a release with newer versions, which may be given the event again.
        """
        ours = contract(event.topic)
        if self._last and self._last[0] is event and len(ours.versions) == 1:
            body = self._last[1]  # what is read at once is what would be written now
        else:
            body = ours.oldest_body(record_from(event))
        return hashlib.sha256(event.topic.encode() + b"\0" + body).digest()

    def _opened(self, ours: Contract, framed: bytes) -> tuple[Writer, bytes]:
        """What the framing of a value says of its body, and the body."""
        if framed.startswith(_SINGLE_OBJECT):
            return _single_object_writer(ours, framed), framed[_SINGLE_OBJECT_HEADER:]
        if framed.startswith(_CONFLUENT):
            return self._confluent_writer(ours, framed), framed[_CONFLUENT_HEADER:]
        raise ContractError(Reason.UNKNOWN_FRAMING, _why_unknown_framing(framed))

    def _header(self, ours: Contract) -> bytes:
        if self._registry is None:
            return _SINGLE_OBJECT + ours.current.fingerprint
        if ours.topic not in self._ids:
            subject = value_subject(ours.topic)
            self._ids[ours.topic] = self._registry.register(subject, ours.current.schema)
        return _CONFLUENT + self._ids[ours.topic].to_bytes(4, "big")

    def _confluent_writer(self, ours: Contract, framed: bytes) -> Writer:
        _require_header(framed, _CONFLUENT_HEADER)
        if self._registry is None:
            return ours.current.writer  # nothing says what the id means; the strict check decides
        schema_id = int.from_bytes(framed[1:_CONFLUENT_HEADER], "big")
        known = (ours.topic, schema_id)
        if known not in self._writers:
            schema = self._schema(self._registry, schema_id)
            self._writers[known] = _foreign_writer(ours, schema_id, schema)
        return self._writers[known]

    def _schema(self, registry: SchemaRegistry, schema_id: int) -> dict[str, Any] | None:
        """What an id means never changes, so it is asked once; an unknown id may be known later."""
        if schema_id not in self._schemas:
            schema = registry.schema(schema_id)
            if schema is None:
                return None
            self._schemas[schema_id] = schema
        return self._schemas[schema_id]


def _bounded(value: bytes | None, limit: int) -> bytes:
    if not value:
        raise ContractError(
            Reason.MISSING_VALUE, "The message has no value; an event must be published in it."
        )
    if len(value) > limit:
        raise ContractError(
            Reason.OVERSIZED,
            f"The value has {len(value)} bytes, and {limit} are allowed; shorten its texts.",
        )
    return value


def _require_header(framed: bytes, length: int) -> None:
    if len(framed) < length:
        raise ContractError(
            Reason.UNDECODABLE,
            f"The value ends after {len(framed)} bytes, inside its header of {length}; "
            "the event was cut and must be published again.",
        )


def _single_object_writer(ours: Contract, framed: bytes) -> Writer:
    _require_header(framed, _SINGLE_OBJECT_HEADER)
    named = framed[len(_SINGLE_OBJECT) : _SINGLE_OBJECT_HEADER]
    if version := ours.versions.get(named):
        return version.writer
    owner = topic_of_fingerprint(named)
    what = f"is that of {owner}" if owner else "is that of no schema known here"
    raise ContractError(
        Reason.UNKNOWN_SCHEMA,
        f"The fingerprint {named.hex()} {what}; {ours.topic} takes {ours.record_name} "
        f"({ours.current.fingerprint.hex()}).",
    )


def _foreign_writer(ours: Contract, schema_id: int, schema: dict[str, Any] | None) -> Writer:
    """Prepare the writer schema that an id stands for, if it is one for this topic."""
    if schema is None:
        why = "is unknown to the registry"
    elif flaw := why_not_flat(schema):
        why = f"cannot be used: {flaw}"
    else:
        try:
            if fullname(schema) == ours.record_name:
                return _ours_or(Writer(schema), ours)
            why = f"is that of {fullname(schema)!r}"
        except Exception as error:  # a stranger's schema, like a stranger's bytes
            why = f"is not valid Avro ({error!r})"
    raise ContractError(
        Reason.UNKNOWN_SCHEMA,
        f"The schema with id {schema_id} {why}; {ours.topic} takes {ours.record_name}.",
    )


def _ours_or(stranger: Writer, ours: Contract) -> Writer:
    """The writer of a version of ours that reads and writes the very same, or else the stranger."""
    form = to_parsing_canonical_form(stranger.schema)
    writers = (version.writer for version in ours.versions.values())
    same = (each for each in writers if to_parsing_canonical_form(each.schema) == form)
    return next(same, stranger)


def _why_unknown_framing(framed: bytes) -> str:
    seems = " It seems to be JSON." if framed.lstrip()[:1] in (b"{", b"[") else ""
    return (
        f"The value begins with {framed[:2].hex(' ')}, and must begin with c3 01 (Avro "
        f"single-object encoding) or 00 (Confluent's framing).{seems}"
    )
