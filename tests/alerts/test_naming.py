"""Is a name that nobody declares noticed, wherever it stands in a query?"""

import pytest

from tests.alerts.naming import strangers

RIGHT = """
sum by (topic) (rate(mediation_events_total{outcome="rejected"}[5m])) > 20 # mediation_nothing
  and on (topic) histogram_quantile(0.9, sum by (le, topic) (mediation_event_age_seconds_bucket))
  unless mediation:assignment_promise:increase7d{promise="24h"} offset 10m
"""


def test_a_query_that_names_only_what_is_declared_is_right() -> None:
    assert strangers(RIGHT) == []


@pytest.mark.parametrize(
    ("query", "stranger"),
    [
        ("max(mediation_lag_second) > 1", "metric mediation_lag_second"),
        ("sum(rate(mediation_batch_seconds[5m]))", "metric mediation_batch_seconds"),
        ('mediation_disputes{status="OPEN"}', "label status of mediation_disputes"),
        ('mediation_disputes{state="CLOSED"}', "state=CLOSED of mediation_disputes"),
        ('mediation_dead_letters{reason=~"bug|bog"}', "reason=~bug|bog of mediation_dead_letters"),
        ('up{job="mediation-relais"}', "job=mediation-relais of up"),
        ("sum by (topics) (mediation_lag_records)", "label topics"),
    ],
)
def test_a_name_that_nobody_declares_is_found(query: str, stranger: str) -> None:
    assert strangers(query) == [stranger]
