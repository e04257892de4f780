"""From a fact to the record that Avro writes, field by field.

Rule of this file: a record holds only what the *physical* Avro types hold. An instant is a count
of milliseconds since 1970 (UTC), an id is text, an enum is its symbol.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

Record = Mapping[str, object]
"""One Avro record, by field name."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant_from_millis(millis: int) -> datetime:
    """Turn milliseconds since 1970 into an aware UTC instant.

    Raises:
        OverflowError: the instant is outside the years 1 to 9999.
    """
    return _EPOCH + millis * _MILLISECOND


def millis_from_instant(instant: datetime) -> int:
    """Turn an aware instant into milliseconds since 1970; anything finer is cut off.

    Raises:
        TypeError: the instant is naive.
    """
    return (instant - _EPOCH) // _MILLISECOND


def record_from(fact: object) -> dict[str, object]:
    """Turn a fact (a dataclass) into its record, in the order of its fields."""
    if not is_dataclass(fact):
        raise TypeError(f"{type(fact).__name__} is not a fact")
    return {field.name: _physical(getattr(fact, field.name)) for field in fields(fact)}


def _physical(value: object) -> object:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return millis_from_instant(value)
        case Enum():
            return value.value
        case tuple():
            return [record_from(item) for item in value]
        case _:
            return value
