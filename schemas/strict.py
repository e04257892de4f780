"""Reads the body of an event so strictly that nothing but an honest encoding passes.

Rule of this file: a body is accepted when writing again what was read gives the same bytes, or
when the sole difference is another blocking of the array in the last field
(docs/adr/0009-strict-decoding.md). fastavro alone also accepts an enum index of -1, a negative
union index, overlong numbers and leftover bytes, each of which turns a corrupt event into another.
"""

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final, cast

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.validation import validate

from schemas.errors import ContractError
from schemas.reasons import Reason

MAX_ITEMS: Final = 1_000
"""How many items the array of an event may have: 64 KiB hold 65,000, which take 0.1 s to judge."""

_LONGEST_VARINT = 10  # bytes of a 64-bit number
_SHOWN = 200  # characters of a decoder's complaint that an explanation repeats


class Writer:
    """Reads and writes the bodies of one flat record schema.

    Logical types are taken out of the schema: turning text into a UUID and back would change its
    case, and with it the bytes.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        """Prepare a flat record schema (see `schemas.flat`), given as parsed JSON."""
        physical = _without_logical_types(schema)
        self.schema = parse_schema(physical)
        self._holds_ints = '"int"' in json.dumps(physical)
        last = physical["fields"][-1]
        self._array: str | None = None
        if isinstance(last["type"], dict) and last["type"]["type"] == "array":
            self._array = last["name"]
            self._items = parse_schema(last["type"]["items"])

    def write(self, record: dict[str, Any]) -> bytes:
        """Encode a record the canonical way."""
        return _written(self.schema, record)

    def read(self, body: bytes) -> dict[str, Any]:
        """Decode a body strictly.

        Raises:
            ContractError: `undecodable`, `oversized`, `trailing_bytes` or `not_canonical`.
        """
        stream = BytesIO(body)
        try:
            record = cast(dict[str, Any], schemaless_reader(stream, self.schema, None))
            self._require_few_items(record)
            rewritten = self.write(record)
        except ContractError:
            raise
        except Exception as error:  # fastavro raises whatever the bytes lead it into
            raise ContractError(Reason.UNDECODABLE, _why_undecodable(error)) from error
        if stream.tell() < len(body):
            raise ContractError(
                Reason.TRAILING_BYTES,
                f"{len(body) - stream.tell()} bytes are left over after the last field; the "
                "producer must write one event a message, and nothing after it.",
            )
        if rewritten != body and not self._is_reblocked(record, body):
            raise ContractError(Reason.NOT_CANONICAL, _why_not_canonical(rewritten, body))
        if self._holds_ints and not validate(record, self.schema, raise_errors=False):
            raise ContractError(
                Reason.NOT_CANONICAL,
                "A field declared `int` holds a number of more than 32 bits, which no correct "
                "encoder writes; the event must be published again.",
            )
        return record

    def resolve(self, body: bytes, reader: "Writer") -> dict[str, Any]:
        """Decode a body that passed `read` as what `reader` knows.

        Raises:
            ContractError: `unknown_schema`, if the two schemas do not fit.
        """
        try:
            found = schemaless_reader(BytesIO(body), self.schema, reader.schema)
        except Exception as error:
            raise ContractError(
                Reason.UNKNOWN_SCHEMA,
                "The schema of the event cannot be read as the one this version knows "
                f"({_shown(error)}); publish with a backward-compatible schema.",
            ) from error
        return cast(dict[str, Any], found)

    def _require_few_items(self, record: dict[str, Any]) -> None:
        if self._array is not None and len(record[self._array]) > MAX_ITEMS:
            raise ContractError(
                Reason.OVERSIZED,
                f"The field `{self._array}` has {len(record[self._array])} items, and {MAX_ITEMS} "
                "are allowed; name what matters.",
            )

    def _is_reblocked(self, record: dict[str, Any], body: bytes) -> bool:
        if self._array is None:
            return False
        head = self.write(record | {self._array: []})[:-1]  # less the zero that ends the array
        items = [_written(self._items, item) for item in record[self._array]]
        try:
            return body.startswith(head) and _blocks_hold(body, len(head), items)
        except ValueError:
            return False


def _written(schema: Any, datum: Any) -> bytes:
    stream = BytesIO()
    schemaless_writer(stream, schema, datum)
    return stream.getvalue()


def _blocks_hold(body: bytes, at: int, items: Sequence[bytes]) -> bool:
    """Whether the blocks that begin at `at` hold exactly these items and end the body."""
    done = 0
    count, at = _read_long(body, at)
    while count != 0:
        block = items[done : done + abs(count)]
        expected = b"".join(block)
        size = len(expected)
        if count < 0:
            size, at = _read_long(body, at)
        if len(block) != abs(count) or size != len(expected) or not body.startswith(expected, at):
            return False
        done += len(block)
        count, at = _read_long(body, at + size)
    return done == len(items) and at == len(body)


def _read_long(body: bytes, at: int) -> tuple[int, int]:
    """Read a number in its shortest form; returns it and where it ends, or raises ValueError."""
    raw = 0
    for length, byte in enumerate(body[at : at + _LONGEST_VARINT]):
        raw |= (byte & 0x7F) << (7 * length)
        if not byte & 0x80:
            if (byte == 0 and length > 0) or raw >= 2**64:
                break
            return (raw >> 1) ^ -(raw & 1), at + length + 1
    raise ValueError("not a number in its shortest form")


def _without_logical_types(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: value if key == "default" else _without_logical_types(value)
            for key, value in node.items()
            if key != "logicalType"
        }
    if isinstance(node, list):
        return [_without_logical_types(item) for item in node]
    return node


def _why_undecodable(error: Exception) -> str:
    if isinstance(error, EOFError):
        return (
            "The bytes end in the middle of the event, or a length in them is wrong; "
            "the event was cut or corrupted and must be published again."
        )
    return (
        f"The bytes do not fit the schema that they name ({_shown(error)}); "
        "the event is corrupt and must be published again."
    )


def _why_not_canonical(rewritten: bytes, body: bytes) -> str:
    pairs = enumerate(zip(rewritten, body, strict=False))
    at = next(
        (at for at, (ours, theirs) in pairs if ours != theirs), min(map(len, (rewritten, body)))
    )
    return (
        f"The bytes can be read, but a correct encoder writes them differently from byte {at} of "
        "the body on: an index, a length or a number is out of its range, or padded. The event is "
        "corrupt, or its encoder faulty, and it must be published again."
    )


def _shown(error: Exception) -> str:
    return repr(error)[:_SHOWN]  # escaped, so that it can be stored whatever it quotes
