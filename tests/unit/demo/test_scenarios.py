"""Do the scenarios demand what the rules demand, and do they tell of everything they should?"""

import pytest

from consumers.demo.checking import differences
from consumers.demo.scenarios import SCENARIOS
from consumers.demo.story import Form, Scenario
from schemas.events import VerdictDecision
from schemas.topics import INBOUND
from services.rules.outcome import Outcome
from tests.unit.demo.rehearsal import rehearse


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_demands_what_the_rules_demand(scenario: Scenario) -> None:
    order, seen = rehearse(scenario)

    assert differences([order], [seen]) == []


def test_no_two_scenarios_have_one_name() -> None:
    names = [scenario.name for scenario in SCENARIOS]

    assert len(set(names)) == len(names)


def test_all_four_verdicts_are_issued() -> None:
    issued = {
        effect.says["decision"]
        for scenario in SCENARIOS
        for effect in scenario.effects
        if "ground" in effect.says
    }

    assert issued == set(VerdictDecision) - {VerdictDecision.UNKNOWN}


def test_every_outcome_is_shown() -> None:
    outcomes = {step.outcome for scenario in SCENARIOS for step in scenario.steps}

    assert outcomes == set(Outcome)


def test_each_topic_has_a_duplicate_and_one_is_in_the_other_framing() -> None:
    duplicates = [step for scenario in SCENARIOS for step in scenario.steps if step.repeats]

    assert {step.topic for step in duplicates} == set(INBOUND)
    assert Form.OTHER_FRAMING in {step.form for step in duplicates}


def test_a_run_has_ids_of_its_own() -> None:
    order, _ = rehearse(SCENARIOS[0])

    ids = [order.order_id, order.dispute_id(1), order.mark("opened").decode()]

    assert ids == ["full-refund.run", "full-refund/1.run", "run/full-refund/opened"]
