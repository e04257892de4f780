"""What does the database refuse to forget?"""

import pytest
from sqlalchemy import text

from services.errors import StorageError
from services.mediation import Mediation
from services.storage.database import Database
from services.storage.pruning import Pruned
from tests.builders import mediator_assigned, order_disputed
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.mending import orphan, replayed
from tests.integration.pruning.orders import not_over, pruned

OVER, WAITING = "WHERE order_id = 'order-1'", "WHERE order_id = 'order-3'"
FORGET = "UPDATE events SET value = NULL, pruned_at = now()"
FORGET_LETTER = (
    "UPDATE dead_letters SET key = NULL, value = NULL, headers = '{}', pruned_at = now()"
)


@pytest.mark.parametrize(
    ("statement", "where", "why"),
    [
        (FORGET, "WHERE order_id = 'order-2'", "order-2 is not over"),
        (FORGET, WAITING, "order-3 is not over"),
        ("DELETE FROM parked_events", WAITING, "order-3 is not over"),
        (f"{FORGET}, digest = sha256('x')", OVER, "only added to"),
        (f"{FORGET}, outcome = 'ignored'", OVER, "only added to"),
        (f"{FORGET}, explanation = ''", OVER, "only added to"),
        ("UPDATE events SET pruned_at = now()", OVER, "only added to"),
        ("UPDATE events SET value = NULL", OVER, "only added to"),
        ("UPDATE events SET value = 'other'", OVER, "only added to"),
        ("DELETE FROM events", OVER, "only added to"),
        (FORGET_LETTER, "", "kept as it was read"),
        (f"{FORGET_LETTER}, status = 'DISCARDED'", "", "kept as it was read"),
        ("UPDATE dead_letters SET value = NULL", "", "kept as it was read"),
        (
            "INSERT INTO prunings VALUES (DEFAULT, now(), ' ', 'me', '2026-01-01', 0, 0, 0, 0, 0)",
            "",
            "prunings_done_by_check",
        ),
        ("TRUNCATE prunings", "", "stays written"),
    ],
)
@pytest.mark.usefixtures("closed")
def test_the_database_refuses_to_forget_anything_else(
    *,
    database: Database,
    mediation: Mediation,
    deliveries: Deliveries,
    statement: str,
    where: str,
    why: str,
) -> None:
    not_over(mediation, deliveries)
    mediation.handle([deliveries.of_bytes("order.disputed", b"junk")])

    with pytest.raises(StorageError, match=why), database.transaction() as connection:
        connection.execute(text(f"{statement} {where}"))


def test_a_replayed_letter_of_an_order_that_is_not_over_keeps_its_message(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    orphan(mediation, deliveries, clock, mediator_assigned())
    mediation.handle([deliveries.of(order_disputed())])
    replayed(database, clock)
    clock.advance(days=365)

    assert pruned(database, clock) == Pruned()
    with (
        pytest.raises(StorageError, match="order-1 is not over"),
        database.transaction() as connection,
    ):
        connection.execute(text(FORGET_LETTER))


@pytest.mark.usefixtures("closed")
def test_what_was_pruned_stays_as_it_is(database: Database, clock: SetClock) -> None:
    pruned(database, clock)

    for statement in (
        "UPDATE events SET value = 'other', pruned_at = NULL",
        "UPDATE events SET pruned_at = now()",
        "UPDATE prunings SET orders = 0",
        "DELETE FROM prunings",
    ):
        with pytest.raises(StorageError), database.transaction() as connection:
            connection.execute(text(statement))
