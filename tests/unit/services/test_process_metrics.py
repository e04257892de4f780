"""What does a process say of itself?"""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.reasons import Reason
from services.loops import Lag
from services.messages import Message
from services.metrics import Metrics
from services.reading import Handled
from services.rules.outcome import Outcome

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(clock)


@pytest.fixture
def lag(metrics: Metrics) -> Lag:
    return metrics.lag("order.disputed")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"mediation_{name}", labels)


def lag_of(metrics: Metrics, partition: int) -> tuple[float | None, float | None]:
    """Records and seconds."""
    labels = {"topic": "order.disputed", "partition": str(partition)}
    return value(metrics, "lag_records", **labels), value(metrics, "lag_seconds", **labels)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def ago(seconds: float) -> int:
    """When that was, in milliseconds since 1970."""
    return ms(NOON - timedelta(seconds=seconds))


def handled(
    age: float, outcome: Outcome = Outcome.APPLIED, reason: Reason | None = None
) -> Handled:
    message = Message("order.disputed", 0, 0, ago(age), b"key", b"value")
    return Handled(message, outcome, "why", reason=reason)


def test_a_batch_is_counted_by_outcome_and_reason(metrics: Metrics) -> None:
    batch = [handled(1)] * 3 + [handled(1, Outcome.REJECTED, Reason.BUG)]

    metrics.observe(batch, NOON)
    metrics.observe(batch[:1], NOON)

    topic = {"topic": "order.disputed"}
    assert value(metrics, "events_total", **topic, outcome="applied", reason="") == 4
    assert value(metrics, "events_total", **topic, outcome="rejected", reason="bug") == 1


def test_ages_are_counted_in_the_buckets_that_they_fit_into(metrics: Metrics) -> None:
    metrics.observe([handled(0.005), handled(0.2), handled(-3)], NOON)
    metrics.observe([handled(7200)], NOON)

    topic = {"topic": "order.disputed"}
    name = "event_age_seconds"
    counts = [
        value(metrics, f"{name}_bucket", **topic, le=le) for le in ("0.005", "0.25", "3600.0")
    ]
    assert counts == [2, 3, 3]
    assert value(metrics, f"{name}_bucket", **topic, le="+Inf") == 4
    assert value(metrics, f"{name}_count", **topic) == 4
    assert value(metrics, f"{name}_sum", **topic) == pytest.approx(7200.205)


def test_the_lag_in_time_is_the_age_of_the_oldest_record_in_hand_and_grows_by_itself(
    metrics: Metrics, lag: Lag, clock: Clock
) -> None:
    lag.gained(0, 100)
    lag.read(0, 100, 109, ago(30))

    before = lag_of(metrics, 0)
    clock.advance(60)
    after = lag_of(metrics, 0)

    assert [before, after] == [(10, 30), (10, 90)]


def test_a_partition_that_is_read_to_its_end_has_no_lag_however_long_nothing_comes(
    metrics: Metrics, lag: Lag, clock: Clock
) -> None:
    lag.gained(0, 100)
    lag.read(0, 100, 109, ago(30))
    lag.handled(0, 109, ago(20))
    clock.advance(3600)

    assert lag_of(metrics, 0) == (0, 0)


def test_what_waits_behind_a_batch_is_about_as_old_as_the_end_of_that_batch(
    metrics: Metrics, lag: Lag
) -> None:
    lag.gained(0, 100)
    lag.looked(0, 100, 500)
    lag.read(0, 100, 109, ago(7200))
    lag.handled(0, 109, ago(7100))

    assert lag_of(metrics, 0) == (390, 7100)


def test_what_comes_after_a_quiet_time_is_not_older_than_that_time(
    metrics: Metrics, lag: Lag, clock: Clock
) -> None:
    lag.gained(0, 100)
    lag.read(0, 100, 109, ago(5))
    lag.handled(0, 109, ago(5))
    clock.advance(7200)
    lag.looked(0, 110, 110)

    clock.advance(10)
    lag.looked(0, 110, 111)

    assert lag_of(metrics, 0) == (1, 10)


def test_a_partition_from_which_nothing_ever_came_is_late_since_it_is_ours(
    metrics: Metrics, lag: Lag, clock: Clock
) -> None:
    lag.gained(0, None)
    clock.advance(90)

    lag.looked(0, 0, 7)

    assert lag_of(metrics, 0) == (7, 90)


def test_a_partition_that_is_another_members_is_not_shown(metrics: Metrics, lag: Lag) -> None:
    lag.gained(0, 5)
    lag.gained(1, 5)

    lag.lost(0)
    lag.looked(0, 5, 9)
    lag.read(0, 5, 9, ago(1))
    lag.handled(0, 9, ago(1))

    assert lag_of(metrics, 0) == (None, None)
    assert lag_of(metrics, 1) == (0, 0)


def test_each_member_of_a_process_shows_its_own_partitions(metrics: Metrics, lag: Lag) -> None:
    other = metrics.lag("order.disputed")
    lag.gained(0, 5)
    other.gained(1, 5)
    other.read(1, 5, 6, ago(3))

    lag.lost(1)

    assert lag_of(metrics, 0) == (0, 0)
    assert lag_of(metrics, 1) == (2, 3)


def test_of_several_loops_the_one_that_is_worst_off_is_shown(
    metrics: Metrics, lag: Lag, clock: Clock
) -> None:
    first, second = metrics.loop(clock), metrics.loop(clock)
    other = metrics.lag("order.disputed")
    clock.advance(10)
    first.turned()
    lag.moved()
    second.holding = True

    assert value(metrics, "last_poll_timestamp_seconds") == NOON.timestamp()
    assert value(metrics, "last_progress_timestamp_seconds") == NOON.timestamp()
    assert value(metrics, "paused") == 1

    metrics.end(second, other)

    assert value(metrics, "last_poll_timestamp_seconds") == NOON.timestamp() + 10
    assert value(metrics, "last_progress_timestamp_seconds") == NOON.timestamp() + 10
    assert value(metrics, "paused") == 0


def test_offsets_that_nobody_read_are_noticed(lag: Lag) -> None:
    lag.gained(0, 100)

    assert lag.read(0, 100, 109, ago(1)) is None
    lag.handled(0, 109, ago(1))
    assert lag.read(0, 150, 159, ago(1)) == 110
    lag.handled(0, 159, ago(1))
    assert lag.looked(0, 160, 160) is None
    assert lag.looked(0, 190, 200) == 160
