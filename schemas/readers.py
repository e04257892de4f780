"""Generates the function that reads a body of ours straight into its event.

Rule of this file: a body is read if and only if it is, to the byte, what is written for the event
that is read, and nothing in it breaks the rules of `schemas.fields`. So there is one form of
everything: the shortest number, an index that exists, the array in one block, the id in lower case.

Each datum takes at least a byte, and that byte is indexed; so a length beyond the end of the body
ends in an IndexError, or in the comparison at the end.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, Final

from schemas.coders import Lines, Schema, Text, doubt_if, indented, kind_of
from schemas.contracts import contract
from schemas.currencies import ACTIVE_CURRENCIES
from schemas.events import (
    Event,
    Evidence,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from schemas.fields import LAST_MILLISECOND, LONGEST_ID, LONGEST_REFERENCE
from schemas.records import instant_from_millis
from schemas.strict import MAX_ITEMS
from schemas.topics import Topic
from schemas.uuids import uuid_of, uuid_text
from schemas.varints import read_raw

Read = Callable[[bytes], Event | None]
"""Returns the event of a body, or None if it takes a closer look."""

_CLASSES: Final[dict[str, type]] = {
    kind.__name__: kind for kind in (OrderDisputed, MediatorAssigned, VerdictIssued, Evidence)
}
_ENUMS: Final[dict[str, type[StrEnum]]] = {
    kind.__name__: kind for kind in (OpenedBy, VerdictDecision, Ground, EvidenceKind)
}
_KNOWN: Final = {
    **_CLASSES,
    "ACTIVE_CURRENCIES": ACTIVE_CURRENCIES,
    "instant_from_millis": instant_from_millis,
    "read_raw": read_raw,
    "uuid_of": uuid_of,
    "uuid_text": uuid_text,
}
_NUL = r'"\0" in {0}'
_DOUBTS: Final = {
    "currency": "{0} not in ACTIVE_CURRENCIES",
    "reasons": _NUL,
    "reference": f"not 1 <= len({{0}}) <= {LONGEST_REFERENCE} or {_NUL}",
}
_DOUBT_OF_AN_ID: Final = f"not 1 <= len({{0}}) <= {LONGEST_ID} or {_NUL}"
_ONE_BYTE = 64  # indices that take one byte; a symbol beyond is rare enough for a closer look

_RAW = ["n = body[at]", "at += 1", "if n > 127:", "    n, at = read_raw(body, at - 1)"]


@cache
def reader(topic: Topic) -> Read:
    """The reader of an inbound topic, for bodies in its newest version."""
    return reader_of(contract(topic).current.schema)


def reader_of(schema: Schema) -> Read:
    """Generate the reader of an inbound schema."""
    text = Text(_KNOWN)
    lines = [
        "def read(body):",
        "    try:",
        "        at = 0",
        *indented(indented(_record(text, schema, "event"))),
        "    except (LookupError, OverflowError, ValueError):",
        "        return None",
        "    return event if at == len(body) else None",
    ]
    return text.compiled("read", lines)


def _record(text: Text, schema: Schema, into: str) -> Lines:
    lines: Lines = []
    values = []
    for field in schema["fields"]:
        variable = text.variable()
        lines += _datum(text, field["type"], field["name"], variable)
        values.append(f"{field['name']}={variable}")
    return [*lines, f"{into} = {schema['name']}({', '.join(values)})"]


def _datum(text: Text, schema: Any, name: str, into: str) -> Lines:
    """Read a datum into a variable; `n` is the raw number that it is, or begins with."""
    match kind_of(schema):
        case "union":
            return _union(text, schema, name, into)
        case "array":
            return _array(text, schema["items"], into)
        case "enum":
            return _enum(text, schema, into)
        case "uuid":
            return [*_string(into), *_uuid(into)]
        case "string":
            return [*_string(into), *doubt_if(_DOUBTS.get(name, _DOUBT_OF_AN_ID).format(into))]
        case "timestamp-millis":
            odd = f"n & 1 or n > {LAST_MILLISECOND << 1}"
            return [*_RAW, *doubt_if(odd), f"{into} = instant_from_millis(n >> 1)"]
        case "long":  # an amount: negative ones are odd
            return [*_RAW, *doubt_if("n & 1"), f"{into} = n >> 1"]
        case kind:
            raise NotImplementedError(f"no field of an event is a {kind} yet")


def _string(into: str) -> Lines:
    place = ["end = at + (n >> 1)", f"{into} = body[at:end].decode()", "at = end"]
    return [*_RAW, *doubt_if("n & 1"), *place]


def _uuid(text: str) -> Lines:
    return [
        f"id = uuid_of(int({text}.replace('-', ''), 16))",
        *doubt_if(f"uuid_text(id) != {text}"),
        f"{text} = id",
    ]


def _enum(text: Text, schema: Schema, into: str) -> Lines:
    known = _ENUMS[schema["name"]]
    symbols = {at << 1: known(each) for at, each in enumerate(schema["symbols"][:_ONE_BYTE])}
    return [f"{into} = {text.table(symbols)}[body[at]]", "at += 1"]


def _union(text: Text, branches: list[Any], name: str, into: str) -> Lines:
    null = branches.index("null")
    return [
        "n = body[at]",
        "at += 1",
        f"if n == {null << 1}:",
        f"    {into} = None",
        f"elif n == {(1 - null) << 1}:",
        *indented(_datum(text, branches[1 - null], name, into)),
        "else:",
        "    return None",
    ]


def _array(text: Text, items: Schema, into: str) -> Lines:
    item = text.variable()
    return [
        *_RAW,
        *doubt_if(f"n & 1 or n > {MAX_ITEMS << 1}"),
        f"{into} = []",
        "if n:",
        "    for _ in range(n >> 1):",
        *indented(indented(_record(text, items, item))),
        f"        {into}.append({item})",
        *indented(doubt_if("body[at]")),
        "    at += 1",
        f"{into} = tuple({into})",
    ]
