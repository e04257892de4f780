"""Checks the fields of a decoded record, one by one.

Rule of this file: what is refused here is refused with the name of the field, what is wrong with
it and what it should have been. A value is never mended, cut or guessed.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from schemas.currencies import ACTIVE_CURRENCIES
from schemas.errors import ContractError
from schemas.reasons import Reason
from schemas.records import Record, instant_from_millis

LAST_MILLISECOND: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
LONGEST_ID: Final = 64  # characters
LONGEST_REFERENCE: Final = 2048  # characters of a piece of evidence

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_LAST_LONG = 2**63 - 1
_SHOWN = 80  # characters of a refused value that an explanation repeats

_Symbol = TypeVar("_Symbol", bound=StrEnum)
_Value = TypeVar("_Value")


class Fields:
    """The fields of one record. Every method raises ContractError for a field it refuses."""

    def __init__(self, record: Record, path: str = "") -> None:
        """Read from `record`; `path` is what its field names begin with in an explanation."""
        self._record = record
        self._path = path

    def uuid(self, name: str) -> UUID:
        """A UUID in its 36-character form, in either case."""
        value = self._typed(name, str)
        if _UUID.fullmatch(value) is None:
            raise self._refused(
                Reason.INVALID_ID, name, value, "it must be a UUID of 36 characters"
            )
        return UUID(value)

    def id(self, name: str) -> str:
        """An opaque id: 1 to 64 characters, no NUL."""
        value = self._typed(name, str)
        if not 1 <= len(value) <= LONGEST_ID:
            raise self._refused(
                Reason.INVALID_ID, name, value, f"an id has 1 to {LONGEST_ID} characters"
            )
        return self._storable(Reason.INVALID_ID, name, value)

    def text(self, name: str, *, at_least: int = 0, at_most: int | None = None) -> str:
        """A text without NUL, of `at_least` to `at_most` characters."""
        value = self._typed(name, str)
        if len(value) < at_least:
            raise self._refused(Reason.INVALID_TEXT, name, value, "it must not be empty")
        if at_most is not None and len(value) > at_most:
            raise self._refused(
                Reason.INVALID_TEXT, name, value, f"it may have at most {at_most} characters"
            )
        return self._storable(Reason.INVALID_TEXT, name, value)

    def instant(self, name: str) -> datetime:
        """An aware UTC instant, from milliseconds since 1970."""
        value = self._typed(name, int)
        if not 0 <= value <= LAST_MILLISECOND:
            raise self._refused(
                Reason.INVALID_TIMESTAMP,
                name,
                value,
                "it must be milliseconds since 1970-01-01 (UTC), up to the year 9999",
            )
        return instant_from_millis(value)

    def currency(self, name: str) -> str:
        """An active ISO 4217 code."""
        value = self._typed(name, str)
        if value not in ACTIVE_CURRENCIES:
            raise self._refused(
                Reason.INVALID_CURRENCY, name, value, "it must be an active ISO 4217 code like EUR"
            )
        return value

    def amount(self, name: str, *, default: int | None = None) -> int:
        """An amount of money in minor units, zero or more."""
        if default is not None and name not in self._record:
            return default
        value = self._typed(name, int)
        if not 0 <= value <= _LAST_LONG:
            raise self._refused(
                Reason.INVALID_AMOUNT, name, value, "an amount is zero or more minor units"
            )
        return value

    def amount_or_none(self, name: str) -> int | None:
        """An amount as in `amount`, or None where it is null or absent."""
        return None if self._record.get(name) is None else self.amount(name)

    def symbol(self, name: str, symbols: type[_Symbol]) -> _Symbol:
        """A symbol of an enum."""
        value = self._typed(name, str)
        try:
            return symbols(value)
        except ValueError:
            known = ", ".join(symbols)
            raise self._refused(
                Reason.UNDECODABLE, name, value, f"it must be one of {known}"
            ) from None

    def list(self, name: str) -> "list[Fields]":
        """The records of an array; absent is empty."""
        if name not in self._record:
            return []
        items: Sequence[object] = self._typed(name, list)
        return [self._item(f"{self._path}{name}[{at}]", item) for at, item in enumerate(items)]

    def _item(self, path: str, item: object) -> "Fields":
        if not isinstance(item, dict):
            raise ContractError(
                Reason.UNDECODABLE, f"The field `{path}` is {_shown(item)}; it must be a record."
            )
        return Fields(item, f"{path}.")

    def _typed(self, name: str, wanted: type[_Value]) -> _Value:
        if name not in self._record:
            raise ContractError(
                Reason.UNDECODABLE, f"The field `{self._path}{name}` is missing; it is required."
            )
        value = self._record[name]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise self._refused(Reason.UNDECODABLE, name, value, f"it must be {_KINDS[wanted]}")
        return value

    def _storable(self, reason: Reason, name: str, value: str) -> str:
        if "\0" in value:
            raise self._refused(reason, name, value, "it must not hold the character NUL")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._refused(reason, name, value, "it must be valid Unicode") from None
        return value

    def _refused(self, reason: Reason, name: str, value: object, rule: str) -> ContractError:
        return ContractError(reason, f"The field `{self._path}{name}` is {_shown(value)}; {rule}.")


_KINDS: dict[type, str] = {str: "a text", int: "a whole number", list: "an array"}


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}… ({len(shown)} characters)"
