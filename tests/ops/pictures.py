"""Makes a picture of a page small: a PNG with a palette of its 256 most frequent colours.

Rule: what a page is made of (grounds, lines, text) keeps its very colours; only rare shades at the
edges of letters become their nearest neighbours.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_MARK = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_CHANNELS = {2: 3, 6: 4}

Colour = tuple[int, int, int]


def with_a_palette(picture: bytes) -> bytes:
    """The same picture, a third as large."""
    chunks = list(_chunks(picture))
    width, height, _, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    body = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    channels = _CHANNELS[kind]
    rows = [
        list(zip(row[0::channels], row[1::channels], row[2::channels], strict=True))
        for row in _rows(body, width * channels, channels)
    ]
    found = Counter(pixel for row in rows for pixel in row)
    palette = [colour for colour, _ in found.most_common(_COLOURS)]
    place = {colour: palette.index(_nearest(colour, palette)) for colour in found}
    lines = b"".join(b"\0" + bytes(place[pixel] for pixel in row) for row in rows)
    return _MARK + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(value for colour in palette for value in colour)),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _nearest(colour: Colour, palette: list[Colour]) -> Colour:
    return min(
        palette, key=lambda each: sum((a - b) ** 2 for a, b in zip(each, colour, strict=True))
    )


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_MARK)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _rows(body: bytes, length: int, step: int) -> Iterator[bytearray]:
    """The rows of pixels, with each row's filter undone."""
    above = bytearray(length)
    for at in range(0, len(body), length + 1):
        row = bytearray(body[at + 1 : at + 1 + length])
        _undo(body[at], row, above, step)
        yield row
        above = row


def _undo(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    for at in range(len(row)) if kind else ():
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        guess = (left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))
        row[at] = (row[at] + guess[kind - 1]) & 255


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))
