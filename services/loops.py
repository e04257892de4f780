"""What the loops of a process say of themselves: that they turn, what they hold, how far they are.

Rule: a loop's own thread writes, and anybody reads, one value at a time; nobody waits for anybody.
What passes by itself (the age of a record, the time since a turn) is worked out by who reads.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from services.clock import Clock


class Loop:
    """One loop: a member of a consumer group, or the relay."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.polled_at = clock().timestamp()
        self.holding = False
        """Whether a failure that may pass holds it."""
        self._due = time.monotonic()

    def turned(self, rest: float = 0.0) -> None:
        """It came around, and asks for work, or will rest for so many seconds on purpose."""
        self.polled_at = self._clock().timestamp()
        self._due = time.monotonic() + rest

    @property
    def silent_for(self) -> float:
        """Seconds since it should have come around again."""
        return max(time.monotonic() - self._due, 0.0)


class Share:
    """What of the work is ours: the partitions of a member, the slots of a relay."""

    def __init__(self, kind: str, clock: Clock) -> None:
        self.kind = kind
        self.numbers: Sequence[int] | None = None
        """None until it is known; empty when all of it is with others."""
        self._clock = clock
        self.moved_at = clock().timestamp()

    def moved(self) -> None:
        """Something was done, or nothing waits."""
        self.moved_at = self._clock().timestamp()


@dataclass(slots=True)
class Place:
    """How far a partition is: `first` is the first offset not handled, `end` follows the last.

    `waits_since` is when the oldest record that waits was produced, or the earliest time at which
    that may have been; in seconds since 1970.
    """

    first: int | None = None
    end: int | None = None
    waits_since: float = 0.0
    caught_up_at: float = 0.0

    @property
    def records(self) -> int:
        """How many wait, as far as that is known."""
        return max(self.end - self.first, 0) if self.first is not None and self.end else 0

    def seconds(self, now: float) -> float:
        """How long the oldest has waited; 0 when none does."""
        return max(now - self.waits_since, 0.0) if self.records else 0.0


class Lag(Share):
    """How far each partition of a member is. A partition's place goes when the partition does."""

    def __init__(self, topic: str, clock: Clock) -> None:
        super().__init__("partitions", clock)
        self.topic = topic
        self.places: dict[int, Place] = {}

    def gained(self, partition: int, committed: int | None) -> None:
        """A partition is ours; its next message is at `committed`, if that is known."""
        self.places[partition] = Place(committed, waits_since=self._clock().timestamp())

    def lost(self, partition: int) -> None:
        """A partition is another member's."""
        self.places.pop(partition, None)

    def read(self, partition: int, first: int, last: int, produced_ms: int) -> int | None:
        """Offsets `first` to `last` were read; the first of them was produced at `produced_ms`.

        Returns the offset that was expected, if there was none between it and `first`.
        """
        place = self.places.get(partition)
        if place is None:
            return None
        expected, place.first = place.first, first
        place.end = max(place.end or 0, last + 1)
        if produced_ms >= 0:
            place.waits_since = produced_ms / 1000
        return expected if expected is not None and expected < first else None

    def handled(self, partition: int, last: int, produced_ms: int) -> None:
        """All up to offset `last`, which was produced at `produced_ms`, is handled.

        What waits after it was produced later, and after the partition was last seen empty.
        """
        self.moved()
        place = self.places.get(partition)
        if place is not None:
            place.first = last + 1
            place.waits_since = max(produced_ms / 1000, place.caught_up_at)

    def looked(self, partition: int, position: int | None, end: int) -> int | None:
        """Nothing is in hand, the next to be read is at `position`, and the log ends at `end`.

        Returns the offset that was expected, if the position went past it.
        """
        place = self.places.get(partition)
        if place is None or position is None:
            return None
        expected, place.end = place.first, end
        place.first = position
        if position >= end:
            place.caught_up_at = place.waits_since = self._clock().timestamp()
        return expected if expected is not None and expected < position else None
