"""Does `mediation verify` name what is wrong, and end with the code that says so?"""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from schemas.codec import Codec
from services.clock import system_clock
from services.mediation import Mediation as Handling
from services.storage import schema
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.deliveries import Deliveries
from tests.e2e.commands import Mediation
from tests.histories import many


@pytest.fixture
def mediation(empty_database_url: str, tmp_path: Path) -> Mediation:
    """The command line, at a database with eight orders of four kinds."""
    with closing(Database(empty_database_url)) as database:
        schema.upgrade(database)
        handling = Handling(
            PostgresStore(database), Codec(), group="mediation.test", clock=system_clock
        )
        events = [event for history in many(8) for event in history.events]
        handling.handle(Deliveries().all(*events))
    return Mediation(tmp_path, {"database_url": empty_database_url})


def broken(mediation: Mediation, *statements: str) -> None:
    url = mediation.settings["database_url"]
    with closing(Database(url)) as database, database.transaction() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def test_a_coherent_database_ends_with_0(mediation: Mediation) -> None:
    ended = mediation("verify")

    assert (ended.code, ended.out) == (0, "8 orders, 0 of them incoherent\n")


def test_every_incoherent_order_is_named_with_what_is_wrong(mediation: Mediation) -> None:
    broken(
        mediation,
        "UPDATE cases SET sequence = sequence + 1 WHERE order_id = 'order-6'",
        "DELETE FROM settlements WHERE dispute_id = 'dispute of order-0'",
        "DELETE FROM tallies WHERE figure = 'verdicts' AND labels = '{RELAUNCH}'",
    )

    ended, as_json = mediation("verify"), mediation("verify", "-o", "json")

    assert ended.code == as_json.code == 1
    assert (
        ended.out
        == """\
all orders: tallies_fit_tables: verdicts RELAUNCH: counted 0, and there are 2
order order-0: settlements_fit_verdict: dispute of order-0: a refund is due, and none was asked for
order order-6: timeline_fits_state: its events do not lead to this case: sequence is 8, told 7
order order-6: effects_complete: 8 effects were numbered, and its applied events cause 7
8 orders, 2 of them incoherent
"""
    )
    assert (as_json.json["orders"], as_json.json["coherent"]) == (8, False)
    named = [(each["order_id"], each["invariant"]) for each in as_json.json["violations"]]
    assert named == [
        (None, "tallies_fit_tables"),
        ("order-0", "settlements_fit_verdict"),
        ("order-6", "timeline_fits_state"),
        ("order-6", "effects_complete"),
    ]


def test_one_order_can_be_looked_at_alone(mediation: Mediation) -> None:
    broken(mediation, "UPDATE cases SET sequence = sequence + 1 WHERE order_id = 'order-6'")

    assert mediation("verify", "--order", "order-0").code == 0
    assert mediation("verify", "--order", "order-6").code == 1


def test_an_order_nobody_heard_of_is_a_problem(mediation: Mediation) -> None:
    ended = mediation("verify", "--order", "nobody")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: nothing is known of order nobody\n"


def test_a_database_that_is_away_ends_with_3_and_an_older_one_with_4(
    empty_database_url: str, tmp_path: Path
) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"

    assert Mediation(tmp_path, {"database_url": nowhere})("verify").code == 3
    assert Mediation(tmp_path, {"database_url": empty_database_url})("verify").code == 4
