"""How much more memory this process takes than it did once it was warm (Linux).

Rule of this file: what counts is the most that was ever taken, also for a moment: a value that
fills the memory and lets it go again must show.
"""

import re
from pathlib import Path

from tests.fuzz.judge import ViolationError

MOST_GROWTH = 50 * 2**20  # bytes
_EVERY = 1_000  # values
_PROCESS = Path("/proc/self")


def peak() -> int:
    """The most memory that this process had resident at once, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", (_PROCESS / "status").read_text())
    assert found, "Linux says so in every process's status"
    return int(found[1]) * 1024


class Memory:
    """The growth of the peak since `warm_up` values were done."""

    def __init__(self, warm_up: int) -> None:
        self._warm_up = warm_up
        self._warm: int | None = None
        self.growth = 0

    def look(self, done: int) -> None:
        """Measure, every thousandth time; raises ViolationError for too much growth."""
        if done % _EVERY or done < self._warm_up:
            return
        if self._warm is None:
            self._warm = peak()
        self.growth = peak() - self._warm
        if self.growth > MOST_GROWTH:
            raise ViolationError(f"the memory grew by {self.growth / 2**20:.0f} MB")
