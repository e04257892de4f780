"""The words in which scenarios are written: one function an event, one an effect.

Rule: a word only shortens. Every amount, ground and outcome stands in the scenario itself.
"""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from consumers.demo.story import BUYER, LEA, SELLER, Announced, Form, Settled, Step
from schemas.reasons import Reason
from schemas.topics import Topic
from services.rules.outcome import Outcome

Pieces = Iterable[tuple[str, str]]


class Fate(TypedDict, total=False):
    """What a step may say besides the fields of its event; see `Step`."""

    dispute: int
    outcome: Outcome
    later: Outcome
    reason: Reason
    id_of: str
    form: Form


def disputed(
    captured: int,
    fees: int,
    commission: int,
    *,
    name: str = "opened",
    currency: str = "EUR",
    by: str = "BUYER",
    hour: int = 0,
    **fate: Unpack[Fate],
) -> Step:
    """`order.disputed`; amounts in minor units."""
    says = {
        "buyer_id": BUYER,
        "seller_id": SELLER,
        "opened_by": by,
        "currency": currency,
        "captured_minor": captured,
        "fees_minor": fees,
        "commission_minor": commission,
    }
    return Step(name=name, topic=Topic.ORDER_DISPUTED, says=says, hour=hour, **fate)


def assigned(
    mediator: str = LEA, *, name: str = "assigned", hour: int = 30, **fate: Unpack[Fate]
) -> Step:
    """`mediator.assigned`, 30 hours after the opening."""
    says = {"mediator_id": mediator}
    return Step(name=name, topic=Topic.MEDIATOR_ASSIGNED, says=says, hour=hour, **fate)


def verdict(
    decision: str,
    ground: str,
    reasons: str,
    *,
    name: str = "verdict",
    mediator: str = LEA,
    refund: int | None = None,
    evidence: Pieces = (),
    hour: int = 50,
    **fate: Unpack[Fate],
) -> Step:
    """`verdict.issued`, 50 hours after the opening; `evidence` is kind and reference."""
    says = {
        "mediator_id": mediator,
        "decision": decision,
        "ground": ground,
        "refund_minor": refund,
        "reasons": reasons,
        "evidence": tuple(evidence),
    }
    return Step(name=name, topic=Topic.VERDICT_ISSUED, says=says, hour=hour, **fate)


def again(step: str, topic: Topic, form: Form = Form.PLAIN) -> Step:
    """The event of an earlier step, delivered once more."""
    name = f"{step} again"
    return Step(name=name, topic=topic, repeats=step, form=form, outcome=Outcome.IGNORED)


def opening(cause: str = "opened", dispute: int = 1) -> tuple[Announced, ...]:
    """A dispute freezes the order and locks its chat (rules 1 and 2)."""
    return (
        Announced(topic=Topic.ORDER_FROZEN, cause=cause, dispute=dispute),
        Announced(topic=Topic.CHAT_LOCKED, cause=cause, dispute=dispute),
    )


def mediation(
    mediator: str = LEA, replaced: str | None = None, *, cause: str = "assigned", dispute: int = 1
) -> Announced:
    """A mediator may read the order, perhaps in the place of another (rule 4)."""
    says = {
        "mediator_id": mediator,
        "replaced_mediator_id": replaced,
        "buyer_id": BUYER,
        "seller_id": SELLER,
    }
    return Announced(topic=Topic.MEDIATION_OPENED, cause=cause, dispute=dispute, says=says)


def closing(decision: str, *, cause: str = "verdict", dispute: int = 1) -> tuple[Announced, ...]:
    """The order is closed and can never be reviewed (rules 11 and 14)."""
    return (
        Announced(
            topic=Topic.ORDER_CLOSED, cause=cause, dispute=dispute, says={"decision": decision}
        ),
        Announced(topic=Topic.REVIEW_BLOCKED, cause=cause, dispute=dispute),
    )


def relaunching(cause: str = "verdict", dispute: int = 1) -> tuple[Announced, ...]:
    """The order goes on, and the parties may talk again (rule 9)."""
    return (
        Announced(topic=Topic.ORDER_REACTIVATED, cause=cause, dispute=dispute),
        Announced(topic=Topic.CHAT_UNLOCKED, cause=cause, dispute=dispute),
    )


def refund(
    amount: int, currency: str = "EUR", *, cause: str = "verdict", dispute: int = 1
) -> Announced:
    """The buyer is to get this back, in minor units."""
    says = {"amount_minor": amount, "currency": currency, "payee_id": BUYER}
    return Announced(topic=Topic.REFUND_REQUESTED, cause=cause, dispute=dispute, says=says)


def payout(
    amount: int, currency: str = "EUR", *, cause: str = "verdict", dispute: int = 1
) -> Announced:
    """The seller is to get this, in minor units."""
    says = {"amount_minor": amount, "currency": currency, "payee_id": SELLER}
    return Announced(topic=Topic.PAYOUT_REQUESTED, cause=cause, dispute=dispute, says=says)


def resolved(
    decision: str,
    ground: str,
    reasons: str,
    *,
    refund: int,
    payout: int,
    currency: str = "EUR",
    cause: str = "verdict",
    dispute: int = 1,
) -> Announced:
    """Both parties learn the decision and its reasons (rule 12)."""
    says = {
        "decision": decision,
        "ground": ground,
        "reasons": reasons,
        "refund_minor": refund,
        "payout_minor": payout,
        "currency": currency,
        "buyer_id": BUYER,
        "seller_id": SELLER,
    }
    return Announced(topic=Topic.DISPUTE_RESOLVED, cause=cause, dispute=dispute, says=says)


def refunded(
    amount: int, currency: str = "EUR", *, cause: str = "verdict", dispute: int = 1
) -> Settled:
    """The payment service was asked once to give this back to the buyer."""
    return Settled(
        kind="REFUND",
        amount_minor=amount,
        currency=currency,
        payee_id=BUYER,
        cause=cause,
        dispute=dispute,
    )


def paid(
    amount: int, currency: str = "EUR", *, cause: str = "verdict", dispute: int = 1
) -> Settled:
    """The payment service was asked once to pay this to the seller."""
    return Settled(
        kind="PAYOUT",
        amount_minor=amount,
        currency=currency,
        payee_id=SELLER,
        cause=cause,
        dispute=dispute,
    )
