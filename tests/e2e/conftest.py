"""One `mediation dev` for all tests that only use it. Rule: each of them has orders of its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import Dev, Mediation


@pytest.fixture(scope="session")
def dev() -> Iterator[Dev]:
    """A running `mediation dev`, shared."""
    with (
        tempfile.TemporaryDirectory(prefix="mediation-e2e-") as directory,
        Dev(Path(directory)) as dev,
    ):
        yield dev


@pytest.fixture
def mediation(dev: Dev) -> Mediation:
    """The command line, in another terminal than that of the shared `mediation dev`."""
    return dev.mediation


@pytest.fixture
def alone(tmp_path: Path) -> Mediation:
    """The command line where nothing is configured and nothing runs."""
    return Mediation(tmp_path)
