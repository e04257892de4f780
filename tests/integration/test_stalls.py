"""Does a consumer whose messages do not come help itself, and leave alone what is well?"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from structlog.testing import capture_logs

from consumers.broker import Consumer
from services.errors import BrokerUnavailableError
from services.messages import Message
from services.metrics import Metrics
from services.settings import load_settings
from tests.brokers.broker import Broker
from tests.brokers.refusing import Failure, RefusingBroker, Request, refusing_broker
from tests.brokers.report import BrokerReport
from tests.eventually import eventually

SOON = 0.2
_PATIENT = 3.0  # a busy machine may take a second to form a group
_ABOUT_ONE_MEGABYTE = 1_000_000 - 1_000


@pytest.fixture(autouse=True)
def _looks_are_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.broker.watch.LOOK_SECONDS", SOON)


@pytest.fixture
def refusing() -> Iterator[RefusingBroker]:
    """A broker of the test's own, with a topic of one partition."""
    with refusing_broker() as broker:
        broker.create_topic("topic", 1)
        yield broker


@pytest.fixture
def one_partition(apache_kafka_alone: Broker, request: pytest.FixtureRequest) -> Broker:
    """A topic of one partition, on a broker that deals nothing to who comes too many."""
    BrokerReport.note(request.node, apache_kafka_alone)
    with closing(KafkaAdminClient(**apache_kafka_alone.client_options())) as admin:
        wanted = {"num_partitions": 1, "replication_factor": 1}
        admin.create_topics({"topic": wanted}, wait_for_metadata=True)
    return apache_kafka_alone


class Member:
    """A consumer that polls in a thread of its own, and commits what it reads unless it `keeps`."""

    def __init__(
        self, servers: str, version: str | None, *, keeps: bool = False, limit: float = 1.0
    ) -> None:
        settings = load_settings(
            kafka_bootstrap_servers=servers,
            kafka_api_version=version,
            kafka_session_timeout=6.0,
            stall_limit=limit,
        )
        self.metrics = Metrics()
        self.consumer = Consumer(settings, topic="topic", group="group", metrics=self.metrics)
        self.read: list[Message] = []
        self._keeps = keeps
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.consumer.close()

    def sample(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"mediation_{name}", labels) or 0.0

    @property
    def restarts(self) -> float:
        return self.sample("client_restarts_total")

    @property
    def client(self) -> Any:
        return self.consumer._client

    @property
    def partitions(self) -> list[int] | None:
        numbers = self.metrics.shares[0].numbers
        return None if numbers is None else list(numbers)

    def _poll(self) -> None:
        while not self._stop.is_set():
            with suppress(BrokerUnavailableError):
                found = self.consumer.poll(100, 0.2)
                self.read += found
                if found and self._keeps:
                    self._hold()
                elif found:
                    self.consumer.commit(found)

    def _hold(self) -> None:
        while not self._stop.is_set():
            self.consumer.hold(0.2, self._stop.is_set)


@contextmanager
def member(
    broker: Broker | RefusingBroker, *, keeps: bool = False, limit: float = 1.0
) -> Iterator[Member]:
    version = broker.api_version if isinstance(broker, Broker) else (2, 1)
    joined = Member(broker.bootstrap_servers, version and "2.1", keeps=keeps, limit=limit)
    with closing(joined):
        joined.start()
        yield joined


@contextmanager
def producing(servers: str, version: tuple[int, int] | None) -> Iterator[Callable[..., None]]:
    """Produces to partition 0, or another."""
    producer = KafkaProducer(bootstrap_servers=servers, api_version=version)

    def produce(value: bytes, partition: int = 0) -> None:
        producer.send("topic", value, partition=partition).get(timeout=30)

    with closing(producer):
        yield produce


def test_a_client_that_silently_stopped_reading_is_replaced(kafka: Broker) -> None:
    kafka.create_topics("topic")
    with (
        producing(kafka.bootstrap_servers, kafka.api_version) as produce,
        member(kafka) as reader,
        capture_logs() as logs,
    ):
        eventually(lambda: reader.partitions == [0, 1, 2, 3], 30)
        produce(b"one")
        eventually(lambda: len(reader.read) == 1, 30)
        reader.client.pause(*reader.client.assignment())  # nobody will resume it

        produce(b"two")
        eventually(lambda: len(reader.read) == 2, 60, "the second message comes")

        assert reader.restarts == 1
        eventually(lambda: reader.partitions == [0, 1, 2, 3], 30)
    (said,) = [line for line in logs if line["event"] == "stalled"]
    assert said["partitions"] == {0: "at 1 of 2"}


def test_a_broker_that_refuses_every_fetch_is_connected_to_anew_until_it_serves_them(
    refusing: RefusingBroker,
) -> None:
    with (
        producing(refusing.bootstrap_servers, (2, 1)) as produce,
        member(refusing) as reader,
    ):
        eventually(lambda: reader.partitions == [0], 30)
        refusing.refuse(Request.FETCH, Failure.STORAGE_ERROR)
        produce(b"one")
        eventually(lambda: reader.restarts == 1, 60, "the stall is noticed")
        assert reader.read == []

        refusing.serve(Request.FETCH)

        eventually(lambda: len(reader.read) == 1, 60, "the message comes")


def test_the_lag_of_a_partition_that_does_not_move_is_shown(refusing: RefusingBroker) -> None:
    with (
        producing(refusing.bootstrap_servers, (2, 1)) as produce,
        member(refusing, keeps=True) as reader,
    ):
        eventually(lambda: reader.partitions == [0], 30)
        produce(b"one")
        labels = {"topic": "topic", "partition": "0"}

        eventually(lambda: reader.sample("lag_records", **labels) == 1, 30)
        first = reader.sample("lag_seconds", **labels)
        eventually(lambda: reader.sample("lag_seconds", **labels) > first, 5)

        assert reader.restarts == 0, "what is held on purpose is no stall"


def test_partitions_that_had_to_wait_while_another_was_held_did_not_stand_still(
    embedded_kafka: Broker,
) -> None:
    embedded_kafka.create_topics("topic")
    member = Member(embedded_kafka.bootstrap_servers, "2.1")
    with (
        producing(embedded_kafka.bootstrap_servers, embedded_kafka.api_version) as produce,
        closing(member.consumer) as consumer,
    ):
        for partition in range(4):
            produce(b"one", partition)
        eventually(lambda: consumer.poll(1, 0.2), 30)

        consumer.hold(1.5, lambda: False)

        eventually(lambda: consumer.poll(1, 0.2), 30)
        assert member.restarts == 0


def test_a_group_that_never_forms_is_joined_anew(refusing: RefusingBroker) -> None:
    refusing.refuse(Request.JOIN_GROUP, Failure.COORDINATOR_NOT_AVAILABLE)
    with (
        producing(refusing.bootstrap_servers, (2, 1)) as produce,
        member(refusing) as reader,
    ):
        produce(b"one")
        eventually(lambda: reader.restarts == 1, 60, "the member gives up")
        assert reader.partitions is None

        refusing.serve(Request.JOIN_GROUP)

        eventually(lambda: len(reader.read) == 1, 60, "the message comes")


def test_a_member_that_no_partition_is_left_for_stands_by(one_partition: Broker) -> None:
    with (
        producing(one_partition.bootstrap_servers, None) as produce,
        member(one_partition, limit=_PATIENT) as first,
        member(one_partition, limit=_PATIENT) as second,
    ):
        both = (first, second)
        eventually(lambda: sorted([m.partitions or [] for m in both]) == [[], [0]], 30)
        eventually(lambda: all(m.partitions is not None for m in both), 30)
        before = [m.restarts for m in both]
        looks = _count_looks(first) + _count_looks(second)

        def much_later() -> bool:
            produce(b"more")
            return all(len(seen) > 20 for seen in looks)

        eventually(much_later, 60)

        assert [m.restarts for m in both] == before


def test_a_member_without_a_partition_joins_anew_if_nobody_reads_what_waits(
    one_partition: Broker,
) -> None:
    with (
        producing(one_partition.bootstrap_servers, None) as produce,
        member(one_partition, keeps=True, limit=_PATIENT) as first,
        member(one_partition, keeps=True, limit=_PATIENT) as second,
    ):
        both = (first, second)
        # Both must have joined: whoever came second might be dealt what the first has read.
        eventually(lambda: None not in [m.partitions for m in both], 30)

        produce(b"one")

        eventually(lambda: first.restarts + second.restarts, 60, "the idle member notices")


def _count_looks(watched: Member) -> list[list[float]]:
    """Lists that grow with every look of this member."""
    seen: list[float] = []
    stalls = watched.consumer._watch._stalls
    look = stalls.look

    def counting(now: float, standings: Any, *, ours: bool = True) -> Any:
        seen.append(now)
        return look(now, standings, ours=ours)

    stalls.look = counting  # type: ignore[method-assign]
    return [seen]


def test_records_that_retention_took_before_they_were_read_are_counted(kafka: Broker) -> None:
    kafka.create_topics("topic")
    with ExitStack() as stack:
        produce = stack.enter_context(producing(kafka.bootstrap_servers, kafka.api_version))
        produce(b"read")
        with member(kafka) as first:
            eventually(lambda: len(first.read) == 1, 30)
        for _ in range(12):
            produce(bytes(_ABOUT_ONE_MEGABYTE if kafka.name == "embedded" else 1))
        _retain_only_the_newest(kafka)
        logs = stack.enter_context(capture_logs())
        second = stack.enter_context(member(kafka))

        skipped = eventually(lambda: second.sample("skipped_records_total", topic="topic"), 60)

        eventually(lambda: second.read and second.read[-1].offset == 12, 60)
        assert skipped == second.read[0].offset - 1
        (said,) = [line for line in logs if line["event"] == "records_skipped"]
        assert (said["partition"], said["expected_offset"]) == (0, 1)
        assert said["skipped"] == skipped


def _retain_only_the_newest(kafka: Broker) -> None:
    """The embedded broker does so by itself: it keeps about 5 MB of a partition."""
    if kafka.name == "embedded":
        return
    with closing(KafkaAdminClient(**kafka.client_options())) as admin:
        admin.delete_records({TopicPartition("topic", 0): 8})
