"""The Compose stack, driven from outside: its commands, its ports, its database.

Rule: everything goes through what an operator has: Compose, Docker, and the ports on loopback.
"""

import os
import shutil
import socket
import subprocess
from contextlib import ExitStack
from typing import Any

import httpx2
import psycopg

from tests.architecture.tree import ROOT

PIPELINE = ("order-disputed", "mediator-assigned", "verdict-issued", "relay")
SERVICES = ("kafka", "postgres", *PIPELINE, "ops", "prometheus")
"""Whatever runs for good, and can be made where there is no image registry."""

IMAGE = "mediation-pipeline:0.1.0"
_PORTS = ("KAFKA_PORT", "POSTGRES_PORT", "OPS_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")
_PROJECT = "mediation-proof"


def run(*command: str, **options: Any) -> str:
    """What a command printed; its complaints are shown if it fails."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, **options
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
    return str(done.stdout)


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody has."""
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


class ComposeStack:
    """deploy/compose/compose.yaml under a project name and on ports of our own."""

    def __init__(self) -> None:
        self.ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
        self._environment = os.environ | {name: str(port) for name, port in self.ports.items()}
        alone = shutil.which("docker-compose")  # version 1 or 2; without it, the plugin
        self._compose = [
            *([alone] if alone else ["docker", "compose"]),
            *("-p", _PROJECT, "-f", "deploy/compose/compose.yaml"),
            *("-f", "tests/deploy/compose.proof.yaml"),
        ]

    @property
    def servers(self) -> str:
        """The broker, as clients outside of the stack reach it."""
        return f"127.0.0.1:{self.ports['KAFKA_PORT']}"

    def compose(self, *arguments: str, **options: Any) -> str:
        """Run a command of Compose to its end."""
        return run(*self._compose, *arguments, env=self._environment, **options)

    def up(self, *services: str) -> None:
        """Start these services, or all, and what they need, in the order that Compose works out."""
        self.compose("up", "-d", "--no-build", *services)

    def down(self) -> None:
        """Remove the containers and the volumes."""
        self.compose("down", "--volumes", "--timeout", "20")

    def container(self, service: str) -> str:
        """The id of the container of a service."""
        return self.compose("ps", "-q", service).strip()

    def inspected(self, service: str, template: str) -> str:
        """What Docker knows about a service's container."""
        return run("docker", "inspect", "-f", template, self.container(service)).strip()

    def is_healthy(self, service: str) -> bool:
        """Whether the health check of its container has passed."""
        return self.inspected(service, "{{.State.Health.Status}}") == "healthy"

    def mediation(self, *arguments: str) -> str:
        """What a command of the pipeline prints, run in a container of the console's kind."""
        return self.compose("exec", "-T", "ops", "mediation", *arguments)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database, read from outside."""
        password = (ROOT / "deploy/compose/secrets/postgres_password").read_text()
        with psycopg.connect(
            host="127.0.0.1",
            port=self.ports["POSTGRES_PORT"],
            user="mediation",
            password=password,
            dbname="mediation",
        ) as connection:
            return connection.execute(statement.encode(), values or None).fetchall()

    def prometheus(self, query: str) -> dict[str, float]:
        """The value of each series that Prometheus answers with, by its job."""
        url = f"http://127.0.0.1:{self.ports['PROMETHEUS_PORT']}/api/v1/query"
        answer = httpx2.get(url, params={"query": query}).raise_for_status().json()
        found = answer["data"]["result"]
        return {each["metric"].get("job", ""): float(each["value"][1]) for each in found}

    def logs(self) -> str:
        """The last words of every container."""
        return self.compose("logs", "--no-color", "--tail", "30")
