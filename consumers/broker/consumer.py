"""A member of a consumer group, whose offsets are committed by hand."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError, RetriableError, UnknownTopicOrPartitionError

from consumers.broker.access import in_words, sorted_out
from consumers.broker.connection import (
    BOOTSTRAP_SECONDS,
    CLOSE_SECONDS,
    connect,
    message_of,
    translated,
)
from consumers.broker.header_names import keep_undecodable_names
from consumers.broker.watch import Standings, Watch
from services.errors import BrokerUnavailableError
from services.messages import Message
from services.metrics import Metrics
from services.settings import Settings

_METADATA_SECONDS = 30  # a wish for fresh metadata may be lost by the library: until then it waits
_HOLD_POLL_SECONDS = 0.5  # the library may lose a join that completes just as a poll times out
_FETCH_BYTES = 1024 * 1024  # a few batches; the library's own 50 MiB took 40 MB and won no time

Records = Mapping[TopicPartition, Sequence[Any]]

log = structlog.get_logger()


class Consumer:
    """One member of a consumer group on one topic, used from one thread.

    The listener and `hold` keep one promise: a message whose partition was taken away is never
    committed here, and waiting does not cost the assignment.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        topic: str,
        group: str,
        client_id: str = "mediation",
        metrics: Metrics | None = None,
    ) -> None:
        """Connect and subscribe. Raises `BrokerUnavailableError`."""
        self._settings = settings
        self._client_id = client_id
        self._topic = topic
        self._group = group
        self._address = settings.kafka_bootstrap_servers or ""
        self._lock = threading.Lock()  # the library calls the listener in a thread of its own
        self._lost: set[TopicPartition] = set()
        self._gained: set[TopicPartition] = set()
        self._holding = False
        self._uncommitted: dict[TopicPartition, int] = {}
        self._asked = 0  # commits that the broker has not answered yet
        self._watch = Watch(topic, metrics or Metrics(), settings.stall_limit)
        self._client: Any = self._connected()

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` messages, each partition's in order, within `timeout` seconds.

        Raises:
            BrokerUnavailableError: the broker does not answer, or a message cannot be read at all.
        """
        if self._client is None:
            self._client = self._connected()
        with translated(self._address):
            if not self._asked:
                self._commit_what_is_due()
            self._rewind_what_was_gained()
        self._require_movement()
        found = self._polled(timeout, limit)
        with self._lock:
            rebalanced = bool(self._gained & self._client.assignment())
            if not rebalanced:
                self._lost.clear()
        if rebalanced:
            self._put_back(found)
            return []
        for partition, records in found.items():
            self._watch.read(partition.partition, records)
        return [message_of(record) for records in found.values() for record in records]

    def commit(self, messages: Sequence[Message]) -> None:
        """Ask for the offsets after `messages` to be committed; `poll` asks again if that fails.

        Failing is harmless: what was handled and is delivered again is ignored.
        """
        self._watch.handled(messages)
        with self._lock:
            for each in messages:
                partition = TopicPartition(each.topic, each.partition)
                if partition not in self._lost:
                    self._uncommitted[partition] = each.offset + 1
        self._commit_what_is_due()

    def hold(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Wait without reading further, and stay a member of the group; less if stopping."""
        if self._client is None:
            raise BrokerUnavailableError(f"{self._address}: not connected")
        deadline = time.monotonic() + seconds
        self._holding = True
        try:
            self._each(self._client.assignment(), self._client.pause)
            while not stopping() and (left := deadline - time.monotonic()) > 0:
                self._put_back(self._polled(min(left, _HOLD_POLL_SECONDS)))
        finally:
            self._holding = False
            self._watch.held()
            if self._client is not None:
                self._each(self._client.assignment(), self._client.resume)

    def still_ours(self, messages: Sequence[Message]) -> list[Message]:
        """Those of `messages` whose partition was not taken away since the last `poll`."""
        with self._lock:
            lost = {(partition.topic, partition.partition) for partition in self._lost}
        return [each for each in messages if (each.topic, each.partition) not in lost]

    def close(self) -> None:
        """Commit what is due and leave the group."""
        self._watch.close()
        if self._client is not None:
            self._commit_at_last()
            with translated(self._address):
                self._client.close(autocommit=False, timeout_ms=int(CLOSE_SECONDS * 1000))

    def lose(self, partitions: Sequence[TopicPartition]) -> None:
        """Called by the listener: these partitions are another member's now."""
        with self._lock:
            self._lost.update(partitions)
            self._gained.difference_update(partitions)
            for partition in partitions:
                self._uncommitted.pop(partition, None)
        self._watch.lost(_numbers(partitions))
        if partitions:
            log.info("partitions_revoked", partitions=_numbers(partitions))

    def gain(self, partitions: Sequence[TopicPartition]) -> None:
        """Called by the listener: these partitions are ours now."""
        with self._lock:
            self._gained.update(partitions)
        self._watch.dealt(_numbers(partitions))
        if self._holding:
            self._each(partitions, self._client.pause)
        log.info("partitions_assigned", partitions=_numbers(partitions))

    def _connected(self) -> Any:
        session_ms = int(self._settings.kafka_session_timeout * 1000)
        with translated(self._address):
            client: Any = connect(
                KafkaConsumer,
                self._settings,
                client_id=self._client_id,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                session_timeout_ms=session_ms,
                heartbeat_interval_ms=session_ms // 4,
                max_poll_records=self._settings.batch_size,
                fetch_max_wait_ms=200,
                fetch_max_bytes=_FETCH_BYTES,
                metadata_max_age_ms=_METADATA_SECONDS * 1000,
            )
            if not keep_undecodable_names():
                log.warning("header_names_must_be_utf8", why="this kafka-python is not known")
            # What comes next waits for the broker without end: here, not for long.
            client.bootstrap(timeout_ms=int(BOOTSTRAP_SECONDS * 1000))
            client.subscribe([self._topic], listener=_Listener(self))
            # Knowing the partitions before it joins, it does not join twice.
            if not client.partitions_for_topic(self._topic):
                client.close(autocommit=False)
                raise UnknownTopicOrPartitionError(self._topic)
        return client

    def _polled(self, timeout: float, limit: int | None = None) -> Records:
        try:
            records: Records = self._client.poll(int(timeout * 1000), max_records=limit)
        except RetriableError as error:
            raise BrokerUnavailableError(f"{self._address}: {in_words(error)}") from error
        except Exception as error:
            # After an error of another kind the library may spin on the same record for ever.
            self._disconnect({})
            doing = f"reading {self._topic} failed, connecting anew: {type(error).__name__}: "
            raise sorted_out(self._address, error, doing) from error
        return records

    def _require_movement(self) -> None:
        """Give the client up if messages wait in vain: some of its stalls end with it alone."""
        stalled = self._watch.look(self._client)
        if stalled:
            log.error(
                "stalled",
                topic=self._topic,
                partitions={number: str(standing) for number, standing in stalled.items()},
                limit=self._settings.stall_limit,
            )
            self._disconnect(stalled)
            raise BrokerUnavailableError(
                f"{self._address}: reading {self._topic} stands still; connecting anew"
            )

    def _disconnect(self, stalled: Standings) -> None:
        client, self._client = self._client, None
        self._asked = 0  # nobody listens any more
        self._watch.restarted(stalled)
        self.lose(list(client.assignment()))
        try:
            client.close(autocommit=False, timeout_ms=int(CLOSE_SECONDS * 1000))
        except Exception as error:
            log.warning("close_failed", error=in_words(error))

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
                self._each([partition], self._client.seek_to_beginning)
            else:
                self._seek(partition, committed)
            self._watch.gained(partition.partition, committed)
            with self._lock:
                self._gained.discard(partition)

    def _put_back(self, found: Records) -> None:
        """Make these records the next to be read."""
        for partition, records in found.items():
            self._seek(partition, records[0].offset)

    def _seek(self, partition: TopicPartition, offset: int) -> None:
        self._each([partition], lambda each: self._client.seek(each, offset))

    def _each(
        self, partitions: Iterable[TopicPartition], act: Callable[[TopicPartition], None]
    ) -> None:
        """Act on each partition, except where a rebalance has taken it in this very moment."""
        for partition in partitions:
            # What the library raises for a partition that is not assigned, one by one.
            with suppress(KeyError, ValueError, AssertionError):
                act(partition)

    def _commit_what_is_due(self) -> None:
        if (due := self._due()) and self._client is not None:
            self._asked += 1
            self._client.commit_async(due, callback=self._answered)

    def _commit_at_last(self) -> None:
        if due := self._due():
            try:
                self._client.commit(due, timeout_ms=5000)
            except (KafkaError, OSError) as error:
                log.warning("offset_commit_failed", error=in_words(error))

    def _due(self) -> dict[TopicPartition, OffsetAndMetadata]:
        with self._lock:
            due = dict(self._uncommitted)
        return {each: OffsetAndMetadata(offset, "", -1) for each, offset in due.items()}

    def _answered(self, asked: Mapping[TopicPartition, OffsetAndMetadata], answer: object) -> None:
        """What came of a commit: the library says so during a later call, in our thread."""
        self._asked -= 1
        if isinstance(answer, Exception):
            log.warning("offset_commit_failed", error=in_words(answer))
            return
        with self._lock:
            for partition, committed in asked.items():
                if self._uncommitted.get(partition) == committed.offset:
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
