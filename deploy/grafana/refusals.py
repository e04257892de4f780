"""Dead letters and contracts: what was refused, why, what waits, and who keeps the contract."""

from deploy.grafana.panels import Dashboard, Query, Unit, areas, bars, lines, number

_LETTERS = "max by (topic, reason, status) (mediation_dead_letters)"
_OPEN = 'max by (topic, reason) (mediation_dead_letters{status="OPEN"})'

DASHBOARD = Dashboard(
    uid="mediation-refusals",
    title="Mediation: dead letters and contracts",
    says="What became a dead letter and why, and what still waits for the event before it.",
    panels=(
        number(
            "Open dead letters",
            "Refused events that nobody has replayed or discarded.",
            Unit.COUNT, f"sum({_OPEN})", warn=1, bad=20, runbook="DeadLettersOpen",
        ),
        number(
            "New in 10 minutes",
            "Dead letters of the kind that grew most. Pages above 20.",
            Unit.COUNT,
            "max(sum by (topic, reason) (max by (topic, reason, status)"
            " (delta(mediation_dead_letters[10m]))))",
            warn=5, bad=20, runbook="DeadLetterSurge",
        ),
        number(
            "Parked events",
            "Events that came too early, and wait for the one before them.",
            Unit.COUNT, "max(mediation_parked_events)", warn=100, bad=1000,
            runbook="ParkedTooLong",
        ),
        number(
            "Oldest parked event",
            "A ticket after a day; after the parking limit it is a dead letter.",
            Unit.SECONDS,
            "(time() - min(mediation_parked_oldest_timestamp_seconds))"
            " * on () (max(mediation_parked_events) > bool 0)",
            warn=86_400, bad=518_400, runbook="ParkedTooLong",
        ),
        bars(
            "Open, by topic and reason",
            "Only kinds of which there are any.",
            Unit.COUNT, Query(f"{_OPEN} > 0 or on () vector(0)", "{{topic}} {{reason}}"),
            warn=1, bad=20, runbook="DeadLettersOpen",
        ),
        areas(
            "Dead letters, by status",
            "All that there ever were.",
            Unit.COUNT, Query(f"sum by (status) ({_LETTERS})", "{{status}}"),
            runbook="DeadLettersOpen",
        ),
        lines(
            "Refused",
            "Events a second that were refused, by topic and reason.",
            Unit.PER_SECOND,
            Query(
                "sum by (topic, reason)"
                ' (rate(mediation_events_total{outcome="rejected"}[$__rate_interval]))'
                " or on () vector(0)",
                "{{topic}} {{reason}}",
            ),
            runbook="DeadLetterSurge",
        ),
        lines(
            "Share of events that are refused",
            "By topic. At half of the newest 200 a consumer stops by itself.",
            Unit.SHARE,
            Query(
                '(sum by (topic) (rate(mediation_events_total{outcome="rejected"}'
                "[$__rate_interval])) or on (topic)"
                " 0 * sum by (topic) (rate(mediation_events_total[$__rate_interval])))"
                " / on (topic) (sum by (topic)"
                " (rate(mediation_events_total[$__rate_interval])) > 0)"
                " or on () vector(0)",
                "{{topic}}",
            ),
            warn=0.05, bad=0.5, runbook="DeadLetterSurge",
        ),
        lines(
            "Deferred",
            "Events a second that came too early, by topic.",
            Unit.PER_SECOND,
            Query(
                'sum by (topic) (rate(mediation_events_total{outcome="deferred"}'
                "[$__rate_interval])) or on () vector(0)",
                "{{topic}}",
            ),
        ),
        lines(
            "Lost to retention",
            "Records that Kafka removed before they were read. Pages at one.",
            Unit.COUNT,
            Query(
                "sum by (topic) (mediation_skipped_records_total) or on () vector(0)", "{{topic}}"
            ),
            bad=1, runbook="RecordsSkipped",
        ),
    ),
)  # fmt: skip
