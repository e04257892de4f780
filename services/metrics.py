"""Every metric, declared once. Labels come from closed sets, never from ids."""

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
            "When this process last asked for work, in seconds since 1970.",
            registry=self.registry,
        )

    def observe(self, handled: list[Handled], committed_at: datetime) -> None:
        """Count what became of a batch that was committed at `committed_at`."""
        for each in handled:
            topic = each.message.topic
            self.events.labels(topic, each.outcome.value, each.reason or "").inc()
            if each.assignment_latency is not None:
                self.assignment_latency.observe(each.assignment_latency.total_seconds())
            if not each.was_parked and each.message.timestamp_ms >= 0:
                age = committed_at.timestamp() - each.message.timestamp_ms / 1000
                self.event_age.labels(topic).observe(max(age, 0.0))
