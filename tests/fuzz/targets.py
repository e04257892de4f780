"""What is fuzzed: each inbound topic, without a registry and with one full of strangers' schemas.

Rule of this file: the schemas are read from their files as JSON, and bent here by hand; the codec
and the reference get the same ones, and nothing else in common.
"""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.reference import Schema
from tests.registries import RegistryInMemory

TOPICS = ("order.disputed", "mediator.assigned", "verdict.issued")
_AVRO = Path(__file__).parents[2] / "schemas" / "avro"
CURRENT: dict[str, Schema] = {
    topic: json.loads((_AVRO / f"{topic}.v1.avsc").read_text(encoding="utf-8")) for topic in TOPICS
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value is sent to."""

    topic: str
    registry: bool

    def __str__(self) -> str:
        """The two words that stand before the value in a corpus."""
        return f"{self.topic} {'registry' if self.registry else 'alone'}"


TARGETS = tuple(Target(topic, registry) for topic in TOPICS for registry in (False, True))


def target_named(topic: str, registry: str) -> Target:
    """The target of these two words."""
    return Target(topic, registry == "registry")


def target_and_value(data: bytes) -> tuple[Target, bytes]:
    """What libFuzzer's bytes stand for: the first one names the target."""
    return TARGETS[data[0] % len(TARGETS)], data[1:]


def as_data(target: Target, value: bytes) -> bytes:
    """The bytes that stand for a value."""
    return bytes([TARGETS.index(target)]) + value


def _field(name: str, kind: Any, **more: Any) -> Schema:
    return {"name": name, "type": kind, **more}


def _bent(topic: str, *added: Schema, at: int | None = None, **kinds: Any) -> Schema:
    """A topic's schema with more fields (at the end, or before field `at`), or of other types."""
    schema = copy.deepcopy(CURRENT[topic])
    fields = [
        _field(each["name"], kinds[each["name"]]) if each["name"] in kinds else each
        for each in schema["fields"]
    ]
    at = len(fields) if at is None else at
    return schema | {"fields": [*fields[:at], *added, *fields[at:]]}


def _without(topic: str, *names: str) -> Schema:
    fields = [each for each in CURRENT[topic]["fields"] if each["name"] not in names]
    return CURRENT[topic] | {"fields": fields}


def _enum(name: str, *symbols: str) -> Schema:
    return {"type": "enum", "name": name, "symbols": list(symbols)}


def _array(items: Any) -> Schema:
    return {"type": "array", "items": items}


_OF_ALL_KINDS = [
    _field(f"{kind}_{at}", kind)
    for at, kind in enumerate(("boolean", "int", "float", "double", "bytes", "string", "long"))
]
_NULLABLES = [
    _field("maybe_int", ["int", "null"]),
    _field("maybe_enum", ["null", _enum("Mood", "CALM", "CROSS")]),
    _field("maybe_double", ["null", "double"]),
    _field("maybe_bytes", ["null", "bytes"]),
]
_WIDER_EVIDENCE = {
    "type": "record",
    "name": "Evidence",
    "fields": [
        _field("weight", "int"),
        _field("reference", "string"),
        _field("note", ["null", "string"]),
        _field("kind", _enum("EvidenceKind", "UNKNOWN", "FILE", "MESSAGE", "HEARSAY")),
    ],
}
USABLE: list[Schema] = [
    *CURRENT.values(),
    _bent("mediator.assigned", *_OF_ALL_KINDS),
    _bent("mediator.assigned", *_NULLABLES, at=2),
    _bent("mediator.assigned", mediator_id="bytes", occurred_at="int"),
    _bent("mediator.assigned", _field("numbers", _array("int"))),
    _bent("mediator.assigned", _field("flags", _array("boolean"))),
    _bent("mediator.assigned", _field("notes", _array(["null", "string"]))),
    _without("order.disputed", "fees_minor", "commission_minor"),
    CURRENT["order.disputed"] | {"fields": CURRENT["order.disputed"]["fields"][::-1]},
    _bent("order.disputed", order_id=["null", "string"], fees_minor="int"),
    _bent("verdict.issued", decision=_enum("VerdictDecision", "SPLIT", "PAY_SELLER", "UNKNOWN")),
    _bent("verdict.issued", evidence=_array(_WIDER_EVIDENCE)),
    _bent("verdict.issued", _field("language", "string"), at=4, refund_minor="long"),
    _without("verdict.issued", "evidence"),
    # These are flat and can be prepared, and none of their events can be read as ours.
    _without("mediator.assigned", "order_id"),
    _bent("mediator.assigned", mediator_id="long"),
]
UNUSABLE: list[Schema] = [
    _bent("mediator.assigned", _field("next", ["null", "mediation.MediatorAssigned"])),
    _bent("mediator.assigned", _field("nulls", _array("null"))),
    _bent("mediator.assigned", _field("deep", _array(_array("long")))),
    _bent("mediator.assigned", _field("bad", _enum("Bad", "not a symbol"))),
    _bent("verdict.issued", _field("late", "long")),  # an array that is not last
    CURRENT["verdict.issued"] | {"namespace": "elsewhere"},
]


def registry() -> RegistryInMemory:
    """A registry that holds them all: the usable ones have the ids from 1 on."""
    full = RegistryInMemory()
    full.schemas.extend(USABLE + UNUSABLE)
    return full


def schema_of_id(topic: str, schema_id: int) -> Schema | None:
    """The schema that an id stands for, if it is a usable one for this topic."""
    known = USABLE[schema_id - 1] if 1 <= schema_id <= len(USABLE) else None
    return known if known and known["name"] == CURRENT[topic]["name"] else None
