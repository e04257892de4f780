"""Money and the outbox: what was decided, whether it was told, and whether it adds up."""

from deploy.grafana.panels import Dashboard, Query, Unit, areas, bars, lines, number

DASHBOARD = Dashboard(
    uid="mediation-money",
    title="Mediation: money and outbox",
    says="What verdicts came to, whether Kafka has been told, and what the audit says.",
    panels=(
        number(
            "Oldest row of the outbox",
            "How long what was decided has not been told. Pages at a minute.",
            Unit.SECONDS,
            "(time() - min(mediation_outbox_oldest_timestamp_seconds))"
            " * on () (max(mediation_outbox_pending) > bool 0)",
            warn=15, bad=60, runbook="OutboxStuck",
        ),
        number(
            "Rows in the outbox",
            "Effects, and mirrors of dead letters, that are still to be published.",
            Unit.COUNT, "max(mediation_outbox_pending)", warn=10_000, bad=100_000,
            runbook="OutboxStuck",
        ),
        number(
            "Violations",
            "What the audit found that must never be. Pages at one.",
            Unit.COUNT, "sum(max by (invariant) (mediation_invariant_violations))",
            bad=1, runbook="InvariantViolated",
        ),
        number(
            "Since the last audit",
            "When the last round over all orders began that has ended.",
            Unit.SECONDS, "time() - max(mediation_audited_timestamp_seconds)",
            warn=3600, bad=7200, runbook="CollectorStale",
        ),
        lines(
            "Outbox",
            "Rows that are still to be published.",
            Unit.COUNT, Query("max(mediation_outbox_pending)", "rows"), runbook="OutboxStuck",
        ),
        lines(
            "Published",
            "Rows a second that Kafka has acknowledged, by topic.",
            Unit.PER_SECOND,
            Query(
                "sum by (topic) (rate(mediation_published_total[$__rate_interval]))", "{{topic}}"
            ),
            runbook="OutboxStuck",
        ),
        lines(
            "Publishing some rows",
            "Until the last of them was acknowledged; nine of ten, and half, are below.",
            Unit.SECONDS,
            *(
                Query(
                    f"histogram_quantile({quantile}, sum by (le)"
                    " (rate(mediation_publish_seconds_bucket[$__rate_interval])))",
                    name,
                )
                for quantile, name in ((0.5, "half"), (0.9, "nine of ten"))
            ),
            runbook="OutboxStuck",
        ),
        bars(
            "Violations, by invariant",
            "All must be 0.",
            Unit.COUNT,
            Query("max by (invariant) (mediation_invariant_violations)", "{{invariant}}"),
            bad=1, runbook="InvariantViolated",
        ),
        areas(
            "Money given in 24 hours, in minor units",
            "Refunds to buyers, payouts to sellers, and what the platform keeps, by currency.",
            Unit.COUNT,
            Query(
                "max by (kind, currency) (increase(mediation_money_minor_total[1d]))",
                "{{kind}} {{currency}}",
            ),
        ),
        bars(
            "Money ever given, in minor units",
            "What every verdict that stands came to.",
            Unit.COUNT,
            Query("max by (kind, currency) (mediation_money_minor_total)", "{{kind}} {{currency}}"),
        ),
        areas(
            "Verdicts in 24 hours",
            "Verdicts that stand, by decision.",
            Unit.COUNT,
            Query("max by (decision) (increase(mediation_verdicts_total[1d]))", "{{decision}}"),
        ),
    ),
)  # fmt: skip
