"""What came of a dead letter that somebody wanted replayed, discarded or restored: a closed set."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from schemas.effects import PayoutRequested, RefundRequested
from schemas.reasons import Reason
from services.reading import Handled
from services.rules.outcome import Outcome

FINAL = frozenset({Reason.VERDICT_FINAL, Reason.ORDER_CLOSED, Reason.DISPUTE_RESOLVED})
"""Reasons that no replay will ever change: a verdict is firm and final (rule 13)."""


class Fate(StrEnum):
    """What came of it, in the words of the report."""

    APPLIED = "applied"
    IGNORED = "ignored"
    DEFERRED = "deferred"
    DUPLICATE = "duplicate"
    STILL_FAILING = "still failing"
    REFUSED = "refused"
    DISCARDED = "discarded"
    RESTORED = "restored"
    ALREADY = "already done"
    NOT_OPEN = "not open"
    GONE = "gone"

    @property
    def is_problem(self) -> bool:
        """Whether what was asked for did not come true."""
        return self in _PROBLEMS


_PROBLEMS = {Fate.STILL_FAILING, Fate.REFUSED, Fate.NOT_OPEN, Fate.GONE}


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one dead letter, and why.

    `effects` are the topics of what is published, in order; `money` is what is asked of the payment
    service; `set_free` counts the parked events of the order that were settled with it.
    """

    dead_letter_id: UUID
    fate: Fate
    explanation: str
    topic: str | None = None
    order_id: str | None = None
    reason: Reason | None = None
    effects: tuple[str, ...] = ()
    money: tuple[RefundRequested | PayoutRequested, ...] = ()
    set_free: int = 0


def fate_of(handled: Handled, *, was_known: bool) -> Fate:
    """The fate of a dead letter whose message was handled like this.

    `was_known` says that its event had an outcome already which a replay does not touch.
    """
    if handled.outcome is Outcome.REJECTED:
        return Fate.REFUSED if handled.reason in FINAL else Fate.STILL_FAILING
    if handled.outcome is Outcome.IGNORED and was_known:
        return Fate.DUPLICATE
    return Fate(handled.outcome.value)


def totals(fates: Iterable[Fate]) -> dict[str, int]:
    """How many there are of each fate, in the order of `Fate`; what does not occur is left out."""
    counted = Counter(fates)
    return {fate.value: counted[fate] for fate in Fate if counted[fate]}
