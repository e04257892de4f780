"""Looks now and then at how far a member of a group has come, and says when it stands still.

Three ways to stand still were seen: the group never deals, a fetch never comes back, and a member
is dealt nothing although nobody else reads. In the last one being idle is mostly right (there are
more members than partitions), so it counts only if messages wait and nobody commits.
"""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import MemberState

from consumers.broker.stalls import GROUP, StallWatch, Standing
from services.messages import Message
from services.metrics import Metrics

LOOK_SECONDS = 5.0
_ANSWER_MS = 2000
_LOOKS_OF_AN_IDLE_MEMBER = 4  # within the stall limit: it asks about every partition, one by one

Standings = dict[int, Standing]

log = structlog.get_logger()


class Watch:
    """Of one member; `look` and whatever changes the places are called from its thread.

    `gained` and `lost` may be called from the library's thread.
    """

    def __init__(self, topic: str, metrics: Metrics, limit: float) -> None:
        self._topic = topic
        self._metrics = metrics
        self._limit = limit
        self._stalls = StallWatch(limit)
        self._lag = metrics.lag(topic)
        self._gaps: list[tuple[int, int, int]] = []
        self._told: dict[int, int] = {}  # a gap is met again until something after it is committed
        self._next_look = float("-inf")

    def look(self, client: Any) -> Standings:
        """Look, if it is time to; returns what has stood still for too long.

        Nothing may be in hand: what was polled is handled, or was put back.
        """
        now = time.monotonic()
        if now < self._next_look:
            return {}
        self._next_look = now + LOOK_SECONDS
        ours = bool(client.assignment())
        try:
            standings = self._ours(client) if ours else self._of_others(client, now)
            self._confirm_gaps(client)
        except (KafkaError, OSError, KeyError):  # the last one: a rebalance in this very moment
            standings = {GROUP: Standing(None, 0)}
        return self._stalls.look(now, standings, ours=ours)

    def gained(self, partition: int, committed: int | None) -> None:
        """A partition is ours, from this offset on."""
        self._lag.gained(partition, committed)
        self._next_look = float("-inf")

    def dealt(self, partitions: Sequence[int]) -> None:
        """The group was dealt anew, and these are ours; perhaps none is."""
        self._metrics.rebalances.inc()
        self._lag.numbers = sorted({*(self._lag.numbers or ()), *partitions})

    def lost(self, partitions: Sequence[int]) -> None:
        """These are ours no more."""
        for each in partitions:
            self._lag.lost(each)
        left = [each for each in self._lag.numbers or () if each not in partitions]
        self._lag.numbers = left or None

    def read(self, partition: int, records: Sequence[Any]) -> None:
        """These records were read, and are to be handled."""
        first, last = records[0], records[-1]
        produced = -1 if first.timestamp is None else first.timestamp
        expected = self._lag.read(partition, first.offset, last.offset, produced)
        self._note_gap(partition, expected, first.offset)
        self._stalls.busy(time.monotonic())

    def handled(self, messages: Sequence[Message]) -> None:
        """These were handled."""
        newest = {each.partition: each for each in messages}
        for partition, message in newest.items():
            self._lag.handled(partition, message.offset, message.timestamp_ms)

    def held(self) -> None:
        """For a while nothing was asked for, on purpose."""
        self._stalls.forget()

    def restarted(self, stalled: Standings) -> None:
        """The client was given up, for the sake of these (or for an error of its own)."""
        self._metrics.client_restarts.inc()
        self._stalls.restarted(stalled)
        self._lag.numbers = None

    def close(self) -> None:
        """The member has left."""
        self._metrics.end(self._lag)

    def _ours(self, client: Any) -> Standings:
        ours = client.assignment()
        ends = client.end_offsets(ours, timeout_ms=_ANSWER_MS)
        standings = {}
        for each in ours:
            position = client.position(each, timeout_ms=_ANSWER_MS)
            standings[each.partition] = Standing(position, ends[each])
            expected = self._lag.looked(each.partition, position, ends[each])
            self._note_gap(each.partition, expected, position)
        if not any(standing.waits for standing in standings.values()):
            self._lag.moved()
        return standings

    def _of_others(self, client: Any, now: float) -> Standings:
        """How far the group is where no partition is ours, by what it has committed."""
        if client.group_metadata().state != MemberState.STABLE:
            return {GROUP: Standing(None, 0)}
        self._lag.moved()  # nothing of ours waits
        self._next_look = now + max(self._limit / _LOOKS_OF_AN_IDLE_MEMBER, LOOK_SECONDS)
        numbers = client.partitions_for_topic(self._topic)
        theirs = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        ends = client.end_offsets(theirs, timeout_ms=_ANSWER_MS)
        starts = client.beginning_offsets(theirs, timeout_ms=_ANSWER_MS)
        standings = {}
        for each in theirs:
            committed = client.committed(each, timeout_ms=_ANSWER_MS)
            position = starts[each] if committed is None else committed
            standings[each.partition] = Standing(max(position, starts[each]), ends[each])
        return standings

    def _note_gap(self, partition: int, expected: int | None, found: int | None) -> None:
        if expected is not None and found is not None:
            self._gaps.append((partition, expected, found))

    def _confirm_gaps(self, client: Any) -> None:
        """Say what retention took. Other gaps are in any log: markers, what compaction left out."""
        if not self._gaps:
            return
        places = {TopicPartition(self._topic, partition) for partition, _, _ in self._gaps}
        starts = client.beginning_offsets(places, timeout_ms=_ANSWER_MS)
        gaps, self._gaps = self._gaps, []
        for partition, expected, found in gaps:
            start = starts[TopicPartition(self._topic, partition)]
            first = max(expected, self._told.get(partition, 0))
            skipped = min(start, found) - first
            if skipped > 0:
                self._told[partition] = first + skipped
                self._metrics.skipped.labels(self._topic).inc(skipped)
                log.error(
                    "records_skipped",
                    topic=self._topic,
                    partition=partition,
                    expected_offset=first,
                    log_starts_at=start,
                    skipped=skipped,
                    why="retention removed them before they were read: they are lost to us",
                )
