"""Every metric of the domain, declared once. Labels come from closed sets, never from ids.

Rule: these are read from the database by one process, and are exact (docs/figures.md). What a
process counts of itself, and forgets when it ends, is in `services.metrics`.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric that another part fills in: its name, what it means, its labels."""

    name: str
    means: str
    labels: tuple[str, ...] = ()


ASSIGNMENT_LATENCY = Declared(
    "mediation_assignment_latency_seconds",
    "From the opening of a dispute to its first mediator, once a dispute.",
)
ASSIGNMENT_PROMISE = Declared(
    "mediation_assignment_promise_total",
    "Disputes that got their first mediator within 24 h or 48 h (met) or later (missed).",
    ("promise", "outcome"),
)
UNASSIGNED = Declared(
    "mediation_unassigned_disputes",
    "Disputes that wait for their first mediator, by how long they have waited.",
    ("age",),
)
OLDEST_UNASSIGNED = Declared(
    "mediation_oldest_unassigned_dispute_timestamp_seconds",
    "When the dispute was opened that has waited longest for a mediator; now if none waits.",
)
DISPUTES = Declared("mediation_disputes", "Disputes by state.", ("state",))
RESOLUTION_LATENCY = Declared(
    "mediation_resolution_latency_seconds",
    "From the opening of a dispute to its verdict, once a dispute.",
)
VERDICTS = Declared("mediation_verdicts_total", "Verdicts that stand, by decision.", ("decision",))
MONEY = Declared(
    "mediation_money_minor_total",
    "What verdicts gave to buyers, to sellers and to the platform, in minor units.",
    ("kind", "currency"),
)
OUTBOX_PENDING = Declared("mediation_outbox_pending", "Messages that are still to be published.")
OUTBOX_OLDEST = Declared(
    "mediation_outbox_oldest_timestamp_seconds",
    "When the oldest message was written that is still to be published; now if there is none.",
)
PARKED = Declared("mediation_parked_events", "Events that came too early and still wait.")
PARKED_OLDEST = Declared(
    "mediation_parked_oldest_timestamp_seconds",
    "Since when the event has waited that has waited longest; now if there is none.",
)
DEAD_LETTERS = Declared(
    "mediation_dead_letters",
    "Dead letters that are kept, by topic, reason and status.",
    ("topic", "reason", "status"),
)
VIOLATIONS = Declared(
    "mediation_invariant_violations",
    "Violations that the auditor found and that were still there when it last looked.",
    ("invariant",),
)
COLLECTED = Declared(
    "mediation_collected_timestamp_seconds",
    "When these numbers were last read; before the first time, when the process was started.",
)
AUDITED = Declared(
    "mediation_audited_timestamp_seconds",
    "When the auditor last began a round that it ended; before that, when the process was started.",
)
