"""Does a dry run say what a replay would do, and write nothing?"""

from contextlib import closing

import psycopg

from schemas.events import Event
from services.fates import Fate
from services.mediation import Mediation
from services.storage import outbox
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.mending import (
    FailingCodec,
    everything,
    fates,
    orphan,
    rehearsed,
    replayed,
    with_codec,
)


def test_a_rehearsal_says_what_the_replay_then_does(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    """The verdict is told as applied although the assignment that it needs is only rehearsed."""
    orphan(mediation, deliveries, clock, mediator_assigned(), verdict_issued())
    mediation.handle([deliveries.of(order_disputed())])
    mediation.handle([deliveries.of_bytes("verdict.issued", b"junk")])
    mediation.handle([deliveries.of(order_disputed(dispute_id="dispute-2", name="too early"))])

    told = rehearsed(database, clock)

    assert fates(told) == [Fate.APPLIED, Fate.APPLIED, Fate.STILL_FAILING]
    assert told == replayed(database, clock)


def test_a_rehearsal_writes_nothing_and_wakes_nobody(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
    with_codec(database, clock, FailingCodec()).handle(deliveries.all(*story))
    before = everything(database)
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)

    with closing(psycopg.connect(url, autocommit=True)) as listener:
        listener.execute(f"LISTEN {outbox.CHANNEL}".encode())
        told = rehearsed(database, clock)
        woken = list(listener.notifies(timeout=0.5, stop_after=1))

    assert len(told) == len(story)
    assert woken == []
    assert everything(database) == before


def test_a_rehearsal_tells_what_only_the_commit_would_refuse(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    with_codec(database, clock, FailingCodec()).handle([deliveries.of(order_disputed())])
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "CREATE CONSTRAINT TRIGGER any_bug AFTER INSERT ON disputes "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_change('any bug')"
        )

    assert fates(rehearsed(database, clock)) == [Fate.STILL_FAILING]
