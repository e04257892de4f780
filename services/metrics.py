"""Every metric, declared once. Labels come from closed sets, never from ids."""

from collections import Counter as Multiset
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.reading import Handled

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
ASSIGNMENT_BUCKETS = (
    _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 1.5 * _DAY, 2 * _DAY, 3 * _DAY, 5 * _DAY, 7 * _DAY,
)  # fmt: skip
"""Upper bounds in seconds; 24 h and 48 h, the promise's two edges, are among them (rule 3)."""


class Metrics:
    """What one process counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "mediation_events",
            "Messages handled, by topic, outcome and (for rejected ones) reason.",
            ["topic", "outcome", "reason"],
            registry=self.registry,
        )
        self.assignment_latency = Histogram(
            "mediation_assignment_latency_seconds",
            "From the opening of a dispute to its first mediator, observed once a dispute.",
            buckets=ASSIGNMENT_BUCKETS,
            registry=self.registry,
        )
        self.event_age = Histogram(
            "mediation_event_age_seconds",
            "From the moment a message was produced until its transaction was committed.",
            ["topic"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
            registry=self.registry,
        )
        self.retries = Counter(
            "mediation_retries",
            "Attempts that failed for a passing reason and were tried again, by error.",
            ["error"],
            registry=self.registry,
        )
        self.published = Counter(
            "mediation_published",
            "Messages published from the outbox and acknowledged, by topic.",
            ["topic"],
            registry=self.registry,
        )
        self.last_poll = Gauge(
            "mediation_last_poll_timestamp_seconds",
            "When this process (its slowest member) last asked for work, in seconds since 1970.",
            registry=self.registry,
        )
        self._polled_at: dict[object, float] = {}

    def polled(self, member: object, at: float) -> None:
        """A member of this process asks for work; the gauge shows who did so longest ago."""
        self._polled_at[member] = at
        self.last_poll.set(min(tuple(self._polled_at.values())))

    def observe(self, handled: Sequence[Handled], committed_at: datetime) -> None:
        """Count what became of a batch that was committed at `committed_at`."""
        counts = Multiset((each.message.topic, each.outcome, each.reason) for each in handled)
        for (topic, outcome, reason), count in counts.items():
            self.events.labels(topic, outcome.value, reason or "").inc(count)
        for each in handled:
            if each.assignment_latency is not None:
                self.assignment_latency.observe(each.assignment_latency.total_seconds())
        self._observe_ages(handled, committed_at.timestamp())

    def _observe_ages(self, handled: Sequence[Handled], now: float) -> None:
        ages: defaultdict[str, list[float]] = defaultdict(list)
        for each in handled:
            message = each.message
            if not each.was_parked and message.timestamp_ms >= 0:
                ages[message.topic].append(max(now - message.timestamp_ms / 1000, 0.0))
        for topic, several in ages.items():
            histogram = self.event_age.labels(topic)
            for age in several:
                histogram.observe(age)
