"""What a process counts of itself, in a registry of its own; `services.declared` names each metric.

What the database knows better (disputes, promises, money, the outbox) is not counted here: a
counter in a process forgets at every restart, and counts what was rolled back or done twice.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services import declared
from services.ages import Ages
from services.clock import Clock, system_clock
from services.declared import Declared
from services.loops import Lag, Loop, Share
from services.reading import Handled


class Metrics(Collector):
    """What one process counts, in a registry of its own; safe for several threads."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.clock = clock
        self.loops: list[Loop] = []
        self.shares: list[Share] = []
        self.registry = registry = CollectorRegistry()
        self.events = _counter(declared.EVENTS, registry)
        self.event_age = Ages(declared.EVENT_AGE, registry)
        self.batch_time = _histogram(declared.BATCH_TIME, registry)
        self.batch_size = _histogram(declared.BATCH_SIZE, registry)
        self.database_time = _histogram(declared.DATABASE_TIME, registry)
        self.published = _counter(declared.PUBLISHED, registry)
        self.publish_time = _histogram(declared.PUBLISH_TIME, registry)
        self.rebalances = _counter(declared.REBALANCES, registry)
        self.retries = _counter(declared.RETRIES, registry)
        self.client_restarts = _counter(declared.CLIENT_RESTARTS, registry)
        self.skipped = _counter(declared.SKIPPED, registry)
        registry.register(self)

    def loop(self, clock: Clock) -> Loop:
        """A new loop of this process, until it is given to `end`."""
        loop = Loop(clock)
        self.loops.append(loop)
        return loop

    def share(self, kind: str, clock: Clock) -> Share:
        """A new share of the work, until it is given to `end`."""
        share = Share(kind, clock)
        self.shares.append(share)
        return share

    def lag(self, topic: str) -> Lag:
        """The share of a new member of a group, until it is given to `end`."""
        lag = Lag(topic, self.clock)
        self.shares.append(lag)
        return lag

    def end(self, *ended: Loop | Share) -> None:
        """A loop has ended, or a share was given up."""
        for each in ended:
            with suppress(ValueError):  # ended before
                if isinstance(each, Loop):
                    self.loops.remove(each)
                else:
                    self.shares.remove(each)

    def observe(self, handled: list[Handled], committed_at: datetime) -> None:
        """Count what became of a batch that was committed at `committed_at`."""
        now_ms = committed_at.timestamp() * 1000
        ages: dict[str, list[float]] = defaultdict(list)
        for each in handled:
            if not each.was_parked and each.message.timestamp_ms >= 0:
                age = (now_ms - each.message.timestamp_ms) / 1000
                ages[each.message.topic].append(age if age > 0 else 0.0)
        for topic, of_topic in ages.items():
            self.event_age.observe(topic, of_topic)
        counts = Tally((each.message.topic, each.outcome, each.reason) for each in handled)
        for (topic, outcome, reason), count in counts.items():
            self.events.labels(topic, outcome.value, reason or "").inc(count)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """What the loops of this process say, worked out at this moment."""
        loops, shares = list(self.loops), list(self.shares)
        if loops:
            yield _at_this_moment(declared.LAST_POLL, min(loop.polled_at for loop in loops))
            yield _at_this_moment(declared.PAUSED, float(any(loop.holding for loop in loops)))
        if shares:
            yield _at_this_moment(declared.LAST_PROGRESS, min(share.moved_at for share in shares))
        yield from self._lags([each for each in shares if isinstance(each, Lag)])

    def _lags(self, members: list[Lag]) -> Iterable[GaugeMetricFamily]:
        records, seconds = _at_this_moment(declared.LAG_RECORDS), _at_this_moment(declared.LAG_TIME)
        now = self.clock().timestamp()
        places = {
            (lag.topic, str(n)): place for lag in members for n, place in lag.places.copy().items()
        }
        for labels, place in places.items():
            records.add_metric(labels, place.records)
            seconds.add_metric(labels, place.seconds(now))
        if members:
            yield records
            yield seconds


def tell_build(registry: CollectorRegistry, version: str, process: str) -> None:
    """Let `registry` say which version of which process this is."""
    build = declared.BUILD
    Gauge(build.name, build.means, build.labels, registry=registry).labels(version, process).set(1)


def _counter(of: Declared, registry: CollectorRegistry) -> Counter:
    return Counter(of.name, of.means, of.labels, registry=registry)


def _histogram(of: Declared, registry: CollectorRegistry) -> Histogram:
    return Histogram(of.name, of.means, of.labels, buckets=of.bounds, registry=registry)


def _at_this_moment(of: Declared, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(of.name, of.means, value, labels=of.labels or None)
