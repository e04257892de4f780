"""Writes honest values at random, for any flat schema, in parts that can be bent one by one.

Rule of this file: what it makes is what a correct encoder may write, in whatever blocks.
"""

import struct
from itertools import pairwise
from random import Random
from typing import Any

from tests.fuzz.reference import Reader, Schema, kind_of
from tests.fuzz.targets import CURRENT, TARGETS, USABLE, Target, schema_of_id
from tests.wire import EVENT_ID, FINGERPRINTS, OCCURRED_AT, SINGLE_OBJECT, long, text

Parts = list[bytes]
"""A value in pieces: its header, then one for each datum. Joined, they are the value."""

_WORDS = ("", "a", "order-1", "mediator-1", "x" * 64, "x" * 65, "é", "\U0001f600", "\0", " ", "0")
_NUMBERS = (0, 1, 2, 40, 63, 64, 10_000, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -1, -(2**63))
_EMPTY_HANDED = {"fields": CURRENT["verdict.issued"]["fields"][:-1]}  # without its evidence
_READERS: dict[int, Reader] = {}


def header_of_id(schema_id: int) -> bytes:
    """Confluent's framing."""
    return b"\0" + (schema_id & 0xFFFFFFFF).to_bytes(4, "big")


def header_of_topic(topic: str) -> bytes:
    """Avro's single-object encoding."""
    return SINGLE_OBJECT + bytes.fromhex(FINGERPRINTS[topic])


def honest(rng: Random) -> tuple[Target, Parts]:
    """A value for one of the targets, in a schema that it may be written in."""
    target = rng.choice(TARGETS)
    if rng.random() < 0.3:
        return target, [header_of_topic(target.topic), *_record(CURRENT[target.topic], rng)]
    if not target.registry:
        header = header_of_id(rng.choice((0, 1, 2**32 - 1)))
        return target, [header, *_record(CURRENT[target.topic], rng)]
    ids = [at for at in range(1, len(USABLE) + 1) if schema_of_id(target.topic, at)]
    schema_id = rng.choice(ids)
    return target, [header_of_id(schema_id), *_record(USABLE[schema_id - 1], rng)]


def crowded(rng: Random) -> tuple[Target, Parts]:
    """A verdict that is filled with evidence, around the limits of what is looked at."""
    count = rng.choice((999, 1_000, 1_001, rng.randrange(2, 25_000)))
    head = [header_of_topic("verdict.issued"), *_record(_EMPTY_HANDED, rng)]
    piece = long(rng.randrange(7)) + text("x" * rng.randrange(3))
    count = min(count, 65_000 // len(piece))
    block = [long(count), piece * count] if rng.random() < 0.5 else [(long(1) + piece) * count]
    return rng.choice(TARGETS[4:]), [*head, *block, long(0)]


def parts_of(target: Target, value: bytes) -> Parts:
    """Cut a value where its data end, as far as it can be read with the schema that it names."""
    single = value.startswith(SINGLE_OBJECT)
    start = 10 if single else 5
    schema = CURRENT[target.topic]
    if target.registry and not single:
        schema = schema_of_id(target.topic, int.from_bytes(value[1:5], "big")) or schema
    ends = reader_of(schema).ends(value[start:])
    places = [0, *(start + end for end in [0, *ends]), len(value)]
    return [value[a:b] for a, b in pairwise(places) if a < b]


def reader_of(schema: Schema) -> Reader:
    """The reference's reader of a schema of the targets, made once."""
    if id(schema) not in _READERS:
        _READERS[id(schema)] = Reader(schema)
    return _READERS[id(schema)]


def _record(schema: Schema, rng: Random) -> Parts:
    return [part for each in schema["fields"] for part in _datum(each["type"], rng, each["name"])]


def _datum(schema: Any, rng: Random, name: str) -> Parts:
    if isinstance(schema, list):
        branch = rng.randrange(len(schema))
        return [long(branch), *_datum(schema[branch], rng, name)]
    match kind_of(schema):
        case "enum":
            return [long(rng.randrange(len(schema["symbols"])))]
        case "array":
            return _array(schema["items"], rng)
        case "record":
            return _record(schema, rng)
        case kind:
            return _primitive(kind, rng, name)


def _primitive(kind: str, rng: Random, name: str) -> Parts:
    usual = rng.random() < 0.95
    match kind:
        case "string" | "bytes":
            return [text(_usual_text(name) if usual else rng.choice(_WORDS))]
        case "int" | "long":
            known = _NUMBERS if kind == "long" else [n for n in _NUMBERS if -1 <= n < 2**31]
            return [long(_usual_number(name, kind) if usual else rng.choice(known))]
        case "boolean":
            return [bytes([rng.randrange(2)])]
        case "float":
            return [struct.pack("<f", rng.choice((0.0, -1.5, 1e30)))]
        case "double":
            return [struct.pack("<d", rng.choice((0.0, -1.5, 1e300)))]
        case _:
            return []  # null takes no bytes


def _usual_text(name: str) -> str:
    return {"event_id": EVENT_ID, "currency": "EUR"}.get(name, f"{name}-1")


def _usual_number(name: str, kind: str) -> int:
    return OCCURRED_AT if (name, kind) == ("occurred_at", "long") else 4_000


def _array(items: Any, rng: Random) -> Parts:
    parts: Parts = []
    left = rng.choice((0, 1, 1, 2, 3, 5))
    while left:
        count = rng.randint(1, left)
        left -= count
        block = [part for _ in range(count) for part in _datum(items, rng, "item")]
        sized = rng.random() < 0.3
        parts += [long(-count), long(sum(map(len, block)))] if sized else [long(count)]
        parts += block
    return [*parts, long(0)]
