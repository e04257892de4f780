"""What is true of a case whatever events come, in whatever order, however senseless?"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.effects import Effect, PayoutRequested, RefundRequested
from schemas.events import Event, VerdictDecision
from services.rules.case import Case, Dispute, DisputeState
from services.rules.decide import decide
from tests.builders import mediator_assigned, order_disputed, verdict_issued

DISPUTES = st.sampled_from(["dispute-1", "dispute-2", "dispute-3"])
PEOPLE = st.sampled_from(["mediator-1", "mediator-2", "buyer-1", "seller-1"])
AMOUNTS = st.integers(0, 1_000)


class AnyEvents(RuleBasedStateMachine):
    """One order that is sent anything at all."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Case("order-1")
        self.effects: list[Effect] = []
        self.verdicts: dict[str, Dispute] = {}

    def receive(self, event: Event) -> None:
        decision = decide(self.case, event)
        self.case = decision.case
        self.effects += decision.effects

    @rule(dispute_id=DISPUTES, captured=AMOUNTS, fees=AMOUNTS, commission=AMOUNTS)
    def dispute(self, dispute_id: str, captured: int, fees: int, commission: int) -> None:
        self.receive(
            order_disputed(
                dispute_id=dispute_id,
                captured_minor=captured + fees,
                fees_minor=fees,
                commission_minor=commission,
            )
        )

    @rule(dispute_id=DISPUTES, mediator_id=PEOPLE)
    def assign(self, dispute_id: str, mediator_id: str) -> None:
        self.receive(mediator_assigned(dispute_id=dispute_id, mediator_id=mediator_id))

    @rule(
        dispute_id=DISPUTES,
        mediator_id=PEOPLE,
        decision=st.sampled_from(VerdictDecision),
        refund_minor=AMOUNTS,
    )
    def decide(
        self, dispute_id: str, mediator_id: str, decision: VerdictDecision, refund_minor: int
    ) -> None:
        partial = decision is VerdictDecision.PARTIAL_REFUND
        self.receive(
            verdict_issued(
                dispute_id=dispute_id,
                mediator_id=mediator_id,
                decision=decision,
                refund_minor=refund_minor if partial else None,
            )
        )

    @invariant()
    def an_order_is_frozen_exactly_while_a_dispute_is_unresolved(self) -> None:
        assert self.case.frozen == (self.case.unresolved is not None)

    @invariant()
    def the_chat_is_locked_exactly_while_a_dispute_is_unresolved_or_the_order_closed(self) -> None:
        assert self.case.chat_locked == (self.case.frozen or self.case.closed)

    @invariant()
    def reviews_are_blocked_exactly_when_mediation_closed_the_order(self) -> None:
        assert self.case.reviews_blocked == self.case.closed

    @invariant()
    def only_the_newest_dispute_may_be_unresolved_or_have_closed_the_order(self) -> None:
        for dispute in self.case.disputes[:-1]:
            assert dispute.resolution is not None
            assert dispute.resolution.decision is VerdictDecision.RELAUNCH

    @invariant()
    def a_dispute_has_what_its_state_promises(self) -> None:
        for dispute in self.case.disputes:
            assert (dispute.resolution is not None) == (dispute.state is DisputeState.RESOLVED)
            assert (dispute.mediator_id is None) == (dispute.state is DisputeState.OPEN)
            assert (dispute.assigned_at is None) == (dispute.state is DisputeState.OPEN)
            assert dispute.mediator_id not in {dispute.buyer_id, dispute.seller_id}

    @invariant()
    def a_verdict_is_final(self) -> None:
        for dispute in self.case.disputes:
            if dispute.resolution is not None:
                assert self.verdicts.setdefault(dispute.dispute_id, dispute) == dispute

    @invariant()
    def the_sequence_is_the_number_of_effects(self) -> None:
        assert [e.sequence for e in self.effects] == list(range(1, self.case.sequence + 1))

    @invariant()
    def the_money_requested_is_the_money_divided(self) -> None:
        requested = sum(
            effect.amount_minor
            for effect in self.effects
            if isinstance(effect, RefundRequested | PayoutRequested)
        )
        divided = [d for d in self.case.disputes if d.resolution is not None]
        kept = sum(d.resolution.platform_minor for d in divided if d.resolution is not None)
        captured = sum(
            d.terms.captured_minor
            for d in divided
            if d.resolution is not None and d.resolution.closes_the_order
        )
        assert requested + kept == captured


TestAnyEvents = AnyEvents.TestCase
TestAnyEvents.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
