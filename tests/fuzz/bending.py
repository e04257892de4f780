"""Bends honest values: the numbers, lengths, counts and indexes in them, and plain bytes.

Rule of this file: all chance comes from the generator that is passed in, so that a seed gives the
same values again.
"""

from collections.abc import Callable
from random import Random

from tests.fuzz.honest import Parts, header_of_id, header_of_topic
from tests.fuzz.targets import TOPICS
from tests.wire import long, text, varint

_EDGES = (0, 1, 2, 3, 4, 5, 7, 8, 31, 32, 63, 64, 65, 127, 128, 2048, 2049, 2**31, 2**32, 2**53)
_NUMBERS = {each * sign for each in (*_EDGES, 2**62, 2**63 - 1) for sign in (1, -1)}
_WRAPPED = (*(varint(2**64 + 2 * n) for n in (0, 1, 2, 40)), varint(2**77 + 80), long(-(2**63)))
_NEVER_ENDING = tuple(b"\xff" * n for n in (1, 4, 9, 10, 11, 200))
_BAD_UTF_8 = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2")
_BAD_TEXTS = tuple(text(raw) for raw in (*_BAD_UTF_8, b"a\0b"))
HOSTILE = (
    *(long(number) for number in sorted(_NUMBERS)),
    *(bytes([*long(n)[:-1], long(n)[-1] | 0x80, 0]) for n in (0, 1, -1, 2, 40, 100)),
    *_WRAPPED,
    *_NEVER_ENDING,
    *_BAD_TEXTS,
)
"""Data that no correct encoder writes, or only at the edges of what it may write."""

Others = list[Parts]
Bend = Callable[[Parts, Random, Others], None]


def bent(parts: Parts, rng: Random, others: Others) -> bytes:
    """Bend a value a few times, or, rarely, not at all; parts of `others` may get into it."""
    parts = parts.copy()
    for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 5))):
        if not parts:
            break
        rng.choice(_BENDS)(parts, rng, others)
    return b"".join(parts)


def _replace(parts: Parts, rng: Random, others: Others) -> None:
    parts[rng.randrange(len(parts))] = rng.choice(HOSTILE)


def _insert(parts: Parts, rng: Random, others: Others) -> None:
    parts.insert(rng.randrange(len(parts) + 1), rng.choice(HOSTILE))


def _delete(parts: Parts, rng: Random, others: Others) -> None:
    del parts[rng.randrange(len(parts))]


def _repeat(parts: Parts, rng: Random, others: Others) -> None:
    at = rng.randrange(len(parts))
    parts[at] *= rng.choice((2, 2, 3, 10))


def _swap(parts: Parts, rng: Random, others: Others) -> None:
    one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]


def _borrow(parts: Parts, rng: Random, others: Others) -> None:
    parts[rng.randrange(len(parts))] = rng.choice(rng.choice(others) or [b""])


def _splice(parts: Parts, rng: Random, others: Others) -> None:
    other = rng.choice(others)
    parts[rng.randrange(len(parts)) :] = other[rng.randrange(len(other) + 1) :]


def _reframe(parts: Parts, rng: Random, others: Others) -> None:
    if rng.random() < 0.5:
        parts[0] = header_of_topic(rng.choice(TOPICS))
    else:
        parts[0] = header_of_id(rng.choice((0, 2**31, 2**32 - 1, *range(1, 30))))


def _lengthen(parts: Parts, rng: Random, others: Others) -> None:
    """Pad a number: the same value in one byte more than it needs."""
    at = rng.randrange(len(parts))
    if parts[at] and not parts[at][-1] & 0x80:
        parts[at] = bytes([*parts[at][:-1], parts[at][-1] | 0x80, 0])


def _flip(parts: Parts, rng: Random, others: Others) -> None:
    at = rng.randrange(len(parts))
    if part := bytearray(parts[at]):
        part[rng.randrange(len(part))] ^= 1 << rng.randrange(8)
        parts[at] = bytes(part)


def _overwrite(parts: Parts, rng: Random, others: Others) -> None:
    at = rng.randrange(len(parts))
    if part := bytearray(parts[at]):
        part[rng.randrange(len(part))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        parts[at] = bytes(part)


def _scatter(parts: Parts, rng: Random, others: Others) -> None:
    parts.insert(rng.randrange(len(parts) + 1), rng.randbytes(rng.randint(1, 4)))


def _cut(parts: Parts, rng: Random, others: Others) -> None:
    at = rng.randrange(len(parts))
    parts[at] = parts[at][: rng.randrange(len(parts[at]) + 1)]
    if rng.random() < 0.5:
        del parts[at + 1 :]


_BENDS: tuple[Bend, ...] = (
    *(_replace, _replace, _replace, _lengthen, _insert, _delete, _repeat, _swap, _borrow),
    *(_splice, _reframe, _flip, _flip, _overwrite, _scatter, _cut),
)
