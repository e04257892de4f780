"""Events that can be read and that the rules refuse, of every kind that a producer can write.

Rule: none of them may change what the stories demand. Those that are wrong by themselves speak of
an order that is being told right now; the others of an order that was told to its end before, so
that the reason for which they are refused does not hang on which topic is read first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from schemas.events import Event, EvidenceKind, Ground, VerdictDecision
from tests.builders import evidence, mediator_assigned, order_disputed, verdict_issued
from tests.faults.stories import Story

Make = Callable[[str, Story], Event]


@dataclass(frozen=True, slots=True)
class Refused:
    """A kind: `make` makes the event of this name about an order in the state that it needs."""

    reason: str
    needs: str
    make: Make


class Past:
    """Orders that were told to their end, by the state in which that left them."""

    def __init__(self, stories: Sequence[Story]) -> None:
        self.by_state: dict[str, list[Story]] = {"CLOSED": [], "OPEN": [], "IN_MEDIATION": []}
        for story in stories:
            last = list(story.disputes.values())[-1]
            state = "CLOSED" if last.state == "RESOLVED" else last.state
            if last.decision != "RELAUNCH":
                self.by_state[state].append(story)

    def one(self, state: str, random: Random) -> Story:
        """One of those that are in this state."""
        return random.choice(self.by_state[state])


def _ids(story: Story) -> dict[str, str]:
    return {"order_id": story.order_id, "dispute_id": list(story.disputes)[-1]}


def _mediator(story: Story) -> str:
    return list(story.disputes.values())[-1].mediator_id or "mediator-0"


def _buyer(story: Story) -> str:
    return f"buyer of {story.order_id}"


def _verdict(**said: Any) -> Make:
    return lambda name, story: verdict_issued(
        name=name, **_ids(story), **({"mediator_id": _mediator(story)} | said)
    )


def _assigned(**said: Any) -> Make:
    return lambda name, story: mediator_assigned(name=name, **_ids(story), **said)


def _disputed(**said: Any) -> Make:
    return lambda name, story: order_disputed(name=name, **_ids(story), **said)


def _unheard_of(build: Callable[..., Event], **said: Any) -> Make:
    """About a dispute that was never opened, of an order that is known."""
    return lambda name, story: build(
        name=name, order_id=story.order_id, dispute_id=f"none {name}", **said
    )


def _reused(build: Callable[..., Event], dispute_id: str | None = None) -> Make:
    """Under the id of the first event of that order, and with other content."""

    def make(name: str, story: Story) -> Event:
        ids = _ids(story) | ({"dispute_id": dispute_id} if dispute_id else {})
        first = story.letters[0].event_id
        return build(**ids, event_id=first, **_something_else(build, name))

    return make


def _something_else(build: Callable[..., Event], name: str) -> dict[str, str]:
    return {"buyer_id" if build is order_disputed else "mediator_id": name}


_OFF = (evidence(kind=EvidenceKind.OFF_PLATFORM, reference="another chat"),) * 2
_PARTIAL = VerdictDecision.PARTIAL_REFUND
_PAY = VerdictDecision.PAY_SELLER

REFUSED: tuple[Refused, ...] = (
    Refused("unknown_decision", "LIVE", _verdict(decision=VerdictDecision.UNKNOWN)),
    Refused("unknown_ground", "LIVE", _verdict(ground=Ground.UNKNOWN)),
    Refused("ground_mismatch", "LIVE", _verdict(ground=Ground.MISUNDERSTANDING)),
    Refused("reasons_blank", "LIVE", _verdict(reasons=" \n\u200b")),
    Refused("refund_missing", "LIVE", _verdict(decision=_PARTIAL, refund_minor=None)),
    Refused("refund_unexpected", "LIVE", _verdict(refund_minor=5)),
    Refused("off_platform_evidence", "LIVE", _verdict(evidence=_OFF)),
    Refused("amounts_inconsistent", "LIVE", _disputed(fees_minor=99_999)),
    Refused("amounts_inconsistent", "LIVE", _disputed(commission_minor=99_999)),
    Refused("refund_out_of_range", "IN_MEDIATION", _verdict(decision=_PARTIAL, refund_minor=10**9)),
    Refused("mediator_not_neutral", "OPEN", lambda name, story: mediator_assigned(
        name=name, **_ids(story), mediator_id=_buyer(story))),
    Refused("mediator_not_neutral", "IN_MEDIATION", lambda name, story: mediator_assigned(
        name=name, **_ids(story), mediator_id=_buyer(story))),
    Refused("dispute_conflict", "CLOSED", _disputed()),
    Refused("dispute_conflict", "OPEN", _disputed(captured_minor=5_000)),
    Refused("dispute_resolved", "CLOSED", _assigned(mediator_id="mediator-9")),
    Refused("verdict_final", "CLOSED", _verdict(decision=_PAY)),
    Refused("verdict_final", "CLOSED", _verdict(decision=_PARTIAL)),
    Refused("order_closed", "CLOSED", _unheard_of(order_disputed)),
    Refused("order_closed", "CLOSED", _unheard_of(mediator_assigned)),
    Refused("order_closed", "CLOSED", _unheard_of(verdict_issued)),
    Refused("event_id_reused", "CLOSED", _reused(order_disputed)),
    Refused("event_id_reused", "OPEN", _reused(mediator_assigned)),
    Refused("event_id_reused", "IN_MEDIATION", _reused(verdict_issued)),
    Refused("orphaned", "OPEN", _verdict(mediator_id="mediator-9")),
    Refused("orphaned", "OPEN", _unheard_of(mediator_assigned)),
    Refused("orphaned", "OPEN", _unheard_of(order_disputed)),
    Refused("wrong_mediator", "IN_MEDIATION", _verdict(mediator_id="mediator-9")),
)  # fmt: skip

ACROSS: tuple[tuple[str, Callable[..., Event]], ...] = (
    ("dispute_conflict", order_disputed),
    ("dispute_conflict", mediator_assigned),
    ("dispute_conflict", verdict_issued),
    ("event_id_reused", order_disputed),
)
"""What one order says of another: its dispute, or an event of its own under that one's id."""


def across(reason: str, build: Callable[..., Event], name: str, other: Story, own: Story) -> Event:
    """An event of `own` that names the dispute, or bears the id of an event, of `other`."""
    if reason == "dispute_conflict":
        return build(name=name, order_id=own.order_id, dispute_id=next(iter(other.disputes)))
    said = _something_else(build, name)
    return build(event_id=other.letters[0].event_id, **_ids(own), **said)
