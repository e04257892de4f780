"""In which words is it told what came of a dead letter?"""

import pytest

from schemas.reasons import Reason
from services.fates import FINAL, Fate, fate_of, totals
from services.messages import Message
from services.reading import Handled
from services.rules.outcome import Outcome

MESSAGE = Message("verdict.issued", 0, 7, 0, b"order-1", b"")


def handled(outcome: Outcome, reason: Reason | None = None) -> Handled:
    return Handled(MESSAGE, outcome, "why", reason=reason)


@pytest.mark.parametrize("outcome", [Outcome.APPLIED, Outcome.DEFERRED, Outcome.IGNORED])
def test_what_was_decided_is_told_in_the_word_of_its_outcome(outcome: Outcome) -> None:
    assert fate_of(handled(outcome), was_known=False).value == outcome.value


def test_an_event_that_counted_before_is_a_duplicate() -> None:
    assert fate_of(handled(Outcome.IGNORED), was_known=True) is Fate.DUPLICATE


@pytest.mark.parametrize("reason", Reason)
def test_only_what_a_verdict_stands_against_is_refused_for_good(reason: Reason) -> None:
    fate = fate_of(handled(Outcome.REJECTED, reason), was_known=False)

    assert fate is (Fate.REFUSED if reason in FINAL else Fate.STILL_FAILING)
    assert fate.is_problem


def test_an_event_id_that_is_reused_keeps_failing() -> None:
    reused = handled(Outcome.REJECTED, Reason.EVENT_ID_REUSED)

    assert fate_of(reused, was_known=True) is Fate.STILL_FAILING


def test_the_totals_name_what_occurred_in_one_order() -> None:
    counted = totals([Fate.GONE, Fate.APPLIED, Fate.GONE])

    assert list(counted.items()) == [("applied", 1), ("gone", 2)]


def test_what_was_done_before_is_no_problem() -> None:
    fine = {fate for fate in Fate if not fate.is_problem}

    assert fine == {
        *(Fate.APPLIED, Fate.IGNORED, Fate.DEFERRED, Fate.DUPLICATE),
        *(Fate.DISCARDED, Fate.RESTORED, Fate.ALREADY),
    }
