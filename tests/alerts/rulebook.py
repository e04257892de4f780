"""The files of deploy/prometheus, as the tests read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from consumers.bootstrap import OPS, PROCESSES
from tests.architecture.tree import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "alerts.yml"
CONFIGURATION = FOLDER / "prometheus.yml"
UNIT_TESTS = FOLDER / "tests"
RUNBOOKS = ROOT / "docs" / "runbooks"
JOBS = tuple(f"mediation-{name}" for name in (*PROCESSES, OPS))
"""What the scrape jobs are called, by which some alerts know whom they are about."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of alerts.yml."""

    name: str
    query: str
    severity: str
    annotations: dict[str, str]


def read(path: Path) -> Any:
    """What a file of YAML says."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def alerts() -> list[Alert]:
    """Every alert, in the order of the file."""
    return [
        Alert(rule["alert"], rule["expr"], rule["labels"]["severity"], rule["annotations"])
        for rule in _rules()
        if "alert" in rule
    ]


def recorded() -> dict[str, str]:
    """The query of every series that the rules record, by its name."""
    return {rule["record"]: rule["expr"] for rule in _rules() if "record" in rule}


def _rules() -> list[dict[str, Any]]:
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]
