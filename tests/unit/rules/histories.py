"""Draws causally valid histories of order-1, in the order in which they were lived.

Rule: a dispute is opened, mediated by one mediator after another (none twice), and decided by the
last; what comes after its verdict can change nothing and is there to try.
"""

from hypothesis import strategies as st

from schemas.events import Event, VerdictDecision
from tests.builders import mediator_assigned, order_disputed, verdict_issued

CLOSING = [VerdictDecision.FULL_REFUND, VerdictDecision.PARTIAL_REFUND, VerdictDecision.PAY_SELLER]


def opened_and_handed_over(dispute_id: str) -> list[Event]:
    """A dispute that mediator-2 took over from mediator-1."""
    return [
        order_disputed(dispute_id=dispute_id),
        mediator_assigned(dispute_id=dispute_id),
        mediator_assigned(dispute_id=dispute_id, mediator_id="mediator-2"),
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Up to two relaunched disputes, then a last one that gets as far as it gets."""
    history: list[Event] = []
    relaunches = draw(st.integers(0, 2))
    for number in range(relaunches):
        history += draw(decided_disputes(f"dispute-{number}", VerdictDecision.RELAUNCH))
    last = draw(decided_disputes(f"dispute-{relaunches}", draw(st.sampled_from(CLOSING))))
    kept = draw(st.integers(1, len(last)))
    history += last[:kept]
    if kept == len(last) and draw(st.booleans()):
        history += opened_and_handed_over("one too many")
    return history


@st.composite
def decided_disputes(draw: st.DrawFn, dispute_id: str, decision: VerdictDecision) -> list[Event]:
    """One dispute from its opening to its verdict, with what is refused and ignored on the way."""
    history: list[Event] = [order_disputed(dispute_id=dispute_id)]
    if draw(st.booleans()):
        history.append(order_disputed(dispute_id=dispute_id, name=f"{dispute_id} again"))
    if draw(st.booleans()):
        history.append(mediator_assigned(dispute_id=dispute_id, mediator_id="buyer-1"))
    mediators = [f"mediator-{number}" for number in range(draw(st.integers(1, 3)))]
    for mediator_id in mediators:
        said = draw(st.integers(1, 2))
        history += [
            mediator_assigned(
                dispute_id=dispute_id,
                mediator_id=mediator_id,
                name=f"{dispute_id} {mediator_id} {n}",
            )
            for n in range(said)
        ]
    return history + draw(verdicts(dispute_id, mediators[-1], decision))


@st.composite
def verdicts(
    draw: st.DrawFn, dispute_id: str, mediator_id: str, decision: VerdictDecision
) -> list[Event]:
    """The verdict of the mediator in charge, with others before it and after it."""
    before: list[Event] = [
        verdict_issued(dispute_id=dispute_id, mediator_id=mediator_id, reasons=" "),
        verdict_issued(
            dispute_id=dispute_id,
            mediator_id=mediator_id,
            decision=VerdictDecision.PARTIAL_REFUND,
            refund_minor=0,
        ),
        verdict_issued(dispute_id=dispute_id, mediator_id="a stranger"),
    ]
    after: list[Event] = [
        verdict_issued(dispute_id=dispute_id, mediator_id=mediator_id, name=f"{dispute_id} second"),
        verdict_issued(dispute_id=dispute_id, mediator_id="another stranger"),
    ]
    verdict = verdict_issued(dispute_id=dispute_id, mediator_id=mediator_id, decision=decision)
    return [
        *draw(st.lists(st.sampled_from(before), unique=True)),
        verdict,
        *draw(st.lists(st.sampled_from(after), unique=True)),
    ]
