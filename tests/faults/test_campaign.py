"""Do real faults lose, double or change anything, on Apache Kafka and PostgreSQL? The short form.

`make faults` is the long one. This one has every kind of fault, a few of each.
"""

import pytest

from tests.faults.campaign import run
from tests.faults.schedule import Amounts
from tests.faults.upgrade_pytest import own_ground

A_FEW = Amounts(
    kills_at_each_point=1,
    points=12,
    kills_at_random=4,
    broker_restarts=1,
    database_restarts=1,
    members=8,
    hangs=1,
    cuts=1,
    long_outages=0,
)

HARDLY_ANY = Amounts(
    kills_at_each_point=0,
    points=0,
    kills_at_random=0,
    broker_restarts=0,
    database_restarts=0,
    members=0,
    hangs=0,
    cuts=1,
    long_outages=0,
)


@pytest.mark.slow
def test_a_campaign_compares_nothing_before_its_last_message_is_handled(
    request: pytest.FixtureRequest,
) -> None:
    with own_ground(request) as directory:
        report = run(directory, seed=5, amounts=HARDLY_ANY, disputes=1, per_second=20, replicas=1)

    assert report.passed, "\n".join(report.lines())


@pytest.mark.slow
def test_a_short_campaign_of_faults_loses_doubles_and_changes_nothing(
    request: pytest.FixtureRequest,
) -> None:
    with own_ground(request) as directory:
        report = run(directory, seed=3, amounts=A_FEW, disputes=1000, per_second=60)

    assert report.passed, "\n".join(report.lines())
