"""A mediation that believes the tool, on the database of the tests of what is remembered."""

import pytest

from services.mediation import Mediation
from services.storage.database import Database
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock, clock, database, deliveries, empty_database
from tests.signatures.believing import OPENED, mediation_with

__all__ = ["clock", "database", "deliveries", "empty_database"]


@pytest.fixture
def strict(database: Database, clock: SetClock, deliveries: Deliveries) -> Mediation:
    """A mediation that believes the tool, with a dispute that waits for its verdict."""
    mediation = mediation_with(database, clock)
    mediation.handle(deliveries.all(*OPENED))
    return mediation
