"""What does the database refuse to be told? The same of PostgreSQL and of the store in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Event, Ground, VerdictDecision
from services.errors import StorageError
from services.rules.case import Case, DisputeState
from services.storage.store import Transaction
from tests.builders import DECIDED_AT, event_id, mediator_assigned, order_disputed, verdict_issued
from tests.contract.store_rows import (
    case_after,
    in_mediation,
    lock,
    requests_of,
    resolved,
    write,
)
from tests.contract.stores import World

D = VerdictDecision
Request = RefundRequested | PayoutRequested


def with_dispute(case: Case, **changes: Any) -> Case:
    """The case with its newest dispute said otherwise."""
    *others, newest = case.disputes
    return replace(case, disputes=(*others, replace(newest, **changes)))


def resolution(decision: VerdictDecision = D.FULL_REFUND, **changes: Any) -> Case:
    """The case with a verdict said otherwise."""
    case = case_after(order_disputed(), mediator_assigned(), verdict_issued(decision=decision))
    resolution = case.disputes[0].resolution
    assert resolution is not None
    return with_dispute(case, resolution=replace(resolution, **changes))


def second_dispute(state: Case) -> Case:
    dispute = case_after(order_disputed(dispute_id="dispute-2")).disputes[0]
    return replace(state, disputes=(*state.disputes, dispute))


def twice_closed() -> Case:
    second = case_after(
        order_disputed(dispute_id="dispute-2"),
        mediator_assigned(dispute_id="dispute-2"),
        verdict_issued(dispute_id="dispute-2"),
    )
    return replace(resolved(), disputes=(*resolved().disputes, *second.disputes))


OPENED = case_after(order_disputed())
HIGH = replace(OPENED.disputes[0].terms, commission_minor=9_501)
FEES = replace(OPENED.disputes[0].terms, fees_minor=10_001, commission_minor=0)

NEVER = {
    "restrictions that cannot be": replace(OPENED, chat_locked=False),
    "an order unfrozen while disputed": replace(OPENED, frozen=False, chat_locked=False),
    "an order frozen without a dispute": Case("order-1", True, True, False),
    "an order closed without a verdict": Case("order-1", False, True, True),
    "an order still frozen after its verdict": replace(resolved(), frozen=True),
    "fees beyond the captured amount": with_dispute(OPENED, terms=FEES),
    "a commission beyond the price": with_dispute(OPENED, terms=HIGH),
    "an open dispute with a mediator": with_dispute(in_mediation(), state=DisputeState.OPEN),
    "a mediation without a mediator": with_dispute(in_mediation(), mediator_id=None),
    "a mediator who is the buyer": with_dispute(in_mediation(), mediator_id="buyer-1"),
    "a mediator who is the seller": with_dispute(in_mediation(), mediator_id="seller-1"),
    "an identifier that is too long": with_dispute(in_mediation(), mediator_id="m" * 65),
    "a resolved dispute without a resolution": with_dispute(resolved(), resolution=None),
    "a resolution without a resolved dispute": with_dispute(
        resolved(), state=DisputeState.IN_MEDIATION
    ),
    "blank reasons": resolution(reasons="  "),
    "a ground that does not fit": resolution(ground=Ground.PARTIES_AGREED),
    "money that is not conserved": resolution(platform_minor=1),
    "a refund of less than all": resolution(refund_minor=9_999, platform_minor=1),
    "a relaunch that moves money": resolution(D.RELAUNCH, refund_minor=10_000),
    "a seller not paid in full": resolution(D.PAY_SELLER, payout_minor=8_499, platform_minor=1_501),
    "a partial refund of nothing": resolution(
        D.PARTIAL_REFUND, refund_minor=0, payout_minor=8_500, platform_minor=1_500
    ),
    "a commission out of proportion": resolution(
        D.PARTIAL_REFUND, payout_minor=0, platform_minor=6_000
    ),
    "two unresolved disputes": second_dispute(OPENED),
    "two closing verdicts": twice_closed(),
}


OTHER_TERMS = replace(OPENED.disputes[0].terms, captured_minor=20_000)
CHANGES = {
    "a second verdict": (
        resolution(D.RELAUNCH),
        resolution(D.RELAUNCH, event_id=event_id("another")),
    ),
    "other reasons": (resolved(), resolution(reasons="other")),
    "a verdict taken back": (resolution(D.RELAUNCH), in_mediation()),
    "a mediation taken back": (in_mediation(), replace(OPENED, sequence=3)),
    "other terms": (OPENED, with_dispute(OPENED, terms=OTHER_TERMS)),
    "another buyer": (OPENED, with_dispute(OPENED, buyer_id="buyer-2")),
    "another moment of opening": (OPENED, with_dispute(OPENED, opened_at=DECIDED_AT)),
    "a lower sequence": (in_mediation(), replace(in_mediation(), sequence=2)),
    "a closed order moved": (resolved(), replace(resolved(), sequence=100)),
    "a dispute of another order": (OPENED, replace(OPENED, order_id="order-2")),
    "an event that opened another dispute": (
        OPENED,
        replace(with_dispute(OPENED, dispute_id="dispute-2"), order_id="order-2"),
    ),
}


(REFUND,) = requests_of(order_disputed(), mediator_assigned(), verdict_issued())
(PAYOUT,) = requests_of(
    order_disputed(), mediator_assigned(), verdict_issued(decision=D.PAY_SELLER)
)
SHARED = resolution(D.PARTIAL_REFUND)
PART, REST = requests_of(
    order_disputed(), mediator_assigned(), verdict_issued(decision=D.PARTIAL_REFUND)
)

MONEY = {
    "more than the verdict's": (resolved(), [replace(REFUND, amount_minor=10_001)]),
    "nothing": (resolved(), [replace(REFUND, amount_minor=0)]),
    "another currency": (resolved(), [replace(REFUND, currency="USD")]),
    "to somebody else": (resolved(), [replace(REFUND, payee_id="stranger")]),
    "of a dispute never heard of": (resolved(), [replace(REFUND, dispute_id="dispute-2")]),
    "a payout beside a full refund": (resolved(), [PAYOUT]),
    "one kind twice": (resolved(), [REFUND, replace(REFUND, settlement_id=event_id("another"))]),
    "one id twice": (SHARED, [PART, replace(REST, settlement_id=PART.settlement_id)]),
}


def refuses(world: World, act: Callable[[Transaction], None]) -> bool:
    """Whether this is refused; what is refused leaves nothing behind."""
    try:
        with world.store.transaction() as transaction:
            act(transaction)
    except StorageError:
        return True
    return False


def writing(*cases: Case) -> Callable[[Transaction], None]:
    """Writes these cases, one after another."""

    def act(transaction: Transaction) -> None:
        for case in cases:
            write(transaction, case)

    return act


def asking(case: Case, requests: list[Request]) -> Callable[[Transaction], None]:
    """Asks for this money when the case is as said."""

    def act(transaction: Transaction) -> None:
        write(transaction, case)
        transaction.request_settlements(requests)

    return act


def test_what_must_never_be_true_of_a_case_is_refused(world: World) -> None:
    accepted = {what for what, case in NEVER.items() if not refuses(world, writing(case))}

    assert accepted == set()


def test_a_change_that_must_never_happen_is_refused(world: World) -> None:
    accepted = {
        what
        for what, (before, after) in CHANGES.items()
        if not refuses(world, writing(before, after))
    }

    assert accepted == set()


def test_money_that_is_not_the_verdicts_is_refused(world: World) -> None:
    accepted = {what for what, money in MONEY.items() if not refuses(world, asking(*money))}

    assert accepted == set()


def test_what_is_right_is_accepted(world: World) -> None:
    """All of the above is refused for what is wrong with it, and for nothing else."""
    for number, decision in enumerate(d for d in D if d is not D.UNKNOWN):
        said = {"order_id": f"order {number}", "dispute_id": f"dispute {number}"}
        story: list[Event] = [
            order_disputed(**said),
            mediator_assigned(**said),
            verdict_issued(**said, decision=decision),
        ]
        if decision is D.RELAUNCH:
            story.append(order_disputed(order_id=said["order_id"], dispute_id="another"))
        for length in range(1, len(story) + 1):
            case = case_after(*story[:length], order_id=said["order_id"])
            with world.store.transaction() as transaction:
                write(transaction, case)
            with world.store.transaction() as transaction:
                assert lock(transaction, case.order_id) == {case.order_id: case}
    with world.store.transaction() as transaction:
        write(transaction, SHARED)
        transaction.request_settlements([PART, REST])
