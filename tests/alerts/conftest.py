"""Prometheus for the tests that need one.

Rule: as with Apache Kafka, a machine without it skips these tests and says so in the last lines;
with REQUIRE_PROMETHEUS=1 they fail instead.
"""

import os
import shutil

import pytest

_REMEDY = "it was not found: install it (Debian: apt-get install prometheus)"
_MISSING: set[str] = set()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is not None:
        return found
    _MISSING.add(name)
    if os.environ.get("REQUIRE_PROMETHEUS") == "1":
        pytest.fail(f"REQUIRE_PROMETHEUS=1, and {name}: {_REMEDY}", pytrace=False)
    pytest.skip(f"{name}: {_REMEDY}")


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
