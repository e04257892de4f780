"""How bytes, and arrays of them, are sent in binary: as they are, with their lengths before them.

The driver's own way asks about each piece of each array what it is, and costs a row of the outbox
more than all of its other columns together.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.string import BytesBinaryDumper

from services.storage.arrays import pack

_BYTEA, _BYTEA_ARRAY = 17, 1001  # PostgreSQL's own numbers for the types, the same for ever


class BytesArrayDumper(Dumper):
    """A list of bytes, or None for NULL, as PostgreSQL receives an array of `bytea`."""

    format = Format.BINARY
    oid = _BYTEA_ARRAY

    def dump(self, parts: Sequence[bytes | None]) -> bytes:
        """The array: its head, and then each part after its length."""
        return pack(_BYTEA, parts, len(parts))


class BytesArray(list[bytes | None]):
    """An array of bytes where nothing but the value says what it is, as in an INSERT."""


def send_as_they_are(connection: Connection[Any]) -> None:
    """Let columns of bytes, and of arrays of bytes, be sent this way on this connection."""
    connection.adapters.register_dumper(bytes, BytesBinaryDumper)
    connection.adapters.register_dumper(BytesArray, BytesArrayDumper)
