"""What does the loop of a consumer do when things go wrong?"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest

from consumers.runner import ConsumerDefinition, Runner
from consumers.stopping import StopSignal
from schemas.topics import Topic
from services.errors import DatabaseUnavailableError, FloodError
from services.mediation import Mediation
from services.messages import Message
from services.metrics import Metrics
from services.reading import Handled
from services.retry import Backoff
from services.rules.outcome import Outcome
from tests.memory import MemorySource, MemoryTopic


class Handler:
    """Handles batches; fails first with each of `failures`, and calls `each_time` before."""

    def __init__(
        self,
        stop: StopSignal,
        failures: Sequence[Exception] = (),
        each_time: Callable[[], None] = lambda: None,
    ) -> None:
        self._stop = stop
        self._failures = list(failures)
        self._each_time = each_time
        self.seen: list[list[bytes | None]] = []

    def __call__(self, _: Mediation, batch: Sequence[Message]) -> list[Handled]:
        self.seen.append([each.value for each in batch])
        self._each_time()
        if self._failures:
            raise self._failures.pop(0)
        self._stop.set()
        return [Handled(each, Outcome.APPLIED, "done") for each in batch]


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> StopSignal:
    monkeypatch.setattr("consumers.stopping.GRACE_SECONDS", 3600)
    return StopSignal()


@pytest.fixture
def topic() -> MemoryTopic:
    topic = MemoryTopic(partitions=2)
    topic.append(0, b"zero")
    topic.append(1, b"one")
    return topic


def run(topic: MemoryTopic, handler: Handler, stop: StopSignal) -> MemorySource:
    source = MemorySource(topic, "group")
    Runner(
        ConsumerDefinition(Topic.ORDER_DISPUTED, "group", handler),
        source,
        cast(Mediation, None),
        stop=stop,
        backoff=Backoff(1, 60, chance=lambda: 1.0),
        clock=lambda: datetime(2026, 3, 2, tzinfo=UTC),
        metrics=Metrics(),
        batch_size=10,
    ).run()
    return source


def test_offsets_are_committed_after_the_batch_was_handled(
    topic: MemoryTopic, stop: StopSignal
) -> None:
    committed_meanwhile: list[int] = []
    handler = Handler(stop, each_time=lambda: committed_meanwhile.append(len(topic.committed)))

    run(topic, handler, stop)

    assert committed_meanwhile == [0]
    assert topic.committed == {("group", 0): 1, ("group", 1): 1}


def test_a_passing_failure_holds_the_same_batch_and_waits_longer_each_time(
    topic: MemoryTopic, stop: StopSignal
) -> None:
    handler = Handler(stop, [DatabaseUnavailableError("away")] * 3)

    source = run(topic, handler, stop)

    assert handler.seen == [[b"zero", b"one"]] * 4
    assert source.held == [1, 2, 4]
    assert topic.committed == {("group", 0): 1, ("group", 1): 1}


def test_being_told_to_stop_while_waiting_commits_nothing(
    topic: MemoryTopic, stop: StopSignal
) -> None:
    handler = Handler(stop, [DatabaseUnavailableError("away")], each_time=stop.set)

    run(topic, handler, stop)

    assert handler.seen == [[b"zero", b"one"]]
    assert topic.committed == {}


def test_a_flood_ends_the_consumer_without_committing(topic: MemoryTopic, stop: StopSignal) -> None:
    with pytest.raises(FloodError):
        run(topic, Handler(stop, [FloodError("too many")]), stop)

    assert topic.committed == {}
    assert topic.members == {"group": []}


def test_a_partition_that_was_taken_away_meanwhile_is_left_to_its_new_owner(
    topic: MemoryTopic, stop: StopSignal
) -> None:
    others: list[MemorySource] = []
    handler = Handler(
        stop,
        [DatabaseUnavailableError("away")],
        each_time=lambda: others.append(MemorySource(topic, "group")) if not others else None,
    )

    run(topic, handler, stop)

    assert handler.seen[0] == [b"zero", b"one"]
    assert [value for batch in handler.seen[1:] for value in batch] == [b"zero"]
    assert topic.committed == {("group", 0): 1}
    assert [each.value for each in others[0].poll(10, 0)] == [b"one"]


def test_a_broker_that_is_away_is_waited_for(topic: MemoryTopic, stop: StopSignal) -> None:
    topic.away = True
    waits: list[float] = []

    def come_back(seconds: float) -> bool:
        waits.append(seconds)
        topic.away = False
        return False

    stop.wait = come_back  # type: ignore[method-assign]
    handler = Handler(stop)

    run(topic, handler, stop)

    assert waits == [1]
    assert handler.seen == [[b"zero", b"one"]]
