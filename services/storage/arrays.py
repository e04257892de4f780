"""How a column of values is sent as one array: in binary, and made in one go.

Rule: the type is that of the column, never guessed from the values. The driver's own way asks of
each list, and of each value in it, what it is; that cost a small transaction more than its rules.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from json import dumps
from operator import attrgetter
from struct import Struct
from typing import Any

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.json import Jsonb

_HEAD = Struct("!iiiii")  # dimensions, whether there are NULLs, type; length, number of the first
_LENGTH = Struct("!i").pack
_NULL = _LENGTH(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
_MICROSECOND = timedelta(microseconds=1)
_BIGINT = Struct("!q").pack


def pack(element: int, parts: Iterable[bytes | None], length: int) -> bytes:
    """The array of these values, which are in binary already, of the type with this number."""
    sent = [_HEAD.pack(1, 1, element, length, 1)]
    for part in parts:
        if part is None:
            sent.append(_NULL)
        else:
            sent.append(_LENGTH(len(part)))
            sent.append(part)
    return b"".join(sent)


def _timestamp(moment: datetime) -> bytes:
    return _BIGINT((moment - _EPOCH) // _MICROSECOND)


def _jsonb(value: Jsonb) -> bytes:
    return b"\x01" + dumps(value.obj).encode()


class Column(list[Any]):
    """The values of a column; each type has a class of its own, by which the driver knows it."""


def _dumper_of(element: int, array: int, encode: Callable[[Any], bytes]) -> type[Dumper]:
    in_binary_already = encode is bytes

    class ColumnDumper(Dumper):
        format = Format.BINARY
        oid = array

        def dump(self, values: Sequence[Any]) -> bytes:
            if in_binary_already:
                return pack(element, values, len(values))
            parts = [None if value is None else encode(value) for value in values]
            return pack(element, parts, len(parts))

    return ColumnDumper


# By PostgreSQL's names for the types, with its numbers for them and for their arrays.
_DUMPERS = {
    "text": _dumper_of(25, 1009, str.encode),
    "bytea": _dumper_of(17, 1001, bytes),
    "uuid": _dumper_of(2950, 2951, attrgetter("bytes")),
    "boolean": _dumper_of(16, 1000, (b"\x00", b"\x01").__getitem__),
    "smallint": _dumper_of(21, 1005, Struct("!h").pack),
    "integer": _dumper_of(23, 1007, Struct("!i").pack),
    "bigint": _dumper_of(20, 1016, _BIGINT),
    "timestamp with time zone": _dumper_of(1184, 1185, _timestamp),
    "jsonb": _dumper_of(3802, 3807, _jsonb),
}
_COLUMNS = {name: type("Column", (Column,), {}) for name in _DUMPERS}


def column(type_name: str, values: Sequence[Any]) -> Column:
    """These values, to be sent as an array of that type."""
    column_type: type[Column] = _COLUMNS[type_name]
    return column_type(values)


def send_columns_so(connection: Connection[Any]) -> None:
    """Let what `column` makes be sent this way on this connection."""
    for name, dumper in _DUMPERS.items():
        connection.adapters.register_dumper(_COLUMNS[name], dumper)
