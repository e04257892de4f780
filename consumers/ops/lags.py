"""How far the consumers are behind, in messages and in time, asked of the broker now and then.

Rule: a page never waits for the broker. What is not known, or was last known too long ago, is told
as unknown.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.clock import Clock
from services.errors import MediationError

EVERY_SECONDS = 5.0
BELIEVED_FOR = timedelta(seconds=30)
_KEPT = 720  # an hour of samples; from then on the newest one alone is replaced

Positions = Mapping[int, tuple[int, int]]
"""The next offset that a group reads in each partition, and where the partition ends."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a consumer is behind.

    `since` is a moment at which the oldest message that it has not handled was there already; None
    if it is not behind.
    """

    messages: int
    since: datetime | None


@dataclass(slots=True)
class Trail:
    """Where a topic ended, and when, so that what waits can be given an age.

    The broker tells offsets, not times: a message that was there when the topic was last looked at
    has waited since then at least.
    """

    _ends: dict[int, deque[tuple[datetime, int]]] = field(default_factory=dict)

    def lag(self, positions: Positions, now: datetime) -> Lag:
        """Add what was seen now, and say how far behind that is."""
        messages, since = 0, None
        for partition, (position, end) in positions.items():
            ends = self._ends.setdefault(partition, deque())
            while ends and ends[0][1] <= position:
                ends.popleft()
            if not ends or end > ends[-1][1]:
                if len(ends) == _KEPT:
                    ends.pop()
                ends.append((now, end))
            if end > position:
                messages += end - position
                oldest = ends[0][0]
                since = oldest if since is None else min(since, oldest)
        return Lag(messages, since)


class Cluster(Protocol):
    """What is asked of the broker; `consumers.broker.Admin` says what each call promises."""

    def positions(self, group: str, topic: str) -> dict[int, tuple[int, int]]:
        """Where a group is in each partition of a topic, and where that ends."""

    def close(self) -> None:
        """Disconnect."""


class Lags:
    """The lag of each consumer, read in a thread of its own between `start` and `stop`.

    `groups` holds the group and the topic of each, by the consumer's name.
    """

    def __init__(
        self,
        connect: Callable[[], Cluster],
        groups: Mapping[str, tuple[str, str]],
        clock: Clock,
    ) -> None:
        self._connect = connect
        self.groups = groups
        self._clock = clock
        self._cluster: Cluster | None = None
        self._trails = {name: Trail() for name in groups}
        self._lags: dict[str, Lag] = {}
        self._read_at: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lags", daemon=True)

    def known(self) -> Mapping[str, Lag]:
        """What was read last, by name; nothing if that is too long ago, or never was."""
        read_at, lags = self._read_at, self._lags
        if read_at is None or self._clock() - read_at > BELIEVED_FOR:
            return {}
        return lags

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; the thread may still end by itself."""
        self._stopping.set()

    def read(self) -> None:
        """Ask the broker once; a failure is told in the log, and what was known grows old."""
        try:
            self._cluster = self._cluster or self._connect()
            lags = {
                name: self._trails[name].lag(self._cluster.positions(*of), self._clock())
                for name, of in self.groups.items()
            }
        except MediationError as error:
            log.warning("lag_unknown", error=str(error))
            self._disconnect()
        else:
            self._lags, self._read_at = lags, self._clock()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.read()
            self._stopping.wait(EVERY_SECONDS)
        self._disconnect()

    def _disconnect(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            try:
                cluster.close()
            except MediationError as error:
                log.debug("close_failed", error=str(error))
