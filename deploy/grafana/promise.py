"""The promise: a mediator within 24 to 48 hours. Who waits, how long, and was it kept?"""

from deploy.grafana.panels import Dashboard, Query, Unit, areas, bars, lines, number

_HOUR = 3600
_AGES = "max by (age) (mediation_unassigned_disputes)"
_WEEK = "mediation:assignment_promise:increase7d"


def _kept(promise: str) -> str:
    of_all = f'sum by (promise) ({_WEEK}{{promise="{promise}"}})'
    return f'{_WEEK}{{promise="{promise}",outcome="met"}} / ignoring (outcome) {of_all}'


def _quantile(quantile: float, metric: str) -> str:
    return f"histogram_quantile({quantile}, max by (le) (increase({metric}_bucket[7d])))"


DASHBOARD = Dashboard(
    uid="mediation-promise",
    title="Mediation: the promise",
    says="A mediator within 24 to 48 hours. All numbers come from the database, by way of ops.",
    panels=(
        number(
            "Longest wait for a mediator",
            "Age of the oldest dispute without a mediator. Pages at 44 hours.",
            Unit.SECONDS,
            "time() - min(mediation_oldest_unassigned_dispute_timestamp_seconds)",
            warn=24 * _HOUR, bad=44 * _HOUR, runbook="PromiseAboutToBreak",
        ),
        number(
            "Over 48 hours",
            "Disputes that wait although the promise to them is broken.",
            Unit.COUNT,
            'max(mediation_unassigned_disputes{age="gt_48h"})',
            bad=1, runbook="PromiseBroken",
        ),
        number(
            "Within 24 h, last 7 days",
            "Share of the disputes assigned in the last 7 days that waited no more than 24 hours.",
            Unit.SHARE, _kept("24h"), warn=0.95, bad=0.90, runbook="PromiseBudgetSpent",
        ),
        number(
            "Within 48 h, last 7 days",
            "Share of the disputes assigned in the last 7 days that waited no more than 48 hours.",
            Unit.SHARE, _kept("48h"), warn=0.999, bad=0.99, runbook="PromiseBudgetSpent",
        ),
        bars(
            "Waiting now, by age",
            "Disputes without a mediator, by how long they have waited.",
            Unit.COUNT, Query(_AGES, "{{age}}"), runbook="AssignmentAtRisk",
        ),
        areas(
            "Waiting, by age",
            "The same over time: a wedge that moves to the right is a lack of mediators.",
            Unit.COUNT, Query(_AGES, "{{age}}"), runbook="AssignmentAtRisk",
        ),
        lines(
            "From dispute to mediator",
            "Of the disputes assigned in the last 7 days. Those that still wait are not in it.",
            Unit.SECONDS,
            Query(_quantile(0.5, "mediation_assignment_latency_seconds"), "half"),
            Query(_quantile(0.9, "mediation_assignment_latency_seconds"), "nine of ten"),
            warn=24 * _HOUR, bad=48 * _HOUR,
        ),
        lines(
            "From dispute to verdict",
            "Of the disputes resolved in the last 7 days.",
            Unit.SECONDS,
            Query(_quantile(0.5, "mediation_resolution_latency_seconds"), "half"),
            Query(_quantile(0.9, "mediation_resolution_latency_seconds"), "nine of ten"),
        ),
        lines(
            "Assigned in 24 hours, by promise",
            "How many disputes got a mediator in the last 24 hours, in time or late.",
            Unit.COUNT,
            Query(
                "max by (promise, outcome) (increase(mediation_assignment_promise_total[1d]))",
                "{{promise}} {{outcome}}",
            ),
            runbook="PromiseBudgetSpent",
        ),
        areas(
            "Disputes by state",
            "All disputes that there ever were.",
            Unit.COUNT, Query("max by (state) (mediation_disputes)", "{{state}}"),
        ),
    ),
)  # fmt: skip
