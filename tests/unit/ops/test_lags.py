"""Is a consumer said to be behind for as long as it is, and never when nobody knows?"""

from datetime import UTC, datetime, timedelta

from consumers.ops.lags import BELIEVED_FOR, Lag, Lags, Trail
from services.errors import BrokerUnavailableError

T0 = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_who_is_not_behind_waits_since_never() -> None:
    assert Trail().lag({0: (7, 7), 1: (0, 0)}, T0) == Lag(0, None)


def test_what_waits_was_there_when_the_topic_was_last_seen_to_end_behind_it() -> None:
    trail = Trail()

    assert trail.lag({0: (5, 10)}, at(0)) == Lag(5, at(0))
    assert trail.lag({0: (5, 12)}, at(5)) == Lag(7, at(0))
    assert trail.lag({0: (10, 12)}, at(10)) == Lag(2, at(5))
    assert trail.lag({0: (12, 13)}, at(15)) == Lag(1, at(15))
    assert trail.lag({0: (13, 13)}, at(20)) == Lag(0, None)


def test_the_partition_that_waits_longest_counts() -> None:
    trail = Trail()
    trail.lag({0: (0, 1), 1: (4, 4)}, at(0))

    assert trail.lag({0: (0, 1), 1: (4, 9)}, at(5)) == Lag(6, at(0))


def test_a_consumer_that_stands_still_for_a_day_costs_no_more_memory() -> None:
    trail = Trail()
    for number in range(5_000):
        lag = trail.lag({0: (0, number + 1)}, at(number))

    assert lag == Lag(5_000, at(0))
    assert sum(map(len, trail._ends.values())) <= 720


class Cluster:
    """A broker that can go away."""

    def __init__(self) -> None:
        self.away = False
        self.connected = 0

    def connect(self) -> "Cluster":
        self.connected += 1
        return self

    def positions(self, group: str, topic: str) -> dict[int, tuple[int, int]]:
        if self.away:
            raise BrokerUnavailableError("away")
        return {0: (1, 4)}

    def close(self) -> None:
        raise BrokerUnavailableError("away")


def test_a_broker_that_is_away_makes_it_unknown_after_a_while_and_is_asked_anew() -> None:
    cluster, now = Cluster(), [T0]
    lags = Lags(cluster.connect, {"relay": ("group", "topic")}, lambda: now[0])

    assert lags.known() == {}
    lags.read()
    assert lags.known() == {"relay": Lag(3, T0)}
    cluster.away = True
    now[0] += BELIEVED_FOR
    lags.read()
    assert lags.known() == {"relay": Lag(3, T0)}
    now[0] += timedelta(seconds=1)
    assert lags.known() == {}
    cluster.away = False
    lags.read()

    assert lags.known() == {"relay": Lag(3, T0)}
    assert cluster.connected == 2


def test_it_is_read_in_the_background_until_told_to_stop() -> None:
    cluster = Cluster()
    lags = Lags(cluster.connect, {"relay": ("group", "topic")}, lambda: T0)

    lags.start()
    lags.stop()
    lags._thread.join(10)

    assert not lags._thread.is_alive()
