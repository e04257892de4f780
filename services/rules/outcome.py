"""What can become of an event.

Rule: both sets are closed. The same words are the metric label, the log field and the test names.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.effects import Effect
from schemas.reasons import Reason
from schemas.values import quick
from services.rules.case import Case


class Outcome(StrEnum):
    """What became of an event (docs/rules.md)."""

    APPLIED = "applied"
    IGNORED = "ignored"
    DEFERRED = "deferred"
    REJECTED = "rejected"


class Waiting(StrEnum):
    """What a deferred event waits for; its value reads after "waits for the"."""

    DISPUTE = "dispute"
    MEDIATOR = "mediator"
    HANDOVER = "handover"
    RESOLUTION = "resolution"

    @property
    def overdue(self) -> Reason:
        """The reason code of an event that waited in vain past the parking limit."""
        return Reason.WRONG_MEDIATOR if self is Waiting.HANDOVER else Reason.ORPHANED


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` answers; the caller carries it out.

    `case` is the case after the event: the very same object unless the event was applied.
    `reason` is set exactly when it was rejected, `waiting` exactly when it was deferred, and only
    an applied event has `effects`. `explanation` says why, in words for people.
    """

    outcome: Outcome
    case: Case
    effects: tuple[Effect, ...] = ()
    reason: Reason | None = None
    waiting: Waiting | None = None
    explanation: str = ""
