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
from tests.simulation.broker import MemoryBroker, MemorySource


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
def broker() -> MemoryBroker:
    broker = MemoryBroker(partitions=2)
    broker.append("topic", 0, b"key", b"zero")
    broker.append("topic", 1, b"key", b"one")
    return broker


def run(broker: MemoryBroker, handler: Handler, stop: StopSignal) -> MemorySource:
    source = MemorySource(broker, "group")
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
    broker: MemoryBroker, stop: StopSignal
) -> None:
    meanwhile: list[dict[int, int]] = []
    handler = Handler(
        stop, each_time=lambda: meanwhile.append(dict(broker.groups["group"].committed))
    )

    run(broker, handler, stop)

    assert meanwhile == [{}]
    assert broker.groups["group"].committed == {0: 1, 1: 1}


def test_a_passing_failure_holds_the_same_batch_and_waits_longer_each_time(
    broker: MemoryBroker, stop: StopSignal
) -> None:
    handler = Handler(stop, [DatabaseUnavailableError("away")] * 3)

    source = run(broker, handler, stop)

    assert handler.seen == [[b"zero", b"one"]] * 4
    assert source.held == [1, 2, 4]
    assert broker.groups["group"].committed == {0: 1, 1: 1}


def test_being_told_to_stop_while_waiting_commits_nothing(
    broker: MemoryBroker, stop: StopSignal
) -> None:
    handler = Handler(stop, [DatabaseUnavailableError("away")], each_time=stop.set)

    run(broker, handler, stop)

    assert handler.seen == [[b"zero", b"one"]]
    assert broker.groups["group"].committed == {}


def test_a_flood_ends_the_consumer_without_committing(
    broker: MemoryBroker, stop: StopSignal
) -> None:
    with pytest.raises(FloodError):
        run(broker, Handler(stop, [FloodError("too many")]), stop)

    assert broker.groups["group"].committed == {}
    assert broker.groups["group"].members == []


def test_a_partition_that_was_taken_away_meanwhile_is_left_to_its_new_owner(
    broker: MemoryBroker, stop: StopSignal
) -> None:
    other = MemorySource(broker, "group")
    handler = Handler(stop, [DatabaseUnavailableError("away")], lambda: other.hold(0, bool))

    run(broker, handler, stop)

    assert handler.seen[0] == [b"zero", b"one"]
    assert [value for batch in handler.seen[1:] for value in batch] == [b"zero"]
    assert broker.groups["group"].committed == {0: 1}
    assert [each.value for each in other.poll(10, 0)] == [b"one"]


def test_a_broker_that_is_away_is_waited_for(broker: MemoryBroker, stop: StopSignal) -> None:
    broker.away = True
    waits: list[float] = []

    def come_back(seconds: float) -> bool:
        waits.append(seconds)
        broker.away = False
        return False

    stop.wait = come_back  # type: ignore[method-assign]
    handler = Handler(stop)

    run(broker, handler, stop)

    assert waits == [1]
    assert handler.seen == [[b"zero", b"one"]]
