"""Tells at the end of a test run how often the properties were tried."""

import pytest

from tests.properties.counting import RUNS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("property runs")
    for name, runs in RUNS.items():
        terminalreporter.write_line(f"{runs:>9,} {name}")
    terminalreporter.write_line(f"{RUNS.total():>9,} in total")
