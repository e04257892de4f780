"""What does `mediation prune` say, and does the rest of the command line still work after it?"""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.codec import Codec
from services.clock import system_clock
from services.mediation import Mediation as Handling
from services.storage import schema
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.e2e.commands import Mediation


@pytest.fixture
def mediation(empty_database_url: str, tmp_path: Path) -> Mediation:
    """The command line, at a database with one order that was closed ten days ago."""
    with closing(Database(empty_database_url)) as database:
        schema.upgrade(database)
        handling = Handling(
            PostgresStore(database),
            Codec(),
            group="mediation.test",
            clock=lambda: system_clock() - timedelta(days=10),
        )
        handling.handle(Deliveries().all(order_disputed(), mediator_assigned(), verdict_issued()))
    return Mediation(tmp_path, {"database_url": empty_database_url})


def test_old_payloads_go_and_all_is_still_coherent_and_shown(mediation: Mediation) -> None:
    young = mediation("prune", "--older-than", "30", "-o", "json").json
    told = mediation("prune", "--older-than", "5", "--dry-run")
    gone = mediation("prune", "--older-than", "5", "-o", "json").json
    verified, shown = mediation("verify"), mediation("case", "show", "order-1")

    assert (young["orders"], gone["orders"], gone["events"]) == (0, 1, 3)
    assert told.out.startswith("would go: what saw nothing since ")
    assert f"bytes                       {gone['bytes']}" in told.out
    assert (verified.code, verified.out) == (0, "1 orders, 0 of them incoherent\n")
    assert "The payloads of its events were pruned" in shown.out
    assert "verdict.issued" in shown.out


def test_how_old_has_to_be_said(mediation: Mediation) -> None:
    assert mediation("prune").code == 2
    assert mediation("prune", "--older-than", "0").code == 2
