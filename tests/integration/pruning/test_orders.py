"""What may be forgotten, and does everything that comes later still end as it would have?"""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import text

from schemas.events import VerdictDecision
from services.mediation import Mediation
from services.messages import Message
from services.pruning import Pruning
from services.rules.outcome import Outcome
from services.storage import figures
from services.storage.database import Database
from services.storage.pruning import Pruned
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of
from tests.integration.mending import everything
from tests.integration.pruning.orders import (
    BEFORE,
    discard_all,
    not_over,
    pruned,
    rows,
    story,
    violations,
)

LATE = verdict_issued(decision=VerdictDecision.PAY_SELLER)


WHAT_DECIDES = (
    "SELECT event_id, topic, digest, order_id, dispute_id, outcome, reason FROM events ORDER BY 1",
    "SELECT * FROM cases ORDER BY 1",
    "SELECT * FROM disputes ORDER BY 1",
    "SELECT * FROM settlements ORDER BY 1",
    "SELECT * FROM tallies ORDER BY 1, 2",
    "SELECT dead_letter_id, reason, status, event_id, order_id FROM dead_letters ORDER BY 1",
    "SELECT * FROM dead_letter_actions ORDER BY 1",
    "SELECT * FROM outbox ORDER BY 1",
)


@pytest.mark.usefixtures("closed")
def test_the_payloads_of_a_closed_order_go_and_what_decides_stays(
    database: Database, clock: SetClock
) -> None:
    before = [rows(database, each) for each in WHAT_DECIDES]
    counted = figures.read(database, clock())

    gone = pruned(database, clock)

    assert (gone.orders, gone.events, gone.parked_events) == (1, 3, 1)
    assert gone.bytes > 300
    assert rows(database, "SELECT DISTINCT value, pruned_at IS NULL FROM events") == [(None, False)]
    assert rows(database, "SELECT count(*) FROM parked_events") == [(0,)]
    assert [rows(database, each) for each in WHAT_DECIDES] == before
    assert figures.read(database, clock()) == counted
    assert violations(database) == []


def test_what_comes_again_is_ignored_and_what_is_new_is_refused(
    database: Database,
    mediation: Mediation,
    deliveries: Deliveries,
    clock: SetClock,
    closed: list[Message],
) -> None:
    pruned(database, clock)
    final = case_of(database)

    again = mediation.handle([*closed, *deliveries.all(*story(1))])
    new = mediation.handle(
        deliveries.all(
            verdict_issued(decision=VerdictDecision.PAY_SELLER),
            mediator_assigned(mediator_id="mediator-2"),
            order_disputed(dispute_id="dispute-2"),
            order_disputed(dispute_id="dispute-1", order_id="order-2"),
            verdict_issued(name="another id for the same verdict"),
        )
    )

    assert {each.outcome for each in again} == {Outcome.IGNORED}
    assert [each.reason for each in new] == [
        *("verdict_final", "dispute_resolved", "order_closed", "dispute_conflict", "verdict_final")
    ]
    assert case_of(database) == final
    assert (final.reviews_blocked, final.closed) == (True, True)
    assert violations(database) == []


def test_what_was_told_otherwise_under_a_known_id_is_refused_as_ever(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle(
        deliveries.all(order_disputed(), mediator_assigned(), verdict_issued(name="the verdict"))
    )
    clock.advance(days=365)
    pruned(database, clock)

    (handled,) = mediation.handle([deliveries.of(verdict_issued(name="the verdict", reasons="x"))])

    assert handled.reason == "event_id_reused"


@pytest.mark.usefixtures("closed")
def test_a_second_run_finds_nothing(database: Database, clock: SetClock) -> None:
    pruned(database, clock)

    assert pruned(database, clock) == Pruned()
    assert rows(database, "SELECT orders, events, parked_events, done_by FROM prunings") == [
        (1, 3, 1, "tester")
    ]


@pytest.mark.usefixtures("closed")
def test_a_dry_run_says_the_same_and_writes_nothing(database: Database, clock: SetClock) -> None:
    before = everything(database)

    told = pruned(database, clock, dry_run=True)

    assert everything(database) == before
    assert rows(database, "SELECT * FROM prunings") == []
    assert told == pruned(database, clock)
    assert told.events == 3


def with_an_open_letter(mediation: Mediation, deliveries: Deliveries) -> None:
    mediation.handle(deliveries.all(*story(4)))
    mediation.handle(
        deliveries.all(
            verdict_issued(
                order_id="order-4", dispute_id="dispute-4", decision=VerdictDecision.PAY_SELLER
            )
        )
    )


@pytest.mark.parametrize("play", [not_over, with_an_open_letter])
def test_an_order_that_is_not_over_keeps_everything(
    database: Database,
    mediation: Mediation,
    deliveries: Deliveries,
    clock: SetClock,
    play: Callable[[Mediation, Deliveries], None],
) -> None:
    play(mediation, deliveries)
    clock.advance(days=365)
    before = everything(database)

    assert pruned(database, clock) == Pruned()
    assert everything(database) == before


@pytest.mark.usefixtures("closed")
def test_an_order_that_saw_something_lately_keeps_everything(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(LATE)])
    discard_all(database, clock)

    assert pruned(database, clock) == Pruned()


def test_a_run_that_was_stopped_is_gone_on_with(
    database: Database,
    mediation: Mediation,
    deliveries: Deliveries,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.pruning.BATCH", 2)
    mediation.handle(deliveries.all(*(event for n in range(5) for event in story(n))))
    clock.advance(days=365)

    first = next(islice(Pruning(database, "tester", clock).prune(BEFORE), 1))
    rest = pruned(database, clock)

    assert (first.orders, rest.orders) == (2, 3)
    assert violations(database) == []
    assert len(rows(database, "SELECT FROM prunings")) == 3


@pytest.mark.usefixtures("closed")
def test_an_order_that_somebody_holds_is_passed_over(database: Database, clock: SetClock) -> None:
    with database.transaction() as connection:
        connection.execute(text("SELECT FROM cases FOR UPDATE"))
        meanwhile = pruned(database, clock)

    assert meanwhile == Pruned()
    assert pruned(database, clock).orders == 1


def test_an_event_that_comes_after_pruning_does_not_bring_the_payloads_back(
    database: Database,
    mediation: Mediation,
    deliveries: Deliveries,
    clock: SetClock,
    closed: list[Message],
) -> None:
    assert closed
    pruned(database, clock)
    mediation.handle([deliveries.of(LATE)])
    discard_all(database, clock)

    assert violations(database) == []
    clock.advance(days=365)
    later = sum(Pruning(database, "tester", clock).prune(clock() - timedelta(days=1)), Pruned())

    assert (later.orders, later.events, later.dead_letters) == (1, 1, 1)
    assert violations(database) == []
