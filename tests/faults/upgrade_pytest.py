"""The short forms bring an Apache Kafka of their own, and a directory for it.

Rule: not in `tmp_path`: another test run closes the way to it to all but its own user, which that
of PostgreSQL is not.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.brokers.broker import Broker
from tests.brokers.report import BrokerReport
from tests.brokers.unavailable import UnavailableError
from tests.conftest import REPORT

_OURS = Broker(
    name="apache", description="Apache Kafka local JVM of the test's own", bootstrap_servers=""
)


@contextmanager
def own_ground(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory; where no broker can be started the test is skipped, or fails if it must not."""
    report: BrokerReport = request.config.stash[REPORT]
    try:
        with tempfile.TemporaryDirectory(prefix="mediation-") as directory:
            yield Path(directory) / "ground"
    except UnavailableError as reason:
        if report.required:
            pytest.fail(f"Apache Kafka is required, and there is none: {reason}", pytrace=False)
        pytest.skip(f"no Apache Kafka of our own: {reason}")
    BrokerReport.note(request.node, _OURS)
