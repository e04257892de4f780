"""Which metrics there are, with the values of their labels.

Rule: this list alone says so to the tests of the rules, the runbooks and the dashboards, and
tests/alerts/test_declared.py holds it to what the code declares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from consumers.bootstrap import OPS, PROCESSES, RELAY
from schemas.events import VerdictDecision
from schemas.reasons import Reason
from schemas.topics import INBOUND, OUTBOUND, dead_letter_topic
from services.rules.case import DisputeState
from services.rules.outcome import Outcome

Kind = Literal["counter", "gauge", "histogram"]
CONSUMING = tuple(name for name in PROCESSES if name != RELAY)

_IN = tuple(topic.value for topic in INBOUND)
_OUT = (*(topic.value for topic in OUTBOUND), *(dead_letter_topic(topic) for topic in INBOUND))
_REASONS = tuple(reason.value for reason in Reason)
_DECISIONS = tuple(each.value for each in VerdictDecision if each.value != "UNKNOWN")
_EVENTS = {
    "topic": _IN,
    "outcome": tuple(each.value for each in Outcome),
    "reason": ("", *_REASONS),
}
_PARTITIONS = {"topic": _IN, "partition": ("0", "1")}


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric: its full name, what it is, the values of its labels, and who serves it."""

    name: str
    kind: Kind
    served_by: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus keeps it."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


def _from_the_database(name: str, kind: Kind = "gauge", /, **labels: tuple[str, ...]) -> Declared:
    return Declared(f"mediation_{name}", kind, (OPS,), labels)


def _of_consumers(name: str, kind: Kind, /, **labels: tuple[str, ...]) -> Declared:
    return Declared(f"mediation_{name}", kind, CONSUMING, labels)


def _of_each(name: str, kind: Kind, /, **labels: tuple[str, ...]) -> Declared:
    return Declared(f"mediation_{name}", kind, PROCESSES, labels)


DECLARED = (
    _from_the_database("assignment_latency_seconds", "histogram"),
    _from_the_database(
        "assignment_promise_total", "counter", promise=("24h", "48h"), outcome=("met", "missed")
    ),
    _from_the_database(
        "unassigned_disputes", age=("lt_12h", "12h_24h", "24h_36h", "36h_48h", "gt_48h")
    ),
    _from_the_database("oldest_unassigned_dispute_timestamp_seconds"),
    _from_the_database("disputes", state=tuple(state.value for state in DisputeState)),
    _from_the_database("resolution_latency_seconds", "histogram"),
    _from_the_database("verdicts_total", "counter", decision=_DECISIONS),
    _from_the_database(
        "money_minor_total", "counter", kind=("REFUND", "PAYOUT", "PLATFORM"), currency=("EUR",)
    ),
    _from_the_database("outbox_pending"),
    _from_the_database("outbox_oldest_timestamp_seconds"),
    _from_the_database("parked_events"),
    _from_the_database("parked_oldest_timestamp_seconds"),
    _from_the_database(
        "dead_letters", topic=_IN, reason=_REASONS, status=("OPEN", "REPLAYED", "DISCARDED")
    ),
    _from_the_database(
        "invariant_violations", invariant=("money_fits_verdict", "frozen_fits_disputes")
    ),
    _from_the_database("collected_timestamp_seconds"),
    _from_the_database("audited_timestamp_seconds"),
    _of_consumers("events_total", "counter", **_EVENTS),
    _of_consumers("batch_seconds", "histogram"),
    _of_consumers("batch_messages", "histogram"),
    _of_consumers("event_age_seconds", "histogram", topic=_IN),
    _of_consumers("lag_records", "gauge", **_PARTITIONS),
    _of_consumers("lag_seconds", "gauge", **_PARTITIONS),
    _of_consumers("rebalances_total", "counter"),
    _of_consumers("client_restarts_total", "counter"),
    _of_consumers("skipped_records_total", "counter", topic=_IN),
    _of_each("database_seconds", "histogram"),
    _of_each("last_poll_timestamp_seconds", "gauge"),
    _of_each("last_progress_timestamp_seconds", "gauge"),
    _of_each("retries_total", "counter", error=("DatabaseUnavailableError",)),
    _of_each("paused", "gauge"),
    Declared("mediation_published_total", "counter", (RELAY,), {"topic": _OUT}),
    Declared("mediation_publish_seconds", "histogram", (RELAY,)),
    Declared(
        "mediation_build_info",
        "gauge",
        (*PROCESSES, OPS),
        {"version": ("0.1.0",), "process": (*PROCESSES, OPS)},
    ),
)
SERIES = {series: metric for metric in DECLARED for series in metric.series}
