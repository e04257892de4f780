"""A message as it came from, or goes to, a topic: bytes that nobody has touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from schemas.values import quick

Headers = tuple[tuple[str, bytes | None], ...]

_MANY = 64  # names of headers; those that we write are few


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """One record of a topic, exactly as it was read.

    The bytes of a header's name that are not UTF-8 are kept by `surrogateescape`.
    `timestamp_ms` is the record's own timestamp in milliseconds since 1970 (−1 when it has none),
    and `timestamp_type` says whose clock it is: `CreateTime` or `LogAppendTime`.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_type: str = "CreateTime"


@quick
@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to be published: an effect, or the mirror of a dead letter."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def flatten(headers: Headers) -> list[bytes | None]:
    """Headers as the database keeps them: name, value, name, value, and so on."""
    return [part for name, value in headers for part in (_encoded(name), value)]


@lru_cache(maxsize=_MANY)
def _encoded(name: str) -> bytes:
    return name.encode(errors="surrogateescape")


@lru_cache(maxsize=_MANY)
def _decoded(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


def pair(parts: Sequence[bytes | None]) -> Headers:
    """The inverse of `flatten`."""
    names = [_decoded(name or b"") for name in parts[::2]]
    return tuple(zip(names, parts[1::2], strict=True))
