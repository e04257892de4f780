"""Draws what moves an order on, so that runs get further than chance alone would take them."""

from dataclasses import dataclass

from hypothesis import strategies as st

from schemas.events import Event, VerdictDecision
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.properties.drawing import DISPUTES, MEDIATORS, ORDERS, terms
from tests.properties.model import Model

REAL_DECISIONS = [d for d in VerdictDecision if d is not VerdictDecision.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Step:
    """All that the next event of an order may need, whichever of the three it is."""

    order_id: str
    dispute_id: str
    mediator_id: str
    money: tuple[int, int, int]
    decision: VerdictDecision
    part: int

    def event(self, model: Model) -> Event:
        """A dispute if none is unresolved, else its mediator, else the verdict of that one."""
        known = model.unresolved(self.order_id)
        if known is None:
            captured, fees, commission = self.money
            return order_disputed(
                order_id=self.order_id,
                dispute_id=self.dispute_id,
                captured_minor=captured,
                fees_minor=fees,
                commission_minor=commission,
            )
        opening = known.opening
        whose = {"order_id": opening.order_id, "dispute_id": opening.dispute_id}
        if not known.mediators:
            return mediator_assigned(**whose, mediator_id=self.mediator_id)
        price = opening.captured_minor - opening.fees_minor
        partial = self.decision is VerdictDecision.PARTIAL_REFUND
        return verdict_issued(
            **whose,
            mediator_id=known.mediators[-1],
            decision=self.decision,
            refund_minor=1 + self.part % max(price - 1, 1) if partial else None,
        )


def steps() -> st.SearchStrategy[Step]:
    """Any step."""
    return st.builds(
        Step,
        ORDERS,
        DISPUTES,
        MEDIATORS,
        terms(least_price=2),
        st.sampled_from([*REAL_DECISIONS, VerdictDecision.RELAUNCH]),
        st.integers(0, 2**63),
    )
