"""Is what an event causes in the trace of that event, however long it had to wait?"""

from dataclasses import replace

from schemas.events import Event
from services.mediation import Mediation
from services.messages import Message, Outgoing
from services.storage import outbox
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed
from tests.deliveries import Deliveries


def traced(deliveries: Deliveries, event: Event, trace: str) -> Message:
    """The event as it comes from a producer that is in this trace."""
    header = f"00-{trace * 32}-b7ad6b7169203331-01".encode()
    return replace(deliveries.of(event), headers=(("traceparent", header),))


def traces(database: Database) -> dict[str, str]:
    """The trace of each effect that is to be published, by its topic."""
    with database.session() as connection:
        rows = outbox.pending(connection, range(outbox.SLOTS), 100)
    return {row.outgoing.topic: _trace(row.outgoing) for row in rows}


def _trace(outgoing: Outgoing) -> str:
    (given,) = [value for name, value in outgoing.headers if name == "traceparent"]
    return (given or b"").decode().split("-")[1][0]


def test_effects_continue_the_trace_of_their_own_event_and_not_of_the_one_that_set_it_free(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    mediation.handle([traced(deliveries, mediator_assigned(), "a")])

    mediation.handle([traced(deliveries, order_disputed(), "d")])

    assert traces(database) == {"order.frozen": "d", "chat.locked": "d", "mediation.opened": "a"}
