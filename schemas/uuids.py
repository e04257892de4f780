"""Ids from their numbers, and their text, which is asked for several times of each.

Rule of this file: what is made here is exactly what `UUID` and `str` make, and only sooner.
"""

from functools import lru_cache
from typing import Any
from uuid import UUID, SafeUUID

_MANY = 4096  # an event, its effects and their headers come right after each other

_slots: Any = vars(UUID)
_set_number, _set_safety = _slots["int"].__set__, _slots["is_safe"].__set__


def uuid_of(number: int) -> UUID:
    """What `UUID(int=number)` is, of a number from 0 to 2**128 - 1.

    Its constructor takes six forms, and asks for each of them; that takes three times as long.
    """
    id_ = object.__new__(UUID)
    _set_number(id_, number)
    _set_safety(id_, SafeUUID.unknown)
    return id_


def uuid_text(id_: UUID) -> str:
    """What `str(id_)` is, remembered for a while: lower case, 36 characters."""
    return _text(id_.int)


@lru_cache(maxsize=_MANY)
def _text(number: int) -> str:
    digits = number.to_bytes(16, "big").hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
