"""Prometheus for the tests that need one.

Rule: as with Apache Kafka, a machine without it skips these tests and says so in the last lines;
with REQUIRE_PROMETHEUS=1 they fail instead.
"""

import shutil

import pytest

from tests.absent import absent

_REMEDY = "it was not found: install it (Debian: apt-get install prometheus)"
_MISSING: set[str] = set()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        _MISSING.add(name)
        absent(f"{name}: {_REMEDY}", "REQUIRE_PROMETHEUS")
    return found


@pytest.fixture(scope="session")
def promtool() -> str:
    """The program that checks and tests rules."""
    return _program("promtool")


@pytest.fixture(scope="session")
def prometheus_program() -> str:
    """Prometheus itself."""
    return _program("prometheus")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _MISSING:
        names = " and ".join(sorted(_MISSING))
        terminalreporter.section("alerts")
        terminalreporter.write_line(f"Alerts and dashboards were NOT tried, {names}: {_REMEDY}")
