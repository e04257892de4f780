"""Does the alert campaign know every kind of fault of the fault campaign, and production's pace?"""

import re

from tests.alerts import rulebook
from tests.alerts.campaign import SCRAPE_SECONDS, Found, chosen
from tests.alerts.faulting import FAULTS, Fault
from tests.faults.schedule import Amounts, plan

KINDS = {
    "volley of N": "killed, and started again",
    "N kills at random": "killed, and started again",
    "N members": "members come and go",
    "broker clean, N s": "broker away",
    "broker hard, N s": "broker away",
    "database clean, N s": "database away",
    "database hard, N s": "database away",
    "table locked": "table locked",
    "orders locked": "orders locked",
    "database frozen": "database frozen",
    "read-only": "database read-only",
    "database stalled": "database stalled",
    "broker stalled": "broker stalled",
    "database cut": "database cut",
    "broker cut": None,  # the Kafka client connects anew by itself: there is nothing to be told
}
"""Every kind of the campaign, and the fault here that holds it until it is seen."""


def fault(known_after: float) -> Fault:
    return Fault("a fault", "WorkHeld", FAULTS[0].held, known_after)


def test_every_kind_of_fault_of_the_campaign_is_inflicted_here() -> None:
    kinds = {re.sub(r"\d+", "N", act.name) for act in plan(1, Amounts())}

    assert kinds == set(KINDS)
    assert {name for name in KINDS.values() if name} <= {each.name for each in FAULTS}


def test_every_fault_raises_an_alert_that_there_is() -> None:
    assert {each.alert for each in FAULTS} <= {alert.name for alert in rulebook.alerts()}
    assert len({each.name for each in FAULTS}) == len(FAULTS)


def test_the_pace_is_the_one_of_the_example() -> None:
    pace = rulebook.read(rulebook.CONFIGURATION)["global"]

    assert pace["scrape_interval"] == pace["evaluation_interval"] == f"{SCRAPE_SECONDS}s"


def test_two_scrapes_are_left_from_when_a_fault_can_be_known() -> None:
    at_once, after_a_timeout = fault(0), fault(5)

    assert Found(at_once, 20, ()).in_time
    assert not Found(at_once, 23, ()).in_time
    assert Found(after_a_timeout, 25, ()).in_time
    assert Found(after_a_timeout, 25, ()).scrapes == 2
    assert not Found(at_once, None, ()).in_time


def test_a_row_of_the_table_says_all_of_it() -> None:
    found = Found(fault(5), 21.2, ["InstanceDown"])

    assert found.line == "| a fault | WorkHeld | 21 s | 5 s | 1.6 | yes | InstanceDown |"


def test_faults_are_chosen_by_name() -> None:
    assert [each.name for each in chosen(["hangs"])] == ["hangs"]
    assert chosen([]) == list(FAULTS)
