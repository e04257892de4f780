"""The text of ids, which is asked for several times of each: in a body, a header, a name.

Rule of this file: it is exactly what `str` makes of the id, lower case, 36 characters.
"""

from functools import lru_cache
from uuid import UUID

_MANY = 1024  # an event, its effects and their headers come right after each other


def uuid_text(id_: UUID) -> str:
    """What `str(id_)` is, remembered for a while."""
    return _text(id_.int)


@lru_cache(maxsize=_MANY)
def _text(number: int) -> str:
    digits = number.to_bytes(16, "big").hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
