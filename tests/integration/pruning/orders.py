"""Orders that are long over, and pruning them: what the tests of it share."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event, VerdictDecision
from services.auditor import Auditor
from services.discarding import Discarding
from services.fates import Fate
from services.mediation import Mediation
from services.pruning import Pruning
from services.storage.database import Database
from services.storage.pruning import Pruned
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.mending import open_letters

BEFORE = datetime(2026, 12, 1, tzinfo=UTC)


def story(number: int, decision: VerdictDecision = VerdictDecision.FULL_REFUND) -> list[Event]:
    """The events of an order with this number; the verdict comes before its mediator."""
    about = {"order_id": f"order-{number}", "dispute_id": f"dispute-{number}"}
    return [
        order_disputed(**about),
        verdict_issued(decision=decision, **about),
        mediator_assigned(**about),
    ]


def pruned(database: Database, clock: SetClock, *, dry_run: bool = False) -> Pruned:
    pruning = Pruning(database, "tester", clock)
    return sum(pruning.prune(BEFORE, dry_run=dry_run), Pruned())


def violations(database: Database) -> list[str]:
    auditor = Auditor(database, Codec())
    found = [each for chunk in auditor.walk() for each in chunk.violations]
    return [each.words for each in (*found, *auditor.tallies())]


def rows(database: Database, statement: str) -> list[Any]:
    with database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def not_over(mediation: Mediation, deliveries: Deliveries) -> None:
    mediation.handle(deliveries.all(*story(2, VerdictDecision.RELAUNCH), *story(3)[:2]))


def discard_all(database: Database, clock: SetClock) -> None:
    done = Discarding(database, "tester", clock).discard(open_letters(database), "of no use")
    assert {each.fate for each in done} <= {Fate.DISCARDED}
