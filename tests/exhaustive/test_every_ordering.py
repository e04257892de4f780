"""Does every delivery order of every history end in the one case and the one set of effects?

The promise of docs/rules.md, on the real mediation, docket and rules. A broken mechanism must show.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from schemas.events import Event, VerdictIssued
from services import docket
from services.docket import Docket
from services.rules.case import Case, DisputeState
from services.rules.decide import decide
from services.rules.outcome import Decision
from services.storage.store import Loaded
from tests.architecture.tree import ROOT
from tests.exhaustive.exploring import explore, orders_of
from tests.exhaustive.families import families
from tests.simulation.codec import RememberingCodec
from tests.simulation.store import MemoryTransaction

HISTORIES = {history.name: history for family in families() for history in family.histories}
CODEC = RememberingCodec()
HANDED_OVER_AND_CONTRADICTED = (
    "FULL_REFUND (TERMS_BREACHED), 1 handed over, contradicted by PAY_SELLER"
)
RELAUNCHED = "RELAUNCH (MISUNDERSTANDING); PAY_SELLER (DELIVERY_CONFORMING)"
Break = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.slow
def test_every_delivery_order_of_every_history_ends_as_the_history_does() -> None:
    orders = sum(map(orders_of, HISTORIES.values()))

    done = subprocess.run(
        [sys.executable, "-m", "tests.exhaustive"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    family, histories, explored, _, divergences = done.stdout.splitlines()[-1].split()
    assert (family, histories, divergences) == ("all", "380", "0")
    assert explored == f"{orders:,}"
    assert orders > 4_500_000


@pytest.mark.parametrize("name", [HANDED_OVER_AND_CONTRADICTED, RELAUNCHED])
def test_sharing_what_follows_equal_beginnings_leaves_no_order_out(name: str) -> None:
    merged = explore(HISTORIES[name], CODEC)
    one_by_one = explore(HISTORIES[name], CODEC, merge=False)

    assert merged.orders == one_by_one.orders == orders_of(HISTORIES[name])
    assert merged.divergent == one_by_one.divergent == 0
    assert merged.transactions < one_by_one.transactions


# --- mechanisms broken on purpose -----------------------------------------------------------------


def load_instead(monkeypatch: pytest.MonkeyPatch, change: Callable[[Loaded], Loaded]) -> None:
    """What is loaded is changed like this before it is answered."""
    load = MemoryTransaction.load
    monkeypatch.setattr(MemoryTransaction, "load", lambda *asked: change(load(*asked)))


def without_trying_parked_events_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Docket, "_retry_parked", lambda _self, _order_id: None)


def with_parked_events_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    load_instead(monkeypatch, lambda loaded: replace(loaded, waiting=loaded.waiting[::-1]))


def with_verdicts_that_overrule(monkeypatch: pytest.MonkeyPatch) -> None:
    def overruling(case: Case, event: Event) -> Decision:
        dispute = case.dispute(event.dispute_id)
        if isinstance(event, VerdictIssued) and dispute and dispute.resolution:
            reopened = replace(dispute, state=DisputeState.IN_MEDIATION, resolution=None)
            others = tuple(each for each in case.disputes if each is not dispute)
            case = replace(case, disputes=(*others, reopened))
        return decide(case, event)

    monkeypatch.setattr(docket, "decide", overruling)


def without_the_inbox(monkeypatch: pytest.MonkeyPatch) -> None:
    load_instead(monkeypatch, lambda loaded: replace(loaded, known={}))


BROKEN = [
    without_trying_parked_events_again,
    with_parked_events_newest_first,
    with_verdicts_that_overrule,
    without_the_inbox,
]


@pytest.fixture
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("break_it", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_mechanism_diverges(monkeypatch: pytest.MonkeyPatch, break_it: Break) -> None:
    break_it(monkeypatch)

    found = explore(HISTORIES[HANDED_OVER_AND_CONTRADICTED], CODEC)

    assert found.divergent > 0
    assert found.orders == orders_of(found.history)
    assert "1. " in found.example
