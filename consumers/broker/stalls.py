"""Which partitions stand still although something waits in them? Knows neither Kafka nor a clock.

A member that is busy with other partitions is given ten times as long: the library hands out what
it has fetched partition by partition. A group that is being dealt, and the partitions of others,
are given five times as long: they may wait for a member that is busy, which helps itself before,
and joining anew makes everybody begin again. Whatever a restart did not help is given twice as long
before the next one, and so on: a broker that is broken is not helped by restarts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_BUSY = 10
_OF_OTHERS = 5
_MOST_DOUBLINGS = 6

GROUP = -1
"""Stands for the group itself, in the place of a partition, while nothing can be said of any."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the next message of a partition is (None while that is not known), and its end."""

    position: int | None
    end: int

    @property
    def waits(self) -> bool:
        """Whether there is something that does not come."""
        return self.position is None or self.position < self.end

    def __str__(self) -> str:
        return f"at {'?' if self.position is None else self.position} of {self.end}"


class StallWatch:
    """Is told how things stand, now and then. `limit` is in seconds, times are monotonic."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._busy_at = float("-inf")
        self._since: dict[int, float] = {}
        self._last_seen: dict[int, int | None] = {}
        self._restarts: dict[int, int] = {}

    def busy(self, now: float) -> None:
        """Some messages came, of whatever partition."""
        self._busy_at = now

    def forget(self) -> None:
        """We did not ask for a while, or ask anew: whatever stands, stands from now on."""
        self._since.clear()

    def look(
        self, now: float, standings: Mapping[int, Standing], *, ours: bool = True
    ) -> dict[int, Standing]:
        """How things stand now; returns those that have stood still for too long."""
        for partition, standing in standings.items():
            if not standing.waits or self._has_moved(partition, standing):
                self._since.pop(partition, None)
                self._restarts.pop(partition, None)
        self._since = {each: self._since.get(each, now) for each in standings}
        if GROUP not in standings:
            self._restarts.pop(GROUP, None)
        return {
            each: standing
            for each, standing in standings.items()
            if standing.waits and self._is_too_long(each, now, ours and each != GROUP)
        }

    def restarted(self, stalled: Mapping[int, Standing]) -> None:
        """All was begun anew, for the sake of these."""
        self.forget()
        for each in stalled:
            self._restarts[each] = min(self._restarts.get(each, 0) + 1, _MOST_DOUBLINGS)

    def _has_moved(self, partition: int, standing: Standing) -> bool:
        if standing.position in (None, self._last_seen.get(partition)):
            return False
        self._last_seen[partition] = standing.position
        return True

    def _is_too_long(self, partition: int, now: float, ours: bool) -> bool:
        patience = self._limit * 2.0 ** self._restarts.get(partition, 0)
        if not ours:
            patience *= _OF_OTHERS
        since = self._since[partition]
        return now - max(since, self._busy_at) >= patience or now - since >= _BUSY * patience
