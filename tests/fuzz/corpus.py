"""The values that are kept: each found something, or went where no other did.

Rule of this file: one value a line, with its target and what becomes of it, so that a violation is
added by pasting the line that the fuzzer printed, and saying what should become of it.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import Target, target_named

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, where it is sent to, and what becomes of it: `accepted`, or a reason."""

    target: Target
    word: str
    value: bytes

    def __str__(self) -> str:
        """The line in which an entry is kept."""
        return f"{self.target} {self.word} {self.value.hex() or '-'}"


def read_corpus(*files: Path) -> list[Entry]:
    """Every entry of these files, or of the corpus that is kept."""
    lines = [
        line
        for file in files or sorted(CORPUS.glob("*.txt"))
        for line in file.read_text(encoding="ascii").splitlines()
        if line and not line.startswith("#")
    ]
    return [_entry(*line.split()) for line in lines]


def _entry(topic: str, registry: str, word: str, value: str) -> Entry:
    return Entry(target_named(topic, registry), word, bytes.fromhex(value.strip("-")))
