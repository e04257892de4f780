"""Text that came with an event is never trusted on its way to a terminal, or to an error's line.

Rule: control characters, escape sequences and characters that reorder a line are made visible.
"""

import re
import unicodedata

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_PLAIN = re.compile(r"[ -~]*")


def visible(text: object) -> str:
    """A text on one line, with everything that a terminal would obey replaced by its escape."""
    said = str(text)
    if _PLAIN.fullmatch(said):
        return said
    return "".join(_escaped(character) for character in said)


def is_unprintable(character: str) -> bool:
    """Whether a terminal could obey this character."""
    return unicodedata.category(character) in _UNPRINTABLE


def _escaped(character: str) -> str:
    if not is_unprintable(character):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()
