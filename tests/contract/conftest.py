"""What the contract tests of the store may ask for."""

from collections.abc import Iterator

import pytest

from tests.contract.stores import MemoryWorld, World, postgres_world


@pytest.fixture(params=["memory", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A store of each kind, empty; the test runs once on each."""
    if request.param == "memory":
        yield MemoryWorld()
        return
    with postgres_world(request.getfixturevalue("empty_database_url")) as world:
        yield world
