"""A real Prometheus with the project's rules: started, asked, and stopped.

Rule: it listens on loopback and keeps its files in a directory of the test's. It has the jobs of
the example configuration; only where they are, and how often it looks, is the test's.
"""

import json
import math
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from tests.alerts import rulebook
from tests.eventually import eventually

INTERVAL = 2
"""Seconds from scrape to scrape, and from look to look at the rules."""

Labels = Mapping[str, str]

_PATIENCE = 90  # seconds; whether it was in time is for the test to say


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fires, and since when."""

    name: str
    labels: Labels
    since: datetime


class Prometheus:
    """A Prometheus that runs; `running_prometheus` makes one."""

    def __init__(self, address: str, client: httpx2.Client) -> None:
        self.address = address
        self._client = client

    def query(self, expr: str) -> list[tuple[Labels, float]]:
        """What the query comes to now; a query that is wrong raises."""
        answer = self._get("/api/v1/query", query=expr)["result"]
        if isinstance(answer, list) and answer and not isinstance(answer[0], dict):
            return [({}, float(answer[1]))]  # a scalar
        return [(each["metric"], float(each["value"][1])) for each in answer]

    def numbers(self, expr: str) -> list[float]:
        """The numbers that the query comes to, without those that are none."""
        return [value for _, value in self.query(expr) if math.isfinite(value)]

    def firing(self) -> list[Firing]:
        """The alerts that fire."""
        found = self._get("/api/v1/alerts")["alerts"]
        return [
            Firing(
                each["labels"]["alertname"],
                each["labels"],
                datetime.fromisoformat(each["activeAt"]),
            )
            for each in found
            if each["state"] == "firing"
        ]

    def names(self) -> set[str]:
        """The names of the alerts that fire."""
        return {each.name for each in self.firing()}

    def wait_for(self, name: str, /, **labels: str) -> Firing:
        """Wait until this alert fires, with these labels."""

        def found() -> list[Firing]:
            return [
                each
                for each in self.firing()
                if each.name == name and labels.items() <= dict(each.labels).items()
            ]

        return eventually(found, _PATIENCE, f"{name} fires for {labels}")[0]

    def scrapes(self, job: str, since: datetime, until: datetime) -> int:
        """How often a job was scraped, or should have been, between two moments."""
        span = max(round((until - since).total_seconds() * 1000), 1)
        at = f"{until.timestamp():.3f}"
        counts = self.numbers(f'count_over_time(up{{job="{job}"}}[{span}ms] @ {at})')
        return round(max(counts, default=0))

    def wait_for_scrapes(self, number: int, timeout: float = 60) -> None:
        """Wait until each job was scraped so often."""

        def done() -> bool:
            counts = self.numbers("count_over_time(up[1h])")
            return len(counts) >= len(rulebook.JOBS) and min(counts) >= number

        eventually(done, timeout, f"everything is scraped {number} times")

    def _get(self, path: str, **parameters: str) -> Any:
        answer = self._client.get(f"{self.address}{path}", params=parameters)
        said = answer.json()
        assert said["status"] == "success", f"{parameters}: {said.get('error')}"
        return said["data"]


@contextmanager
def running_prometheus(
    program: str, directory: Path, targets: Mapping[str, str], interval: int = INTERVAL
) -> Iterator[Prometheus]:
    """A Prometheus that scrapes each job of the example at `targets[job]` (host:port)."""
    port = _free_port()
    configuration = directory / "prometheus.json"
    configuration.write_text(json.dumps(_configuration(directory, targets, interval)))
    command = [program, f"--config.file={configuration}", f"--storage.tsdb.path={directory}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with (directory / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        with httpx2.Client(timeout=10, trust_env=False) as client:
            address = f"http://127.0.0.1:{port}"
            eventually(lambda: _is_ready(client, address), 60, "Prometheus is ready")
            yield Prometheus(address, client)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _configuration(directory: Path, targets: Mapping[str, str], interval: int) -> dict[str, Any]:
    """The example, and the rules, at the test's pace; JSON is YAML, too."""
    every = f"{interval}s"
    rules = rulebook.read(rulebook.RULES)
    for group in rules["groups"]:
        group.pop("interval", None)
    (directory / "alerts.json").write_text(json.dumps(rules))
    example = rulebook.read(rulebook.CONFIGURATION)
    for job in example["scrape_configs"]:
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
    pace = {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
    return {**example, "global": pace, "rule_files": [str(directory / "alerts.json")]}


def _is_ready(client: httpx2.Client, address: str) -> bool:
    try:
        return client.get(f"{address}/-/ready").status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])
