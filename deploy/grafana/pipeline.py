"""The pipeline: is everything there, does it move, how late is it, what does it wait for?"""

from deploy.grafana.panels import Dashboard, Query, Unit, bars, lines, number


def _quantile(quantile: float, metric: str, by: str) -> str:
    rate = f"rate({metric}_bucket[$__rate_interval])"
    return f"histogram_quantile({quantile}, sum by (le, {by}) ({rate}))"


def _rises(metric: str, by: str) -> str:
    return f"sum by ({by}) (increase({metric}[$__rate_interval]))"


DASHBOARD = Dashboard(
    uid="mediation-pipeline",
    title="Mediation: the pipeline",
    says="Three consumers and the relay, each process about itself.",
    panels=(
        number(
            "Latest topic",
            "How long the oldest event that is not handled has waited. Pages at 5 minutes.",
            Unit.SECONDS, "max(mediation_lag_seconds)", warn=60, bad=300, runbook="ConsumerLate",
        ),
        number(
            "Standing still for",
            "The process that has not asked for work for longest. Pages at 90 seconds.",
            Unit.SECONDS, "time() - min(mediation_last_poll_timestamp_seconds)",
            warn=30, bad=90, runbook="ConsumerStalled",
        ),
        number(
            "Held by a failure",
            "Processes that wait for PostgreSQL, Kafka or the registry.",
            Unit.COUNT, "sum(mediation_paused)", warn=1, bad=2, runbook="WorkHeld",
        ),
        number(
            "Not answering",
            "Instances that Prometheus cannot scrape.",
            Unit.COUNT, 'count(up{job=~"mediation-.+"} == 0) or vector(0)',
            warn=1, bad=2, runbook="ProcessAbsent",
        ),
        lines(
            "Lag, in time",
            "Age of the oldest event that is not handled, by topic.",
            Unit.SECONDS, Query("max by (topic) (mediation_lag_seconds)", "{{topic}}"),
            warn=60, bad=300, runbook="ConsumerLate",
        ),
        lines(
            "Lag, in records",
            "Events that are not handled, by topic.",
            Unit.COUNT, Query("sum by (topic) (mediation_lag_records)", "{{topic}}"),
            runbook="ConsumerLate",
        ),
        lines(
            "Events",
            "Handled a second, by topic and outcome.",
            Unit.PER_SECOND,
            Query(
                "sum by (topic, outcome) (rate(mediation_events_total[$__rate_interval]))",
                "{{topic}} {{outcome}}",
            ),
        ),
        lines(
            "Age of an event when it is committed",
            "From producing to the commit of its transaction; nine of ten are below.",
            Unit.SECONDS,
            Query(_quantile(0.9, "mediation_event_age_seconds", "topic"), "{{topic}}"),
            warn=60, bad=300, runbook="ConsumerLate",
        ),
        lines(
            "A batch",
            "From poll to commit, and the transaction within it; nine of ten are below.",
            Unit.SECONDS,
            Query(_quantile(0.9, "mediation_batch_seconds", "job"), "{{job}} batch"),
            Query(_quantile(0.9, "mediation_database_seconds", "job"), "{{job}} transaction"),
        ),
        lines(
            "Messages in a batch",
            "Half of the batches have fewer.",
            Unit.COUNT, Query(_quantile(0.5, "mediation_batch_messages", "job"), "{{job}}"),
        ),
        lines(
            "Since the last progress",
            "Since work was last done, or none was waiting.",
            Unit.SECONDS,
            Query(
                "time() - min by (job) (mediation_last_progress_timestamp_seconds)", "{{job}}"
            ),
            warn=60, bad=90, runbook="ConsumerStalled",
        ),
        lines(
            "What was tried again, and dealt anew",
            "Attempts after a failure that may pass; partitions dealt; clients made anew.",
            Unit.COUNT,
            Query(
                f"{_rises('mediation_retries_total', 'job')} or on () vector(0)", "{{job}} retries"
            ),
            Query(_rises("mediation_rebalances_total", "job"), "{{job}} rebalances"),
            Query(_rises("mediation_client_restarts_total", "job"), "{{job}} new clients"),
            runbook="RebalanceStorm",
        ),
        bars(
            "What runs",
            "Processes by version.",
            Unit.COUNT,
            Query("count by (process, version) (mediation_build_info)", "{{process}} {{version}}"),
            runbook="ProcessAbsent",
        ),
    ),
)  # fmt: skip
