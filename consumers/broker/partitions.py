"""Which partition a key belongs to: the one that every other client would choose.

The rule is that of the Java client, murmur2 of the key over the partitions in order. kafka-python
computes it byte by byte, which costs more than all else about a record; here it is computed word
by word, and held to the library's results by tests.
"""

from collections.abc import Sequence
from struct import unpack

_SEED = 0x9747B28C
_FACTOR = 0x5BD1E995
_WORD = 0xFFFFFFFF


def partition_of(hashed: int, partitions: Sequence[int]) -> int:
    """The partition of a key with this hash, of all partitions of its topic in ascending order."""
    return partitions[(hashed & 0x7FFFFFFF) % len(partitions)]


def murmur2(data: bytes) -> int:
    """MurmurHash2 of `data`, unsigned."""
    whole = len(data) & ~3
    hashed = _SEED ^ len(data)
    for word in unpack(f"<{whole // 4}I", data[:whole]):
        mixed = word * _FACTOR & _WORD
        hashed = hashed * _FACTOR & _WORD ^ (mixed ^ mixed >> 24) * _FACTOR & _WORD
    if whole < len(data):
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _WORD
    hashed = (hashed ^ hashed >> 13) * _FACTOR & _WORD
    return hashed ^ hashed >> 15
