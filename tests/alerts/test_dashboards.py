"""Do the dashboards show what there is, and no panel without data?"""

import json
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana import DASHBOARDS
from deploy.grafana.__main__ import FOLDER
from deploy.grafana.model import COLUMNS, SCHEMA_VERSION, SOURCE, as_json
from deploy.grafana.panels import Unit
from tests.alerts import rulebook
from tests.alerts.invented import invented_pipeline
from tests.alerts.naming import strangers
from tests.alerts.prometheus import Prometheus
from tests.alerts.rulebook import RUNBOOKS
from tests.eventually import eventually

REWRITE = "python -m deploy.grafana"
FILES = sorted(FOLDER.glob("*.json"))
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
KINDS = {"stat", "timeseries", "bargauge"}
WINDOW = "30s"
"""What Grafana would put for $__rate_interval."""


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def queries(path: Path) -> list[str]:
    targets = [each for panel in read(path)["panels"] for each in panel["targets"]]
    return [target["expr"] for target in targets]


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


def test_the_files_are_what_the_code_says() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in FILES}

    assert {f"{each.uid}.json": as_json(each) for each in DASHBOARDS} == files, f"run {REWRITE}"


@EACH_FILE
def test_a_dashboard_is_one_that_grafana_reads(path: Path) -> None:
    dashboard = read(path)
    names = {variable["name"]: variable for variable in dashboard["templating"]["list"]}

    assert dashboard["uid"] == path.stem
    assert len(dashboard["uid"]) <= 40
    assert dashboard["title"]
    assert dashboard["schemaVersion"] == SCHEMA_VERSION
    assert names["datasource"]["type"] == "datasource"
    assert names["datasource"]["query"] == "prometheus"


@EACH_FILE
def test_the_panels_of_a_dashboard_lie_side_by_side(path: Path) -> None:
    panels = read(path)["panels"]
    places = [panel["gridPos"] for panel in panels]

    assert [each for each in combinations(places, 2) if overlap(*each)] == []
    assert all(p["x"] >= 0 and p["x"] + p["w"] <= COLUMNS and p["h"] > 0 for p in places)
    assert max(Counter(panel["id"] for panel in panels).values()) == 1
    assert max(Counter(panel["title"] for panel in panels).values()) == 1


@EACH_FILE
def test_every_panel_says_what_it_shows_in_which_unit_and_from_where(path: Path) -> None:
    for panel in read(path)["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        steps = [step["value"] for step in defaults["thresholds"]["steps"]]
        letters = [target["refId"] for target in panel["targets"]]

        assert panel["type"] in KINDS, panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"] in set(Unit), panel["title"]
        assert steps[0] is None, panel["title"]
        assert all(one < other for one, other in pairwise(steps[1:])), panel["title"]
        assert len(set(letters)) == len(letters) > 0, panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]
        assert all(each["datasource"] == SOURCE for each in [panel, *panel["targets"]])


@EACH_FILE
def test_every_link_of_a_panel_leads_to_a_runbook(path: Path) -> None:
    links = [link["url"] for panel in read(path)["panels"] for link in panel["links"]]

    assert links
    for link in links:
        assert link.startswith("${runbooks}/")
        assert (RUNBOOKS / link.removeprefix("${runbooks}/")).is_file()


@EACH_FILE
def test_every_query_names_what_is_declared(path: Path) -> None:
    assert [strange for query in queries(path) for strange in strangers(query)] == []


@pytest.mark.parametrize("name", ["datasources/prometheus.yml", "dashboards/mediation.yml"])
def test_grafana_is_told_where_things_are(name: str) -> None:
    provisioning = rulebook.read(FOLDER.parent / "provisioning" / name)

    assert provisioning["apiVersion"] == 1
    assert {"datasources", "providers"} & set(provisioning)


def test_no_panel_is_without_data(prometheus_program: str, tmp_path: Path) -> None:
    with invented_pipeline(prometheus_program, tmp_path, busy=True) as (prometheus, _):
        prometheus.wait_for_scrapes(3)

        assert without_data(prometheus) == []


def without_data(prometheus: Prometheus) -> list[str]:
    """The queries of the panels that come to no number, after some patience."""
    asked = {query.replace("$__rate_interval", WINDOW) for path in FILES for query in queries(path)}
    empty: list[str] = []

    def all_have_some() -> bool:
        empty[:] = [query for query in sorted(asked) if not prometheus.numbers(query)]
        return not empty

    try:
        eventually(all_have_some, 30, "every panel has data")
    except AssertionError:
        return empty
    return []
