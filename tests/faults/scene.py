"""What a fault acts on, and what is counted of it."""

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from consumers.bootstrap import CONSUMERS, RELAY
from tests.faults.crew import Crew, Member
from tests.faults.ground import Ground
from tests.faults.watching import Watch

EVERYONE = (*CONSUMERS, RELAY)
_BACK_SECONDS = 90.0
_POLL_SECONDS = 0.05


@dataclass(slots=True)
class Scene:
    """The ground, the members on it, and who watches them."""

    ground: Ground
    crew: Crew
    watch: Watch
    replicas: int
    counts: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str]] = field(default_factory=list)
    """Doomed members that did not come to their point: name and point."""
    never_back: list[str] = field(default_factory=list)

    def count(self, kind: str, names: Collection[str] = EVERYONE) -> None:
        """A fault of this kind is over, and these were touched by it."""
        self.counts[kind] += 1
        self.watch.touch(kind, names)

    def wait_until_back(self, kind: str) -> None:
        """Until every lane that was touched has moved on."""
        if not self.within(_BACK_SECONDS, lambda: not self.watch.still_out()):
            self.never_back.append(f"{kind}: {self.watch.still_out()}")

    def within(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Whether this becomes true in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def are_ready(self, members: list[Member], seconds: float = 30.0) -> bool:
        """Whether all of them have their partitions, or ended, in time."""
        return self.within(
            seconds, lambda: all(each.ready or self.crew.is_over(each) for each in members)
        )
