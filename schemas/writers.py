"""Generates the function that writes a fact as a body of ours.

Rule of this file: a fact is written if each of its fields is of exactly the type that it is
declared with (`schemas.records` says how each is written). Whatever else it may hold is left to
fastavro, to be written or refused.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from schemas.coders import Lines, Schema, Text, doubt_if, indented, kind_of
from schemas.contracts import contract
from schemas.records import millis_from_instant
from schemas.topics import Topic
from schemas.uuids import uuid_text
from schemas.varints import long_bytes

Write = Callable[[object], bytes | None]
"""Returns the body of a fact, or None if it takes a closer look."""

_KNOWN: Final = {
    "UUID": UUID,
    "datetime": datetime,
    "long_bytes": long_bytes,
    "millis_from_instant": millis_from_instant,
    "uuid_text": uuid_text,
}
_UUID_LENGTH = long_bytes(36)


@cache
def writer(topic: Topic) -> Write:
    """The writer of a topic, for bodies in its newest version."""
    return writer_of(contract(topic).current.schema)


def writer_of(schema: Schema) -> Write:
    """Generate the writer of a schema."""
    text = Text(_KNOWN)
    lines = [
        "def write(fact):",
        "    try:",
        *indented(indented(_record(text, schema, "fact", "body"))),
        "    except (AttributeError, LookupError, TypeError, ValueError):",
        "        return None",
        "    return body",
    ]
    return text.compiled("write", lines)


def _record(text: Text, schema: Schema, fact: str, into: str) -> Lines:
    lines = [f"{fact}.__dataclass_fields__  # an AttributeError, if it is no fact"]
    parts = []
    for field in schema["fields"]:
        value, part = text.variable(), text.variable()
        lines += [f"{value} = {fact}.{field['name']}", *_datum(text, field["type"], value, part)]
        parts.append(part)
    return [*lines, f"{into} = b''.join(({', '.join(parts)}))"]


def _datum(text: Text, schema: Any, value: str, into: str) -> Lines:
    """Write the datum in a variable into another one."""
    match kind_of(schema):
        case "union":
            return _union(text, schema, value, into)
        case "array":
            return _array(text, schema["items"], value, into)
        case "enum":
            indices = {symbol: long_bytes(at) for at, symbol in enumerate(schema["symbols"])}
            return [f"{into} = {text.table(indices)}[{value}]"]
        case "uuid":
            written = f"{_UUID_LENGTH!r} + uuid_text({value}).encode()"
            return [*_unless("UUID", value), f"{into} = {written}"]
        case "string":
            written = "long_bytes(len(text)) + text"
            return [*_unless("str", value), f"text = {value}.encode()", f"{into} = {written}"]
        case "timestamp-millis":
            written = f"long_bytes(millis_from_instant({value}))"
            return [*_unless("datetime", value), f"{into} = {written}"]
        case "long":
            return [*_unless("int", value), f"{into} = long_bytes({value})"]
        case kind:
            raise NotImplementedError(f"no field of a fact is a {kind} yet")


def _union(text: Text, branches: list[Any], value: str, into: str) -> Lines:
    null = branches.index("null")
    return [
        f"if {value} is None:",
        f"    {into} = {long_bytes(null)!r}",
        "else:",
        *indented(_datum(text, branches[1 - null], value, into)),
        f"    {into} = {long_bytes(1 - null)!r} + {into}",
    ]


def _array(text: Text, items: Schema, value: str, into: str) -> Lines:
    item, part = text.variable(), text.variable()
    return [
        *_unless("tuple", value),
        f"{into} = [long_bytes(len({value}))] if {value} else []",
        f"for {item} in {value}:",
        *indented(_record(text, items, item, part)),
        f"    {into}.append({part})",
        f"{into} = b''.join({into}) + {long_bytes(0)!r}",
    ]


def _unless(kind: str, value: str) -> Lines:
    return doubt_if(f"type({value}) is not {kind}")
