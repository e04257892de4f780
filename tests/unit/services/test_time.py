"""What do the metrics and the loop of a consumer make of clocks that are wrong?"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from consumers.runner import ConsumerDefinition, Runner
from consumers.stopping import StopSignal
from schemas.topics import Topic
from services.mediation import Mediation
from services.messages import Message
from services.metrics import Metrics
from services.reading import Handled
from services.retry import Backoff
from services.rules.outcome import Outcome
from tests.integration.conftest import SetClock
from tests.simulation.broker import MemoryBroker, MemorySource

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
WINTER_TIME_BEGINS = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
SUMMER_TIME_BEGINS = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
YEAR_BEGINS = datetime(2017, 1, 1, tzinfo=UTC)  # after a leap second


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> StopSignal:
    monkeypatch.setattr("consumers.stopping.GRACE_SECONDS", 3600)
    return StopSignal()


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process lives by Paris time."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def observed_age(produced_at: datetime, committed_at: datetime) -> float | None:
    metrics = Metrics()
    produced_ms = round(produced_at.timestamp() * 1000)
    message = Message("order.disputed", 0, 0, produced_ms, b"key", b"value")
    metrics.observe([Handled(message, Outcome.APPLIED, "done")], committed_at)
    return metrics.registry.get_sample_value(
        "mediation_event_age_seconds_sum", {"topic": "order.disputed"}
    )


def test_a_message_from_the_future_has_the_age_zero() -> None:
    assert observed_age(NOON + timedelta(minutes=10), NOON) == 0


@pytest.mark.usefixtures("in_paris")
@pytest.mark.parametrize("change", [SUMMER_TIME_BEGINS, WINTER_TIME_BEGINS, YEAR_BEGINS])
def test_an_age_is_elapsed_time_across_every_change_of_the_clocks(change: datetime) -> None:
    before, after = change - timedelta(minutes=5), change + timedelta(minutes=5)

    assert observed_age(before, after) == 600


class Expiries:
    """Stands for a mediation, of which only the hunt for overdue events is of interest."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self.asked_at: list[datetime] = []

    def expire_parked(self, _topic: str) -> list[Handled]:
        self.asked_at.append(self._clock.now)
        return []


class Turns(MemorySource):
    """Has no messages; at each poll the clock shows the next of these moments, until all were."""

    def __init__(self, clock: SetClock, moments: list[datetime], stop: StopSignal) -> None:
        super().__init__(MemoryBroker(), "group")
        self._clock = clock
        self._moments = moments
        self._stop = stop

    def poll(self, limit: int, timeout: float) -> list[Message]:
        if self._moments:
            self._clock.now = self._moments.pop(0)
        else:
            self._stop.set()
        return []


def looked_for_overdue_events(seconds: list[int], stop: StopSignal) -> list[int]:
    """On a clock that shows these seconds after noon, turn by turn: at which of them."""
    clock = SetClock()
    clock.now = NOON
    expiries = Expiries(clock)
    Runner(
        ConsumerDefinition(Topic.ORDER_DISPUTED, "group", Mediation.handle),
        Turns(clock, [NOON + timedelta(seconds=each) for each in seconds], stop),
        cast(Mediation, expiries),
        stop=stop,
        backoff=Backoff(),
        clock=clock,
        metrics=Metrics(),
        batch_size=1,
    ).run()
    return [round((each - NOON).total_seconds()) for each in expiries.asked_at]


def test_overdue_events_are_looked_for_once_a_minute(stop: StopSignal) -> None:
    assert looked_for_overdue_events([30, 59, 60, 90, 119, 120], stop) == [60, 120]


def test_a_clock_that_is_set_back_delays_nothing(stop: StopSignal) -> None:
    assert looked_for_overdue_events([30, -600, -570, -540, -510, -480], stop) == [-600, -540, -480]


def test_a_clock_that_jumps_ahead_is_one_minute_like_any_other(stop: StopSignal) -> None:
    assert looked_for_overdue_events([30, 86_400, 86_430, 86_460], stop) == [86_400, 86_460]


@pytest.mark.usefixtures("in_paris")
@pytest.mark.parametrize("change", [SUMMER_TIME_BEGINS, WINTER_TIME_BEGINS])
def test_a_change_of_the_local_time_is_no_jump(change: datetime, stop: StopSignal) -> None:
    offset = round((change - NOON).total_seconds())

    looked = looked_for_overdue_events([offset - 30, offset + 29, offset + 30, offset + 31], stop)

    assert looked == [offset - 30, offset + 30]


def test_of_several_loops_the_metric_shows_the_one_that_polled_longest_ago() -> None:
    metrics = Metrics()
    polls = iter([NOON, NOON + timedelta(seconds=7), NOON + timedelta(seconds=9)])
    one, two = (metrics.loop(lambda: next(polls, NOON)) for _ in range(2))

    two.turned()

    assert one.polled_at == NOON.timestamp()
    assert metrics.registry.get_sample_value("mediation_last_poll_timestamp_seconds") == (
        NOON.timestamp()
    )
