"""A flood of dead letters means that something upstream or here is broken: stop, ask a person."""

from collections import deque
from collections.abc import Sequence

from services.errors import FloodError


class FloodGate:
    """Holds back a batch with which over `limit` of the last `window` messages are dead letters.

    The gate is asked before the batch is committed, so that what it holds back stays on the topic.
    """

    def __init__(self, *, window: int = 200, limit: float = 0.5) -> None:
        self.window = window
        self._most = int(window * limit)
        self._recent: deque[bool] = deque(maxlen=window)

    def check(self, rejected: Sequence[bool], example: str) -> None:
        """Raises `FloodError`, quoting `example`, if these would be too many dead letters."""
        recent = deque(self._recent, maxlen=self.window)
        for each in rejected:
            recent.append(each)
            if each and sum(recent) > self._most:
                raise FloodError(
                    f"{sum(recent)} of the last {len(recent)} messages would be dead letters, "
                    f"and the limit is {self._most} of {self.window}: stopped before this "
                    f"batch, which stays on the topic. The last reason was: {example} "
                    "Mend the cause and start again, or raise MEDIATION_FLOOD_LIMIT if these "
                    "messages really are all bad."
                )

    def record(self, rejected: Sequence[bool]) -> None:
        """Remember messages whose batch was committed."""
        self._recent.extend(rejected)
