"""A member of a consumer group, whose offsets are committed by hand."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from consumers.broker.connection import CLOSE_SECONDS, connect, in_words, message_of, translated
from services.messages import Message
from services.settings import Settings

_HOLD_POLL_SECONDS = 0.5  # the library may lose a join that completes just as a poll times out

log = structlog.get_logger()


class Consumer:
    """One member of a consumer group on one topic, used from one thread.

    The listener and `hold` keep one promise: a message whose partition was taken away is never
    committed here, and waiting does not cost the assignment.
    """

    def __init__(self, settings: Settings, *, topic: str, group: str) -> None:
        """Connect and subscribe. Raises `BrokerUnavailableError`."""
        self._address = settings.kafka_bootstrap_servers or ""
        self._lock = threading.Lock()  # the library calls the listener in a thread of its own
        self._lost: set[TopicPartition] = set()
        self._gained: set[TopicPartition] = set()
        self._holding = False
        self._uncommitted: dict[TopicPartition, int] = {}
        session_ms = int(settings.kafka_session_timeout * 1000)
        with translated(self._address):
            self._client: Any = connect(
                KafkaConsumer,
                settings,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                session_timeout_ms=session_ms,
                heartbeat_interval_ms=max(session_ms // 4, 100),
                max_poll_records=settings.batch_size,
                fetch_max_wait_ms=200,
            )
            # Knowing the partitions before it joins, it does not join twice.
            self._client.partitions_for_topic(topic)
            self._client.subscribe([topic], listener=_Listener(self))

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` messages, each partition's in order, within `timeout` seconds."""
        with translated(self._address):
            self._commit_what_is_due()
            self._rewind_what_was_gained()
            found = self._client.poll(timeout_ms=int(timeout * 1000), max_records=limit)
        with self._lock:
            rebalanced = bool(self._gained & self._client.assignment())
            if not rebalanced:
                self._lost.clear()
        if rebalanced:
            self._put_back(found)
            return []
        return [message_of(record) for records in found.values() for record in records]

    def commit(self, messages: Sequence[Message]) -> None:
        """Commit the offsets after `messages`. A commit that fails is tried again at the next poll.

        Failing is harmless: what was handled and is delivered again is ignored.
        """
        with self._lock:
            for each in messages:
                partition = TopicPartition(each.topic, each.partition)
                if partition not in self._lost:
                    self._uncommitted[partition] = each.offset + 1
        self._commit_what_is_due()

    def hold(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Wait without reading further, and stay a member of the group; less if stopping."""
        deadline = time.monotonic() + seconds
        self._holding = True
        try:
            self._client.pause(*self._client.assignment())
            while not stopping() and (left := deadline - time.monotonic()) > 0:
                with translated(self._address):
                    self._put_back(
                        self._client.poll(timeout_ms=int(min(left, _HOLD_POLL_SECONDS) * 1000))
                    )
        finally:
            self._holding = False
            self._client.resume(*self._client.assignment())

    def still_ours(self, messages: Sequence[Message]) -> list[Message]:
        """Those of `messages` whose partition was not taken away since the last `poll`."""
        with self._lock:
            lost = {(partition.topic, partition.partition) for partition in self._lost}
        return [each for each in messages if (each.topic, each.partition) not in lost]

    def close(self) -> None:
        """Commit what is due and leave the group."""
        self._commit_what_is_due()
        with translated(self._address):
            self._client.close(autocommit=False, timeout_ms=int(CLOSE_SECONDS * 1000))

    def lose(self, partitions: Sequence[TopicPartition]) -> None:
        """Called by the listener: these partitions are another member's now."""
        with self._lock:
            self._lost.update(partitions)
            self._gained.difference_update(partitions)
            for partition in partitions:
                self._uncommitted.pop(partition, None)
        if partitions:
            log.info("partitions_revoked", partitions=_numbers(partitions))

    def gain(self, partitions: Sequence[TopicPartition]) -> None:
        """Called by the listener: these partitions are ours now."""
        with self._lock:
            self._gained.update(partitions)
        if self._holding:
            self._client.pause(*partitions)
        log.info("partitions_assigned", partitions=_numbers(partitions))

    def _rewind_what_was_gained(self) -> None:
        """Go to the committed offset of every partition that a rebalance gave us.

        The library keeps its position in a partition that it had before the rebalance, also when
        messages before that position were given up as no longer ours: they would never be read.
        """
        with self._lock:
            gained = self._gained & self._client.assignment()
        for partition in gained:
            committed = self._client.committed(partition, timeout_ms=5000)
            if committed is None:
                self._client.seek_to_beginning(partition)
            else:
                self._client.seek(partition, committed)
            with self._lock:
                self._gained.discard(partition)

    def _put_back(self, found: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """Make these records the next to be read."""
        for partition in self._client.assignment() & set(found):
            self._client.seek(partition, found[partition][0].offset)

    def _commit_what_is_due(self) -> None:
        with self._lock:
            due = dict(self._uncommitted)
        if not due:
            return
        offsets = {each: OffsetAndMetadata(offset, "", -1) for each, offset in due.items()}
        try:
            self._client.commit(offsets, timeout_ms=5000)
        except (KafkaError, OSError) as error:
            log.warning("offset_commit_failed", error=in_words(error))
            return
        with self._lock:
            for partition, offset in due.items():
                if self._uncommitted.get(partition) == offset:
                    del self._uncommitted[partition]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._consumer.lose(list(revoked))

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._consumer.gain(list(assigned))


def _numbers(partitions: Sequence[TopicPartition]) -> list[int]:
    return sorted(partition.partition for partition in partitions)
