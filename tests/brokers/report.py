"""Which brokers the tests really ran on, for the last lines of the test run."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from tests.brokers.broker import Broker

_PROPERTY = "broker"


@dataclass(slots=True)
class BrokerReport:
    """What is known of the brokers of this test run.

    Attributes:
        required: the run must fail unless tests passed on Apache Kafka.
        why_no_apache: why it was not used; empty while nobody has asked for it.
    """

    required: bool
    why_no_apache: str = ""

    @staticmethod
    def note(test: pytest.Item, broker: Broker) -> None:
        """Remember in the test's own report what it ran on."""
        test.user_properties.append((_PROPERTY, (broker.name, broker.description)))

    def is_short_of_apache(self, passed: Iterable[pytest.TestReport]) -> bool:
        """Whether Apache Kafka was required and no test passed on it."""
        return self.required and not any(name == "apache" for name, _ in _used(passed))

    def lines(self, passed: Iterable[pytest.TestReport]) -> list[str]:
        """What to tell the person who started the tests."""
        counts = Counter(_used(passed))
        used = [f"{description} ({count} passed)" for (_, description), count in counts.items()]
        lines = [f"brokers used: {', '.join(used) or 'none'}"]
        if not any(name == "apache" for name, _ in counts):
            why = self.why_no_apache or "no test that passed asked for it"
            lines.append(f"Apache Kafka was NOT used: {why}")
            if self.required:
                lines.append("error: REQUIRE_APACHE_KAFKA=1, so this run has failed")
        return lines


def _used(passed: Iterable[pytest.TestReport]) -> list[tuple[str, str]]:
    """Name and description of the broker, once for every passed test that had one."""
    return [
        value
        for report in passed
        if report.when == "call"
        for name, value in report.user_properties
        if name == _PROPERTY and isinstance(value, tuple)
    ]
