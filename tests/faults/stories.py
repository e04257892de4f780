"""Histories of disputed orders drawn by chance, and what each must come to, down to the cent.

Rule: what is demanded is worked out here, from the words of docs/rules.md, and by nothing of the
pipeline: not its money, its table, its ids or its sequence.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from schemas.codec import Codec
from schemas.events import Event, Ground, OrderDisputed, VerdictDecision, VerdictIssued
from tests.builders import mediator_assigned, order_disputed, verdict_issued

EFFECTS = uuid5(NAMESPACE_DNS, "effects.mediation")
SETTLEMENTS = uuid5(NAMESPACE_DNS, "settlements.mediation")

_DECISIONS = (
    VerdictDecision.FULL_REFUND,
    VerdictDecision.PARTIAL_REFUND,
    VerdictDecision.PAY_SELLER,
    VerdictDecision.RELAUNCH,
)
_CODEC = Codec()


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to publish, and the reason for which it must be refused, if it must."""

    topic: str
    key: bytes | None
    value: bytes | None
    event_id: UUID | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a dispute must end."""

    state: str
    mediator_id: str | None
    decision: str | None = None
    refund_minor: int | None = None
    payout_minor: int | None = None
    platform_minor: int | None = None


@dataclass(slots=True)
class Story:
    """What happened to one order, in the order in which it happened.

    Attributes:
        letters: its messages; on each topic they must be published in this order.
        effects: what must be published, in order: topic, and the fields that are known.
        disputes: how each dispute must end, by its id.
        settlements: the money that must be asked for: id, to (dispute, kind, amount, payee).
    """

    order_id: str
    letters: list[Letter] = field(default_factory=list)
    effects: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    disputes: dict[str, Ending] = field(default_factory=dict)
    settlements: dict[UUID, tuple[str, str, int, str]] = field(default_factory=dict)

    @property
    def restrictions(self) -> tuple[bool, bool, bool]:
        """Frozen, chat locked, reviews blocked, as they must be at the end."""
        last = list(self.disputes.values())[-1]
        if last.state != "RESOLVED":
            return (True, True, False)
        return (False, False, False) if last.decision == "RELAUNCH" else (False, True, True)

    def says(self, event: Event, refused: str | None = None) -> None:
        """This event is published; if `refused`, it must become a dead letter for that reason."""
        value = _CODEC.encode(event)
        key = self.order_id.encode()
        self.letters.append(Letter(event.topic.value, key, value, event.event_id, refused))

    def brings(self, cause: Event, *topics: str, **fields: Any) -> None:
        """These effects follow from an event."""
        for topic in topics:
            known = {
                "effect_id": str(uuid5(EFFECTS, f"{cause.event_id}/{topic}")),
                "sequence": len(self.effects) + 1,
                "order_id": self.order_id,
                "dispute_id": cause.dispute_id,
                "cause_event_id": str(cause.event_id),
            }
            self.effects.append((topic, known | fields))


def tell(order_id: str, random: Random) -> Story:
    """A story of one dispute, or of up to three while they end in a relaunch; a few end early."""
    story = Story(order_id)
    for position in range(1, 4):
        last = position == 3
        decision = random.choice(_DECISIONS[:3] if last else _DECISIONS)
        _dispute(story, f"{order_id}/{position}", decision, random)
        ending = list(story.disputes.values())[-1]
        if ending.decision != "RELAUNCH" or random.random() < 0.2:
            break
    return story


def _dispute(story: Story, dispute_id: str, decision: VerdictDecision, random: Random) -> None:
    ids = {"order_id": story.order_id, "dispute_id": dispute_id}
    captured = random.choice([random.randint(100, 300_000), random.randint(2, 30)])
    fees = random.choice([0, random.randint(0, captured // 10)])
    commission = random.choice([0, captured - fees, random.randint(0, (captured - fees) // 3)])
    terms: dict[str, Any] = {
        "captured_minor": captured,
        "fees_minor": fees,
        "commission_minor": commission,
    }
    parties = {"buyer_id": f"buyer of {story.order_id}", "seller_id": f"seller of {story.order_id}"}
    opened = order_disputed(**ids, **terms, **parties)
    story.says(opened)
    story.brings(opened, "order.frozen", "chat.locked")
    story.disputes[dispute_id] = Ending("OPEN", None)
    if random.random() < 0.02:
        story.says(
            order_disputed(**ids, **terms, **parties, name=f"{dispute_id} again"),
            refused="dispute_conflict",
        )
    if random.random() < 0.02:
        return
    mediator = _mediators(story, ids, parties, random)
    story.disputes[dispute_id] = Ending("IN_MEDIATION", mediator)
    if random.random() > 0.02:
        _verdict(story, opened, mediator, decision, random)


def _mediators(story: Story, ids: dict[str, str], parties: dict[str, str], random: Random) -> str:
    """One mediator, or several who hand over to each other; sometimes a party is refused first."""
    if random.random() < 0.02:
        partial = mediator_assigned(**ids, mediator_id=random.choice(sorted(parties.values())))
        story.says(partial, refused="mediator_not_neutral")
    mediator = ""
    for number in range(random.choice([1, 1, 1, 2, 3])):
        replaced, mediator = mediator or None, f"mediator-{number}"
        assigned = mediator_assigned(**ids, mediator_id=mediator)
        story.says(assigned)
        story.brings(
            assigned,
            "mediation.opened",
            mediator_id=mediator,
            replaced_mediator_id=replaced,
            **parties,
        )
    return mediator


def _verdict(
    story: Story,
    opened: OrderDisputed,
    mediator: str,
    decision: VerdictDecision,
    random: Random,
) -> None:
    ids = {"order_id": story.order_id, "dispute_id": opened.dispute_id, "mediator_id": mediator}
    price = opened.captured_minor - opened.fees_minor
    if decision is VerdictDecision.PARTIAL_REFUND and price < 2:
        decision = VerdictDecision.FULL_REFUND
    refund = random.randint(1, price - 1) if decision is VerdictDecision.PARTIAL_REFUND else None
    if random.random() < 0.02:
        story.says(
            verdict_issued(**ids, decision=decision, refund_minor=refund, ground=Ground.UNKNOWN),
            refused="unknown_ground",
        )
    verdict = verdict_issued(**ids, decision=decision, refund_minor=refund)
    story.says(verdict)
    shares = money(opened, decision, refund or 0)
    story.disputes[opened.dispute_id] = Ending("RESOLVED", mediator, decision.value, *shares)
    if decision is VerdictDecision.RELAUNCH:
        story.brings(verdict, "order.reactivated", "chat.unlocked")
    else:
        story.brings(verdict, "order.closed", "review.blocked")
        _settle(story, opened, verdict, shares)
    story.brings(
        verdict,
        "dispute.resolved",
        decision=decision.value,
        refund_minor=shares[0],
        payout_minor=shares[1],
        reasons=verdict.reasons,
    )
    _contradict(story, verdict, random)


def _contradict(story: Story, verdict: VerdictIssued, random: Random) -> None:
    """Now and then the mediator in charge says something else afterwards: it changes nothing."""
    ids = {
        "order_id": verdict.order_id,
        "dispute_id": verdict.dispute_id,
        "mediator_id": verdict.mediator_id,
    }
    if random.random() < 0.1:
        other = random.choice([each for each in _DECISIONS[:3] if each is not verdict.decision])
        amount = 1 if other is VerdictDecision.PARTIAL_REFUND else None
        second = verdict_issued(**ids, decision=other, refund_minor=amount)
        story.says(second, refused="verdict_final")
    if random.random() < 0.02:
        reused = verdict_issued(**ids, event_id=verdict.event_id, reasons="On second thoughts.")
        story.says(reused, refused="event_id_reused")


def _settle(
    story: Story, opened: OrderDisputed, verdict: Event, shares: tuple[int, int, int]
) -> None:
    due = (
        ("REFUND", "refund.requested", opened.buyer_id, shares[0]),
        ("PAYOUT", "payout.requested", opened.seller_id, shares[1]),
    )
    for kind, topic, payee, amount in due:
        if amount:
            id_ = uuid5(SETTLEMENTS, f"{opened.dispute_id}/{kind}")
            story.settlements[id_] = (opened.dispute_id, kind, amount, payee)
            story.brings(
                verdict,
                topic,
                settlement_id=str(id_),
                amount_minor=amount,
                currency=opened.currency,
                payee_id=payee,
            )


def money(opened: OrderDisputed, decision: VerdictDecision, refund: int) -> tuple[int, int, int]:
    """Refund, payout, and what the platform keeps: the table of docs/rules.md in fractions."""
    captured, commission = opened.captured_minor, opened.commission_minor
    price = captured - opened.fees_minor
    if decision is VerdictDecision.RELAUNCH:
        return (0, 0, 0)
    if decision is VerdictDecision.FULL_REFUND:
        return (captured, 0, 0)
    share = round(Fraction(commission * (price - refund), price)) if price else 0
    return (refund, price - refund - share, captured - price + share)
