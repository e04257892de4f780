"""What an event must say to be valid by itself, whatever the case says.

Rule: these checks come before the transition table, so that an invalid verdict is refused at once,
in every delivery order. They look at one event and at nothing else; the first that fails counts.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Generic

from schemas.events import (
    Event,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from schemas.reasons import Reason
from services.rules.change import E

GROUNDS: Final[Mapping[VerdictDecision, frozenset[Ground]]] = MappingProxyType(
    {
        VerdictDecision.FULL_REFUND: frozenset(
            {Ground.ORDER_NOT_CONFORMING, Ground.TERMS_BREACHED, Ground.PROCESS_BREACHED}
        ),
        VerdictDecision.PARTIAL_REFUND: frozenset(
            {Ground.WORK_PARTLY_CONFORMING, Ground.PARTIES_AGREED}
        ),
        VerdictDecision.RELAUNCH: frozenset({Ground.MISUNDERSTANDING}),
        VerdictDecision.PAY_SELLER: frozenset({Ground.DELIVERY_CONFORMING}),
    }
)
"""Which grounds support which decision (rules 7 to 10)."""


@dataclass(frozen=True, slots=True)
class Check(Generic[E]):
    """One way in which an event can be wrong by itself.

    `explanation` is a template over `event`.
    """

    reason: Reason
    fails: Callable[[E], bool]
    explanation: str


_INVISIBLE: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols by their category, drawn as nothing: the Hangul fillers, blank Braille."""


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only spaces, controls, and marks without a letter."""
    return not any(
        unicodedata.category(character)[0] in "LNPS" and character not in _INVISIBLE
        for character in text
    )


def _amounts_inconsistent(event: OrderDisputed) -> bool:
    # Of fees above the captured amount too: no commission is below 0, and the price would be.
    return event.commission_minor > event.captured_minor - event.fees_minor


def _all_off_platform(event: VerdictIssued) -> bool:
    kinds = {piece.kind for piece in event.evidence}
    return kinds == {EvidenceKind.OFF_PLATFORM}


def _is_partial(event: VerdictIssued) -> bool:
    return event.decision is VerdictDecision.PARTIAL_REFUND


DISPUTED: Final[tuple[Check[OrderDisputed], ...]] = (
    Check(
        Reason.AMOUNTS_INCONSISTENT,
        _amounts_inconsistent,
        "The money of dispute {event.dispute_id} does not add up: of {event.captured_minor} "
        "captured, {event.fees_minor} are fees and {event.commission_minor} commission (minor "
        "units of {event.currency}). The fees must be within the captured amount, and the "
        "commission within the price, which is the captured amount less the fees.",
    ),
)

VERDICT: Final[tuple[Check[VerdictIssued], ...]] = (
    Check(
        Reason.UNKNOWN_DECISION,
        lambda event: event.decision not in GROUNDS,
        "The verdict on dispute {event.dispute_id} carries a decision that this version does not "
        "know. A decision is never guessed: issue the verdict with one of the known decisions, or "
        "upgrade the pipeline first.",
    ),
    Check(
        Reason.UNKNOWN_GROUND,
        lambda event: event.ground is Ground.UNKNOWN,
        "The verdict on dispute {event.dispute_id} carries a ground that this version does not "
        "know. A ground is never guessed: issue the verdict with one of the known grounds, or "
        "upgrade the pipeline first.",
    ),
    Check(
        Reason.GROUND_MISMATCH,
        lambda event: event.ground not in GROUNDS[event.decision],
        "The verdict on dispute {event.dispute_id} decides {event.decision} on the ground "
        "{event.ground}, which does not support that decision. Issue the verdict again with a "
        "ground that does.",
    ),
    Check(
        Reason.REASONS_BLANK,
        lambda event: is_blank(event.reasons),
        "The verdict on dispute {event.dispute_id} gives no reasons, and both parties have a right "
        "to them. Issue the verdict again with the reasons in words.",
    ),
    Check(
        Reason.REFUND_MISSING,
        lambda event: _is_partial(event) and event.refund_minor is None,
        "The verdict on dispute {event.dispute_id} decides a partial refund and does not say how "
        "much. Issue the verdict again with refund_minor.",
    ),
    Check(
        Reason.REFUND_UNEXPECTED,
        lambda event: not _is_partial(event) and event.refund_minor is not None,
        "The verdict on dispute {event.dispute_id} decides {event.decision}, which takes no "
        "amount, and yet says refund_minor {event.refund_minor}. Issue the verdict again without "
        "it, or as a PARTIAL_REFUND if that was meant.",
    ),
    Check(
        Reason.OFF_PLATFORM_EVIDENCE,
        _all_off_platform,
        "Every piece of evidence that the verdict on dispute {event.dispute_id} cites comes from "
        "outside the platform, and only exchanges on the platform count. Issue the verdict again "
        "with evidence from the platform.",
    ),
)

CHECKS: Final[Mapping[type[Event], tuple[Check[Any], ...]]] = MappingProxyType(
    {OrderDisputed: DISPUTED, MediatorAssigned: (), VerdictIssued: VERDICT}
)


def first_failure(event: Event) -> Check[Any] | None:
    """The first check that this event fails, if any."""
    for check in CHECKS[type(event)]:
        if check.fails(event):
            return check
    return None
