"""What becomes of the messages of old dead letters?"""

from datetime import timedelta

from services.discarding import Discarding
from services.fates import Fate
from services.mediation import Mediation
from services.pruning import Pruning
from services.storage.database import Database
from services.storage.pruning import Pruned
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.looking import letters
from tests.integration.mending import open_letters, replayed, statuses
from tests.integration.pruning.orders import discard_all, pruned, rows


def test_messages_of_dead_letters_go_once_nobody_needs_them(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of_bytes("order.disputed", b"junk" * 100, headers=(("a", b"b"),))])
    clock.advance(days=365)
    assert pruned(database, clock) == Pruned()
    discard_all(database, clock)
    lately = pruned(database, clock)
    clock.advance(days=365)

    gone = sum(Pruning(database, "tester", clock).prune(clock() - timedelta(days=1)), Pruned())

    assert (lately, gone.dead_letters) == (Pruned(), 1)
    assert gone.bytes > 400
    assert rows(database, "SELECT key, value, headers FROM dead_letters") == [(None, None, [])]
    assert letters(database) == [("order.disputed", "unknown_framing")]


def test_a_pruned_letter_is_not_opened_again_and_is_known_when_it_comes_again(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    junk = deliveries.of_bytes("order.disputed", b"junk" * 100)
    mediation.handle([junk])
    (id_,) = open_letters(database)
    discard_all(database, clock)
    clock.advance(days=365)
    pruned(database, clock)

    (report,) = Discarding(database, "tester", clock).restore([id_], None)
    mediation.handle([junk])
    (replay,) = replayed(database, clock, [id_])

    assert (report.fate, replay.fate) == (Fate.REFUSED, Fate.NOT_OPEN)
    assert "pruned" in report.explanation
    assert statuses(database) == ["DISCARDED"]
    assert rows(database, "SELECT attempts, value FROM dead_letters") == [(2, None)]
