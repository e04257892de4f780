"""Does the case file of an order tell its replayed events in the order in which they counted?"""

from consumers.cli.case_file import read_case_file
from schemas.codec import Codec
from services.fates import Fate
from services.mediation import Mediation
from services.storage.database import Database
from tests.builders import OPENED_AT, mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import published
from tests.integration.mending import FailingCodec, fates, orphan, replayed, with_codec


def effects_told(database: Database) -> list[str]:
    with database.transaction() as connection:
        file = read_case_file(connection, Codec(), "order-1")
    assert file is not None
    assert file.effects is not None, "the rules do not lead from the timeline to the case"
    assert [each.sequence for each in file.effects] == [*range(1, file.case.sequence + 1)]
    return [each.topic.value for each in file.effects]


def effects_published(database: Database) -> list[str]:
    return [topic for topic in published(database) if not topic.endswith(".dead-letter")]


def test_an_orphan_that_came_back_is_told_where_it_came_back(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned(mediator_id="mediator-2"))
    first = mediator_assigned(occurred_at=OPENED_AT)
    mediation.handle(deliveries.all(order_disputed(), first))

    told = replayed(database, clock)

    assert fates(told) == [Fate.APPLIED]
    assert effects_told(database) == effects_published(database)


def test_an_orphan_that_waited_again_is_told_where_it_waited_last(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, verdict_issued(), mediator_assigned())

    told = replayed(database, clock)
    mediation.handle([deliveries.of(order_disputed())])

    assert fates(told) == [Fate.DEFERRED, Fate.DEFERRED]
    assert effects_told(database) == effects_published(database)
    assert len(effects_told(database)) == 7


def test_an_event_first_understood_by_a_replay_is_told_once(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    with_codec(database, clock, FailingCodec()).handle([deliveries.of(mediator_assigned())])
    mediation.handle(deliveries.all(order_disputed(), verdict_issued()))

    told = replayed(database, clock)

    assert fates(told) == [Fate.APPLIED]
    assert effects_told(database) == effects_published(database)
