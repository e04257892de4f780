"""A second opinion on a value: Avro read by hand, as strictly as the codec promises to.

Rule of this file: it is written from the Avro specification and docs/contracts.md alone. It never
calls the codec, and never fastavro, so that it can testify against both.
"""

import re
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

Schema = dict[str, Any]
Read = Callable[[bytes, int, list[int]], tuple[Any, int]]
"""Reads one datum at an offset: the value, and where it ends. Notes each place where one ends."""

MOST_ITEMS = 1_000
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_YEAR_10000 = 253_402_300_800_000  # milliseconds since 1970


class DishonestError(Exception):
    """No correct encoder wrote these bytes with this schema."""


class MisfitError(Exception):
    """What was written cannot be read with the schema that is known here."""


@dataclass(slots=True)
class Found:
    """What stands in a body; `plain` unless the array is in other blocks than encoders choose."""

    record: dict[str, Any]
    plain: bool


@dataclass(slots=True)
class Reader:
    """Reads the bodies of one flat record schema, of which only the last field may be an array."""

    schema: Schema
    _fields: list[tuple[str, Read]] = field(init=False)
    _items: Read | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        *_, last = self.schema["fields"]
        array = isinstance(last["type"], dict) and last["type"]["type"] == "array"
        self._fields = _readers(self.schema["fields"][:-1] if array else self.schema["fields"])
        if array:
            self._items = _reader(last["type"]["items"])

    def ends(self, body: bytes) -> list[int]:
        """Where each datum of a body ends, as far as it can be read."""
        ends: list[int] = []
        with suppress(DishonestError):
            self._read(body, ends)
        return ends

    def read(self, body: bytes) -> Found:
        """Read a whole body, or raise DishonestError."""
        return self._read(body, [])

    def _read(self, body: bytes, ends: list[int]) -> Found:
        try:
            record, at = _record(self._fields, body, 0, ends)
            plain = True
            if self._items is not None:
                items, plain, at = _blocks(self._items, body, at, ends)
                record[self.schema["fields"][-1]["name"]] = items
        except (IndexError, struct.error):
            raise DishonestError("cut") from None
        if at != len(body):
            raise DishonestError("trailing bytes")
        return Found(record, plain)


def resolve(record: Mapping[str, Any], writer: Schema, reader: Schema) -> dict[str, Any]:
    """What a reader with another schema sees in a record."""
    written = {each["name"]: each["type"] for each in writer["fields"]}
    seen = {}
    for each in reader["fields"]:
        name = each["name"]
        if name in written:
            seen[name] = _resolved(record[name], written[name], each["type"])
        elif "default" in each:
            seen[name] = each["default"]
        else:
            raise MisfitError(name)
    return seen


def field_flaw(record: Mapping[str, Any]) -> str | None:
    """The first field of an event's record that the contract refuses."""
    for name, value in record.items():
        if not _is_allowed(name, value):
            return name
    return None


def _is_allowed(name: str, value: Any) -> bool:
    match name:
        case "event_id":
            return _UUID.fullmatch(value) is not None
        case "occurred_at":
            return bool(0 <= value < _YEAR_10000)
        case "currency":
            return len(value) == 3 and value.isascii() and value.isupper()
        case "evidence":
            said = [each["reference"] for each in value]
            return all(1 <= len(each) <= 2048 and "\0" not in each for each in said)
        case "reasons":
            return "\0" not in value
        case _ if name.endswith("_id"):
            return 1 <= len(value) <= 64 and "\0" not in value
        case _ if name.endswith("_minor"):
            return value is None or value >= 0
        case _:
            return True


def _resolved(value: Any, written: Any, wanted: Any) -> Any:
    if isinstance(written, list):
        written = "null" if value is None else next(each for each in written if each != "null")
    if isinstance(wanted, list):
        return None if written == "null" else _resolved(value, written, wanted[1])
    written_kind, kind = kind_of(written), kind_of(wanted)
    if kind == "array" and written_kind == "array":
        return [resolve(item, written["items"], wanted["items"]) for item in value]
    if kind == "enum" and written_kind == "enum":
        return value if value in wanted["symbols"] else wanted["default"]
    if (written_kind, kind) == ("bytes", "string"):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise MisfitError("bytes that are no text") from error
    if kind != written_kind and (written_kind, kind) != ("int", "long"):
        raise MisfitError(f"{written_kind} for {kind}")
    return value


def kind_of(schema: Any) -> str:
    """The name of a type, of a named one: record, enum or array."""
    return str(schema["type"] if isinstance(schema, dict) else schema)


def _readers(fields: list[Schema]) -> list[tuple[str, Read]]:
    return [(each["name"], _reader(each["type"])) for each in fields]


def _reader(schema: Any) -> Read:
    if isinstance(schema, list):
        return partial(_union, [_reader(branch) for branch in schema])
    match kind_of(schema):
        case "enum":
            return partial(_enum, schema["symbols"])
        case "record":
            return partial(_record, _readers(schema["fields"]))
        case kind:
            return _PRIMITIVES[kind]


def _number(body: bytes, at: int, ends: list[int]) -> tuple[int, int]:
    """A zigzag number of at most 64 bits in its shortest form."""
    byte = body[at]
    at += 1
    raw, shift = byte & 0x7F, 7
    while byte & 0x80:
        byte = body[at]
        at += 1
        raw |= (byte & 0x7F) << shift
        shift += 7
        if byte == 0 or raw >> 64:
            raise DishonestError("padded, or beyond 64 bits")
    ends.append(at)
    return (raw >> 1) ^ -(raw & 1), at


def _int(body: bytes, at: int, ends: list[int]) -> tuple[int, int]:
    number, at = _number(body, at, ends)
    if not -(2**31) <= number < 2**31:
        raise DishonestError("beyond 32 bits")
    return number, at


def _null(body: bytes, at: int, ends: list[int]) -> tuple[None, int]:
    return None, at


def _boolean(body: bytes, at: int, ends: list[int]) -> tuple[bool, int]:
    if body[at] > 1:
        raise DishonestError("neither true nor false")
    ends.append(at + 1)
    return body[at] == 1, at + 1


def _floating(form: struct.Struct, body: bytes, at: int, ends: list[int]) -> tuple[float, int]:
    (value,) = form.unpack_from(body, at)
    end = at + form.size
    if form.pack(value) != body[at:end]:
        raise DishonestError("a NaN that arithmetic does not keep")
    ends.append(end)
    return value, end


def _bytes(body: bytes, at: int, ends: list[int]) -> tuple[bytes, int]:
    length, at = _number(body, at, ends)
    end = at + length
    if length < 0 or end > len(body):
        raise DishonestError("a length beyond the end")
    ends.append(end)
    return body[at:end], end


def _string(body: bytes, at: int, ends: list[int]) -> tuple[str, int]:
    raw, at = _bytes(body, at, ends)
    try:
        return raw.decode(), at
    except UnicodeDecodeError as error:
        raise DishonestError("not UTF-8") from error


def _enum(symbols: list[str], body: bytes, at: int, ends: list[int]) -> tuple[str, int]:
    index, at = _number(body, at, ends)
    if not 0 <= index < len(symbols):
        raise DishonestError("no such symbol")
    return symbols[index], at


def _union(branches: list[Read], body: bytes, at: int, ends: list[int]) -> tuple[Any, int]:
    index, at = _number(body, at, ends)
    if not 0 <= index < len(branches):
        raise DishonestError("no such branch")
    return branches[index](body, at, ends)


def _record(
    fields: list[tuple[str, Read]], body: bytes, at: int, ends: list[int]
) -> tuple[dict[str, Any], int]:
    record = {}
    for name, read in fields:
        record[name], at = read(body, at, ends)
    return record, at


def _blocks(read: Read, body: bytes, at: int, ends: list[int]) -> tuple[list[Any], bool, int]:
    """The items of an array, and whether they stand in one block without a size, or in none."""
    items: list[Any] = []
    plain, seen = True, 0
    while True:
        count, at = _number(body, at, ends)
        if count == 0:
            return items, plain, at
        plain = plain and count > 0 and seen == 0
        seen += 1
        size, start = None, at
        if count < 0:
            size, start = _number(body, at, ends)
            at = start
        for _ in range(abs(count)):
            item, at = read(body, at, ends)
            items.append(item)
        if size is not None and at - start != size:
            raise DishonestError("a block of another size")


_PRIMITIVES: dict[str, Read] = {
    "null": _null,
    "boolean": _boolean,
    "int": _int,
    "long": _number,
    "float": partial(_floating, struct.Struct("<f")),
    "double": partial(_floating, struct.Struct("<d")),
    "bytes": _bytes,
    "string": _string,
}
