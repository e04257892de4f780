"""Does every alert fire when it should, not before, and end; and does it name what there is?"""

import re
import subprocess
from pathlib import Path

import pytest

from schemas.reasons import Reason
from services.signatures import SIGNATURE_REASONS
from services.storage.outbox import SLOTS
from tests.alerts import rulebook
from tests.alerts.naming import strangers
from tests.alerts.rulebook import CONFIGURATION, RULES, RUNBOOKS, UNIT_TESTS, Alert

ALERTS = rulebook.alerts()
EACH_ALERT = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)

# A message is refused for one of these before, or without, any rule of mediation.
BEFORE_THE_RULES = list(Reason)[: list(Reason).index(Reason.EVENT_ID_REUSED)]
OF_THE_SIGNATURE = [each for each in Reason if each in SIGNATURE_REASONS]
OF_THE_CONTRACT = [
    *[each for each in BEFORE_THE_RULES if each not in SIGNATURE_REASONS],
    Reason.UNKNOWN_DECISION,
    Reason.UNKNOWN_GROUND,
]


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *map(str, arguments)],
        cwd=UNIT_TESTS,
        capture_output=True,
        text=True,
        check=False,
    )


def test_prometheus_accepts_the_rules_and_the_example_configuration(promtool: str) -> None:
    rules = run(promtool, "check", "rules", RULES)
    configuration = run(promtool, "check", "config", CONFIGURATION)

    assert rules.returncode == 0, rules.stdout + rules.stderr
    assert configuration.returncode == 0, configuration.stdout + configuration.stderr


def test_every_alert_fires_when_it_should_and_only_then(promtool: str) -> None:
    done = run(promtool, "test", "rules", *sorted(UNIT_TESTS.glob("*.yml")))

    assert done.returncode == 0, done.stdout + done.stderr


@EACH_ALERT
def test_every_alert_is_tried_before_while_and_after_it_fires(alert: Alert) -> None:
    looks = [
        [bool(look["exp_alerts"]) for look in case["alert_rule_test"]]
        for case in rulebook.read(UNIT_TESTS / f"{alert.name}.yml")["tests"]
    ]

    assert any(fires[0] is False and True in fires and fires[-1] is False for fires in looks)


def test_no_unit_test_is_of_an_alert_that_is_gone() -> None:
    assert {path.stem for path in UNIT_TESTS.glob("*.yml")} == {alert.name for alert in ALERTS}


@EACH_ALERT
def test_every_metric_and_label_of_an_alert_is_declared(alert: Alert) -> None:
    said = " ".join(alert.annotations.values())

    assert strangers(alert.query) == []
    assert "{{" not in said or "$value" in said or "$labels" in said


@pytest.mark.parametrize("name", rulebook.recorded())
def test_every_metric_of_a_recorded_series_is_declared(name: str) -> None:
    assert strangers(rulebook.recorded()[name]) == []


@EACH_ALERT
def test_every_alert_says_how_bad_it_is_what_is_seen_and_where_to_read_on(alert: Alert) -> None:
    runbook = RUNBOOKS / f"{alert.name}.md"

    assert alert.severity in {"page", "ticket"}
    assert set(alert.annotations) == {"summary", "description", "runbook_url"}
    assert alert.annotations["runbook_url"] == f"docs/runbooks/{alert.name}.md"
    assert runbook.is_file()


@pytest.mark.parametrize(
    ("name", "reasons"),
    [("SchemaRejected", OF_THE_CONTRACT), ("VerdictNotSigned", OF_THE_SIGNATURE)],
)
def test_every_reason_before_the_rules_is_of_one_alert(name: str, reasons: list[Reason]) -> None:
    (alert,) = [alert for alert in ALERTS if alert.name == name]

    (named,) = re.findall(r'reason=~"([^"]*)"', alert.query)

    assert named.split("|") == reasons


def test_the_example_scrapes_every_process() -> None:
    jobs = [each["job_name"] for each in rulebook.read(CONFIGURATION)["scrape_configs"]]

    assert jobs == list(rulebook.JOBS)


def test_the_runbook_of_the_outbox_knows_how_many_slots_there_are() -> None:
    assert f"all {SLOTS} slots" in (RUNBOOKS / "OutboxStuck.md").read_text(encoding="utf-8")
