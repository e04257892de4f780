"""Who is believed in these tests, unless one says otherwise."""

from schemas.codec import Codec
from schemas.events import Event
from services.flood import FloodGate
from services.mediation import Mediation
from services.signatures import VerdictKeys
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed
from tests.integration.conftest import SetClock
from tests.signatures.signers import keys, signer

OPENED: list[Event] = [order_disputed(), mediator_assigned()]
TOOL = keys(signer())


def mediation_with(
    database: Database, clock: SetClock, believed: VerdictKeys | None = TOOL
) -> Mediation:
    return Mediation(
        PostgresStore(database),
        Codec(),
        group="mediation.test",
        clock=clock,
        flood=FloodGate(limit=1.0),
        keys=believed,
    )
