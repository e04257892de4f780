"""What becomes of the batches when one of them fails, or nobody answers?"""

from collections.abc import Callable
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import InvalidRecordError, KafkaTimeoutError
from kafka.producer.record_accumulator import RecordAccumulator

from consumers.broker.batches import deliver

HERE = TopicPartition("order.frozen", 0)
THERE = TopicPartition("order.frozen", 1)
PLACED = {HERE: [[b"1", b"2"], [b"3"]], THERE: [[b"4"], [b"5"]]}


class Client:
    """A producer of the library whose sender, once woken, does what the test says."""

    def __init__(self, send: Callable[["Client"], object]) -> None:
        self._accumulator = RecordAccumulator()
        self._sender = self
        self._send = send

    def wakeup(self) -> None:
        self._send(self)

    def take(self, place: TopicPartition) -> Any:
        """The next batch of a partition, which is under way from now on."""
        batch = self._accumulator._batches[place].popleft()
        batch.drained = batch.created
        return batch

    def waiting(self) -> list[TopicPartition]:
        """The partition of each batch that is still to be sent."""
        return [place for place, batches in self._accumulator._batches.items() for _ in batches]


def acknowledge(batch: Any) -> None:
    batch.complete(0, -1)


def refuse(batch: Any) -> None:
    error = InvalidRecordError("refused")
    batch.complete_exceptionally(error, lambda _: error)


def test_it_returns_once_every_batch_is_acknowledged() -> None:
    def send(client: Client) -> None:
        for place in (THERE, HERE, HERE, THERE):
            acknowledge(client.take(place))

    deliver(client := Client(send), PLACED, 0, seconds=0)

    assert client.waiting() == []


def test_a_batch_of_which_nothing_is_heard_is_an_error() -> None:
    def send(client: Client) -> None:
        for place in (HERE, HERE, THERE):
            acknowledge(client.take(place))

    with pytest.raises(KafkaTimeoutError, match="1 records"):
        deliver(Client(send), PLACED, 0, seconds=0)


def test_after_one_that_fails_nothing_more_is_sent() -> None:
    def send(client: Client) -> None:
        refuse(client.take(HERE))

    with pytest.raises(InvalidRecordError):
        deliver(client := Client(send), PLACED, 0, seconds=0)

    assert client.waiting() == []


def test_one_that_fails_is_an_error_only_once_those_under_way_are_settled() -> None:
    def send(client: Client) -> None:
        under_way = client.take(THERE)
        refuse(client.take(HERE))
        settled.append(under_way.is_done)
        acknowledge(under_way)

    settled: list[bool] = []

    with pytest.raises(InvalidRecordError):
        deliver(Client(send), PLACED, 0, seconds=0)
    assert settled == [False]
