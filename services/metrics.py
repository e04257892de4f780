"""Every metric that a process keeps of itself, declared once. Labels come from closed sets.

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

from services.ages import Ages
from services.clock import Clock, system_clock
from services.loops import Lag, Loop, Share
from services.reading import Handled

_AGE_BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600,
)  # fmt: skip
_TIME_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_SIZE_BUCKETS = (1, 10, 50, 100, 250, 500, 1000, 2000, 5000)


class Metrics(Collector):
    """What one process counts, in a registry of its own; safe for several threads."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.clock = clock
        self.loops: list[Loop] = []
        self.shares: list[Share] = []
        self.registry = registry = CollectorRegistry()
        self.events = Counter(
            "mediation_events",
            "Messages handled, by topic, outcome and (for rejected ones) reason.",
            ["topic", "outcome", "reason"],
            registry=registry,
        )
        self.event_age = Ages(
            "mediation_event_age_seconds",
            "From the moment a message was produced until its transaction was committed.",
            _AGE_BUCKETS,
            registry,
        )
        self._declare_times(registry)
        self._declare_what_goes_wrong(registry)
        self.build = Gauge(
            "mediation_build_info",
            "Always 1; the labels say which version of which process this is.",
            ["version", "process"],
            registry=registry,
        )
        registry.register(self)

    def _declare_times(self, registry: CollectorRegistry) -> None:
        self.batch_time = Histogram(
            "mediation_batch_seconds",
            "From the poll that brought a batch until its offsets were committed.",
            buckets=_TIME_BUCKETS,
            registry=registry,
        )
        self.batch_size = Histogram(
            "mediation_batch_messages",
            "Messages in a batch.",
            buckets=_SIZE_BUCKETS,
            registry=registry,
        )
        self.database_time = Histogram(
            "mediation_database_seconds",
            "A transaction, from its begin to its commit or its end in failure.",
            buckets=_TIME_BUCKETS,
            registry=registry,
        )
        self.published = Counter(
            "mediation_published",
            "Messages published from the outbox and acknowledged, by topic.",
            ["topic"],
            registry=registry,
        )
        self.publish_time = Histogram(
            "mediation_publish_seconds",
            "Publishing rows of the outbox, until the last of them was acknowledged.",
            buckets=_TIME_BUCKETS,
            registry=registry,
        )

    def _declare_what_goes_wrong(self, registry: CollectorRegistry) -> None:
        self.rebalances = Counter(
            "mediation_rebalances",
            "How often partitions were dealt to a member of this process.",
            registry=registry,
        )
        self.retries = Counter(
            "mediation_retries",
            "Attempts that failed for a passing reason and were tried again, by error.",
            ["error"],
            registry=registry,
        )
        self.client_restarts = Counter(
            "mediation_client_restarts",
            "How often the Kafka client was given up, and connected anew.",
            registry=registry,
        )
        self.skipped = Counter(
            "mediation_skipped_records",
            "Records that the log's retention removed before they were read: lost to us.",
            ["topic"],
            registry=registry,
        )

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
            yield GaugeMetricFamily(
                "mediation_last_poll_timestamp_seconds",
                "When this process last asked for work; of several loops the one longest ago.",
                min(loop.polled_at for loop in loops),
            )
            yield GaugeMetricFamily(
                "mediation_paused",
                "1 while a failure that may pass holds this process, or one of its loops.",
                float(any(loop.holding for loop in loops)),
            )
        if shares:
            yield GaugeMetricFamily(
                "mediation_last_progress_timestamp_seconds",
                "When work was last done, or none was waiting; of several loops the one longest"
                " ago.",
                min(share.moved_at for share in shares),
            )
        yield from self._lags([each for each in shares if isinstance(each, Lag)])

    def _lags(self, members: list[Lag]) -> Iterable[GaugeMetricFamily]:
        records = GaugeMetricFamily(
            "mediation_lag_records",
            "Records of a partition of ours that are not handled.",
            labels=["topic", "partition"],
        )
        seconds = GaugeMetricFamily(
            "mediation_lag_seconds",
            "How long ago the oldest record that is not handled was produced; 0 if there is none.",
            labels=["topic", "partition"],
        )
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
