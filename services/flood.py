"""A flood of dead letters means that something upstream or here is broken: stop, ask a person."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import structlog

from services.errors import FloodError

Check = Callable[[Sequence[bool], str], None]
"""Asked with what is rejected of a batch, and an example of why; raises `FloodError`."""

log = structlog.get_logger()

_WHAT_TO_DO = """\
Nothing of this batch was committed: it stays on the topic, and is read again at the next start.
If the cause is ours (a missing schema, a wrong registry, an old release), mend it and start again:
what is good is then applied, and nothing was lost.
If the messages are bad, stop what publishes them, then run once with MEDIATION_FLOOD_LIMIT=1: those
that are there become dead letters, which can be replayed. After that, run as before."""


class FloodGate:
    """Holds back a batch with which over `limit` of the last `window` messages are dead letters.

    The gate is asked before the batch is committed, so that what it holds back stays on the topic.
    Only a dead letter can trip it: a good message always passes.

    The members of a process share one gate, each in its thread. Batches with dead letters pass it
    one after the other: two side by side would each be judged without the other, and together let
    pass more than the limit; at the next start that would look like a flood that a person let pass.
    """

    def __init__(self, *, window: int = 200, limit: float = 0.5) -> None:
        self.window = window
        self._most = int(window * limit)
        self._recent: deque[bool] = deque(maxlen=window)
        self._lock = threading.RLock()

    @contextmanager
    def passage(self) -> Iterator[Check]:
        """Around the transaction of one batch: what to ask before it is committed.

        A batch with dead letters has the gate to itself from then on. What was asked about is
        remembered if the block ends well, and forgotten if it does not.
        """
        passed: list[bool] = []
        with ExitStack() as alone:

            def check(rejected: Sequence[bool], example: str) -> None:
                if any(rejected):
                    alone.enter_context(self._lock)
                    self._require_no_flood(rejected, example)
                passed.extend(rejected)

            yield check
            self.record(passed)

    def record(self, rejected: Sequence[bool]) -> None:
        """Remember messages whose batch was committed.

        If more of them were rejected than this gate would ever have let pass, a person has let them
        pass, with a higher limit: that flood is over, and the gate begins anew.
        """
        with self._lock:
            self._recent.extend(rejected)
            if sum(self._recent) > self._most:
                self._recent.clear()

    def _require_no_flood(self, rejected: Sequence[bool], example: str) -> None:
        recent = deque(self._recent, maxlen=self.window)
        for each in rejected:
            recent.append(each)
            if each and sum(recent) > self._most:
                bad, of = sum(recent), len(recent)
                log.error("flood", dead_letters=bad, of_the_last=of, most=self._most, why=example)
                raise FloodError(
                    f"a flood of dead letters: {bad} of the last {of} messages would be dead "
                    f"letters, and the limit is {self._most} of {self.window}. "
                    f"The last reason was: {example}\n{_WHAT_TO_DO}"
                )
