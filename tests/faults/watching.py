"""Watching from outside, all the time: who has work and does not move, and who is back at it.

Rule: a lane is a partition of a consumer's topic, or the outbox. It is judged by what is committed
alone. A fault touches lanes; a lane is back when it moves on from where it was when the last fault
that touched it was over.
"""

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumers.bootstrap import CONSUMERS, RELAY
from tests.faults.ground import PARTITIONS, Ground
from tests.faults.load import Feed

_LOOK_SECONDS = 0.25

Lane = tuple[str, int]
"""The name of the process that works on it, and the partition."""

LANES: tuple[Lane, ...] = (
    *((name, partition) for name in CONSUMERS for partition in range(PARTITIONS)),
    (RELAY, 0),
)


@dataclass(slots=True)
class _State:
    position: int = 0
    end: int = 0
    moved_at: float = 0.0
    touched_at: float | None = None
    touched_by: str = ""
    touched_position: int | None = None


@dataclass(slots=True)
class Recoveries:
    """How long it took until a lane was back, by the kind of fault, in seconds."""

    by_kind: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def worst(self) -> float:
        """The longest of all."""
        return max((max(each) for each in self.by_kind.values()), default=0.0)

    def rows(self) -> Iterator[tuple[str, int, float, float]]:
        """Kind, how many lanes, median, maximum."""
        for kind, seconds in sorted(self.by_kind.items()):
            yield kind, len(seconds), statistics.median(seconds), max(seconds)


class Watch:
    """Looks a few times a second, in a thread of its own."""

    def __init__(self, ground: Ground, feed: Feed) -> None:
        self.recoveries = Recoveries()
        self.longest_idle = 0.0
        self.longest_idle_where: Lane = ("", 0)
        self._ground = ground
        self._feed = feed
        now = time.monotonic()
        self._states = {lane: _State(moved_at=now) for lane in LANES}
        self._lock = threading.Lock()
        self._clients = {
            name: Consumer(
                {
                    "bootstrap.servers": ground.node.address,
                    "group.id": definition.group,
                    "log_level": 0,
                }
            )
            for name, definition in CONSUMERS.items()
        }
        self._looked_at = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()
        for client in self._clients.values():
            client.close()

    def touch(self, kind: str, names: Collection[str]) -> None:
        """A fault of this kind, which touched the lanes of these processes, is over just now."""
        now = time.monotonic()
        with self._lock:
            for (name, _), state in self._states.items():
                if name in names:
                    state.touched_at, state.touched_by = now, kind
                    state.touched_position = None  # where it is at the next look

    def still_out(self) -> list[str]:
        """The lanes that were touched and have not moved since."""
        with self._lock:
            return [
                f"{name}/{number}"
                for (name, number), state in self._states.items()
                if state.touched_at is not None
            ]

    def lag(self) -> int:
        """How many messages and rows wait, as last seen."""
        with self._lock:
            return sum(max(state.end - state.position, 0) for state in self._states.values())

    def found_nothing_since(self, moment: float) -> bool:
        """Whether a look at every lane that began after `moment` found nothing that waits.

        What was seen before may be from before the last message was published. The outbox is looked
        at last: what the consumers have left behind them is in it, or published, by then.
        """
        with self._lock:
            return self._looked_at > moment and all(
                state.position >= state.end for state in self._states.values()
            )

    def _run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            if self._ground.outages:
                self._excuse_all()
            since = time.monotonic()
            lanes = 0
            for lane, position, end in self._look():
                self._note(lane, position, end, since)
                lanes += 1
            if lanes == len(LANES):
                with self._lock:
                    self._looked_at = since

    def _look(self) -> Iterator[tuple[Lane, int, int]]:
        for name, definition in CONSUMERS.items():
            topic = definition.topic.value
            wanted = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            with suppress(KafkaException):
                for each in self._clients[name].committed(wanted, timeout=2.0):
                    end = self._feed.ends.get((topic, each.partition), 0)
                    yield (name, each.partition), max(each.offset, 0), end
        with suppress(psycopg.Error):
            yield (RELAY, 0), *self._outbox()

    def _outbox(self) -> tuple[int, int]:
        with self._ground.connection() as connection:
            connection.execute("SET lock_timeout = '500ms'; SET statement_timeout = '2s'")
            row = connection.execute(
                "SELECT (SELECT min(id) FROM outbox), last_value + 1 FROM outbox_id_seq"
            ).fetchone()
        assert row is not None
        end = int(row[1])
        return (end if row[0] is None else int(row[0])), end

    def _excuse_all(self) -> None:
        now = time.monotonic()
        with self._lock:
            for state in self._states.values():
                state.moved_at = now

    def _note(self, lane: Lane, position: int, end: int, looked_at: float) -> None:
        now = time.monotonic()
        with self._lock:
            state = self._states[lane]
            if position > state.position or position >= end:
                state.moved_at = now
            state.position, state.end = max(position, state.position), end
            self._note_recovery(state, now, looked_at)
            if now - state.moved_at > self.longest_idle:
                self.longest_idle, self.longest_idle_where = now - state.moved_at, lane

    def _note_recovery(self, state: _State, now: float, looked_at: float) -> None:
        if state.touched_at is None or looked_at < state.touched_at:
            return
        if state.touched_position is None:
            state.touched_position = state.position
        elif state.position > state.touched_position:
            self.recoveries.by_kind[state.touched_by].append(now - state.touched_at)
            state.touched_at = None
