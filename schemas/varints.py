"""Avro's numbers: zigzag, then seven bits a byte, the lowest first.

Rule of this file: a number has one form here, the shortest, and at most 64 bits.
"""

from functools import lru_cache

_MORE = 0x80  # the bit of a byte that says that another one follows
_LARGEST = 2**64
_LONGEST = 10  # bytes of a 64-bit number
_MANY = 2048  # lengths, counts and indices come again and again; a time does for each effect


def read_raw(body: bytes, at: int) -> tuple[int, int]:
    """Read a number of two bytes or more, still zigzag; returns it and where it ends.

    Raises:
        IndexError: the body ends before its second byte.
        ValueError: it does not end, is not in its shortest form, or has more than 64 bits.
    """
    second = body[at + 1]
    if 0 < second < _MORE:  # most have two bytes
        return body[at] & 0x7F | second << 7, at + 2
    raw = shift = 0
    for byte in body[at : at + _LONGEST]:
        raw |= (byte & 0x7F) << shift
        shift += 7
        if byte < _MORE:
            if byte == 0 or raw >= _LARGEST:
                break
            return raw, at + shift // 7
    raise ValueError("not a number in its shortest form")


@lru_cache(maxsize=_MANY)
def long_bytes(number: int) -> bytes:
    """Write a number.

    Raises:
        ValueError: it has more than 64 bits.
    """
    raw = (number << 1) ^ (number >> 63)
    if not 0 <= raw < _LARGEST:
        raise ValueError(f"{number} has more than 64 bits")
    written = bytearray()
    while raw >= _MORE:
        written.append(raw & 0x7F | _MORE)
        raw >>= 7
    written.append(raw)
    return bytes(written)
