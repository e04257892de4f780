"""Every metric, declared once: its name, its kind, what it means, its labels, its buckets.

Rule: there is no other place where one is named. Labels come from closed sets, never from ids. What
the database knows better (disputes, promises, money, the outbox) is read from it by one process,
and is exact (docs/figures.md); the rest each process counts of itself, and forgets when it ends
(docs/metrics.md).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

_HOUR, _DAY = 3600, 86_400
ASSIGNMENT_BOUNDS = (
    *(60, 300, 900, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 36 * _HOUR, 2 * _DAY, 3 * _DAY, 5 * _DAY, 7 * _DAY),
)
"""Upper bounds in seconds; 24 h and 48 h, the promise's two edges, are among them (rule 3)."""

RESOLUTION_BOUNDS = (
    *(_HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY),
    *(3 * _DAY, 5 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY),
)
"""Upper bounds in seconds. Both are also in the database, which counts by them."""

PROMISES = {"24h": _DAY, "48h": 2 * _DAY}
"""Within how many seconds a dispute is to have its first mediator."""

_AGE_BOUNDS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600,
)  # fmt: skip
_TIME_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_SIZE_BOUNDS = (1, 10, 50, 100, 250, 500, 1000, 2000, 5000)


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric that another part fills in. The name of a counter ends with `_total`.

    Of a histogram there are also the upper bounds of its buckets.
    """

    name: str
    kind: Kind
    means: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


# --- of the domain, read from the database ---

ASSIGNMENT_LATENCY = Declared(
    "mediation_assignment_latency_seconds",
    "histogram",
    "From the opening of a dispute to its first mediator, once a dispute.",
    bounds=ASSIGNMENT_BOUNDS,
)
ASSIGNMENT_PROMISE = Declared(
    "mediation_assignment_promise_total",
    "counter",
    "Disputes that got their first mediator within 24 h or 48 h (met) or later (missed).",
    ("promise", "outcome"),
)
UNASSIGNED = Declared(
    "mediation_unassigned_disputes",
    "gauge",
    "Disputes that wait for their first mediator, by how long they have waited.",
    ("age",),
)
OLDEST_UNASSIGNED = Declared(
    "mediation_oldest_unassigned_dispute_timestamp_seconds",
    "gauge",
    "When the dispute was opened that has waited longest for a mediator; now if none waits.",
)
DISPUTES = Declared("mediation_disputes", "gauge", "Disputes by state.", ("state",))
RESOLUTION_LATENCY = Declared(
    "mediation_resolution_latency_seconds",
    "histogram",
    "From the opening of a dispute to its verdict, once a dispute.",
    bounds=RESOLUTION_BOUNDS,
)
VERDICTS = Declared(
    "mediation_verdicts_total", "counter", "Verdicts that stand, by decision.", ("decision",)
)
MONEY = Declared(
    "mediation_money_minor_total",
    "counter",
    "What verdicts gave to buyers, to sellers and to the platform, in minor units.",
    ("kind", "currency"),
)
OUTBOX_PENDING = Declared(
    "mediation_outbox_pending", "gauge", "Messages that are still to be published."
)
OUTBOX_OLDEST = Declared(
    "mediation_outbox_oldest_timestamp_seconds",
    "gauge",
    "When the oldest message was written that is still to be published; now if there is none.",
)
PARKED = Declared("mediation_parked_events", "gauge", "Events that came too early and still wait.")
PARKED_OLDEST = Declared(
    "mediation_parked_oldest_timestamp_seconds",
    "gauge",
    "Since when the event has waited that has waited longest; now if there is none.",
)
DEAD_LETTERS = Declared(
    "mediation_dead_letters",
    "gauge",
    "Dead letters that are kept, by topic, reason and status.",
    ("topic", "reason", "status"),
)
VIOLATIONS = Declared(
    "mediation_invariant_violations",
    "gauge",
    "Violations that the auditor found and that were still there when it last looked.",
    ("invariant",),
)
COLLECTED = Declared(
    "mediation_collected_timestamp_seconds",
    "gauge",
    "When these numbers were last read; before the first time, when the process was started.",
)
AUDITED = Declared(
    "mediation_audited_timestamp_seconds",
    "gauge",
    "When the auditor last began a round that it ended; before that, when the process was started.",
)
OF_THE_DOMAIN = (
    *(ASSIGNMENT_LATENCY, ASSIGNMENT_PROMISE, UNASSIGNED, OLDEST_UNASSIGNED, DISPUTES),
    *(RESOLUTION_LATENCY, VERDICTS, MONEY, OUTBOX_PENDING, OUTBOX_OLDEST, PARKED, PARKED_OLDEST),
    *(DEAD_LETTERS, VIOLATIONS, COLLECTED, AUDITED),
)

# --- of each process ---

EVENTS = Declared(
    "mediation_events_total",
    "counter",
    "Messages handled, by topic, outcome and (for rejected ones) reason.",
    ("topic", "outcome", "reason"),
)
EVENT_AGE = Declared(
    "mediation_event_age_seconds",
    "histogram",
    "From the moment a message was produced until its transaction was committed.",
    ("topic",),
    _AGE_BOUNDS,
)
BATCH_TIME = Declared(
    "mediation_batch_seconds",
    "histogram",
    "From the poll that brought a batch until its offsets were committed.",
    bounds=_TIME_BOUNDS,
)
BATCH_SIZE = Declared(
    "mediation_batch_messages", "histogram", "Messages in a batch.", bounds=_SIZE_BOUNDS
)
DATABASE_TIME = Declared(
    "mediation_database_seconds",
    "histogram",
    "A transaction, from its begin to its commit or its end in failure.",
    bounds=_TIME_BOUNDS,
)
LAG_RECORDS = Declared(
    "mediation_lag_records",
    "gauge",
    "Records of a partition of ours that are not handled.",
    ("topic", "partition"),
)
LAG_TIME = Declared(
    "mediation_lag_seconds",
    "gauge",
    "How long ago the oldest record that is not handled was produced; 0 if there is none.",
    ("topic", "partition"),
)
LAST_POLL = Declared(
    "mediation_last_poll_timestamp_seconds",
    "gauge",
    "When this process last asked for work; of several loops the one longest ago.",
)
LAST_PROGRESS = Declared(
    "mediation_last_progress_timestamp_seconds",
    "gauge",
    "When work was last done, or none was waiting; of several loops the one longest ago.",
)
PAUSED = Declared(
    "mediation_paused",
    "gauge",
    "1 while a failure that may pass holds this process, or one of its loops.",
)
RETRIES = Declared(
    "mediation_retries_total",
    "counter",
    "Attempts that failed for a passing reason and were tried again, by error.",
    ("error",),
)
REBALANCES = Declared(
    "mediation_rebalances_total",
    "counter",
    "How often partitions were dealt to a member of this process.",
)
CLIENT_RESTARTS = Declared(
    "mediation_client_restarts_total",
    "counter",
    "How often the Kafka client was given up, and connected anew.",
)
SKIPPED = Declared(
    "mediation_skipped_records_total",
    "counter",
    "Records that the log's retention removed before they were read: lost to us.",
    ("topic",),
)
PUBLISHED = Declared(
    "mediation_published_total",
    "counter",
    "Messages published from the outbox and acknowledged, by topic.",
    ("topic",),
)
PUBLISH_TIME = Declared(
    "mediation_publish_seconds",
    "histogram",
    "Publishing rows of the outbox, until the last of them was acknowledged.",
    bounds=_TIME_BOUNDS,
)
BUILD = Declared(
    "mediation_build_info",
    "gauge",
    "Always 1; the labels say which version of which process this is.",
    ("version", "process"),
)
OF_A_PROCESS = (
    *(EVENTS, EVENT_AGE, BATCH_TIME, BATCH_SIZE, DATABASE_TIME, LAG_RECORDS, LAG_TIME, LAST_POLL),
    *(LAST_PROGRESS, PAUSED, RETRIES, REBALANCES, CLIENT_RESTARTS, SKIPPED),
    *(PUBLISHED, PUBLISH_TIME, BUILD),
)
