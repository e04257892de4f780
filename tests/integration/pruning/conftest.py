"""A mediation that lets any number of dead letters pass, and an order that is long over."""

import pytest

from services.mediation import Mediation
from services.messages import Message
from services.storage.database import Database
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.pruning.orders import story
from tests.signatures.believing import mediation_with


@pytest.fixture
def mediation(database: Database, clock: SetClock) -> Mediation:
    return mediation_with(database, clock, believed=None)


@pytest.fixture
def closed(mediation: Mediation, deliveries: Deliveries, clock: SetClock) -> list[Message]:
    """Everything that was told of an order that was closed a year ago."""
    messages = deliveries.all(*story(1))
    mediation.handle(messages)
    clock.advance(days=365)
    return messages
