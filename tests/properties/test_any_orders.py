"""What is true of several orders whatever events come, in whatever order, however senseless?

`Desk` holds every single answer to the model. Here is what must hold between them.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Event
from services.rules.case import Dispute, DisputeState, Resolution
from services.rules.decide import decide
from services.rules.identity import SettlementKind, settlement_id
from services.rules.outcome import Outcome
from tests.properties.counting import IN_CHAPTERS, RUNS
from tests.properties.desk import Desk
from tests.properties.drawing import any_events
from tests.properties.money import shares
from tests.properties.steps import Step, steps

ANY = st.integers(0, 1_000)


class AnyOrders(RuleBasedStateMachine):
    """A few orders that are sent anything at all."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.first_verdicts: dict[str, Resolution] = {}

    def teardown(self) -> None:
        RUNS["any events for several orders"] += 1

    @rule(event=any_events())
    def receive_anything(self, event: Event) -> None:
        self.desk.receive(event)

    @rule(step=steps())
    def receive_what_comes_next(self, step: Step) -> None:
        self.desk.receive(step.event(self.desk.model))

    @precondition(lambda self: self.desk.received)
    @rule(which=ANY)
    def receive_something_again(self, which: int) -> None:
        received = list(self.desk.received.values())
        before = dict(self.desk.cases), list(self.desk.parked), dict(self.desk.settled)

        self.desk.receive(received[which % len(received)])

        assert (self.desk.cases, self.desk.parked, self.desk.settled) == before

    @precondition(lambda self: self.desk.parked)
    @rule(which=ANY)
    def give_something_up(self, which: int) -> None:
        self.desk.give_up(self.desk.parked[which % len(self.desk.parked)])

    @invariant()
    def restrictions_fit_the_disputes(self) -> None:
        for order_id, case in self.desk.cases.items():
            unresolved = self.desk.model.unresolved(order_id) is not None
            closed = self.desk.model.closed(order_id)
            assert not (unresolved and closed)
            assert case.frozen is unresolved
            assert case.chat_locked is (unresolved or closed)
            assert case.reviews_blocked is closed

    @invariant()
    def a_case_remembers_what_was_applied(self) -> None:
        for order_id, case in self.desk.cases.items():
            known = self.desk.model.of(order_id)
            assert [d.opened_by_event_id for d in case.disputes] == [
                each.opening.event_id for each in known
            ]
            for dispute, each in zip(case.disputes, known, strict=True):
                in_charge = each.mediators[-1] if each.mediators else None
                assert dispute.mediator_id == in_charge
                assert resolved_by(dispute) == (each.verdict and each.verdict.event_id)

    @invariant()
    def a_dispute_has_what_its_state_promises(self) -> None:
        for dispute in self.disputes():
            waits, resolved = DisputeState.OPEN, DisputeState.RESOLVED
            assert (dispute.resolution is not None) == (dispute.state is resolved)
            assert (dispute.mediator_id is None) == (dispute.state is waits)
            assert (dispute.assigned_at is None) == (dispute.state is waits)
            assert dispute.mediator_id not in {dispute.buyer_id, dispute.seller_id}

    @invariant()
    def the_first_verdict_stands(self) -> None:
        for dispute in self.disputes():
            if dispute.resolution is not None:
                first = self.first_verdicts.setdefault(dispute.dispute_id, dispute.resolution)
                assert dispute.resolution == first

    @invariant()
    def effects_are_numbered_without_a_gap_and_no_two_share_an_id(self) -> None:
        ids = [each.effect_id for effects in self.desk.effects.values() for each in effects]
        for order_id, case in self.desk.cases.items():
            numbers = [effect.sequence for effect in self.desk.effects[order_id]]
            assert numbers == list(range(1, case.sequence + 1))
        assert len(set(ids)) == len(ids)

    @invariant()
    def money_is_conserved_and_asked_for_once(self) -> None:
        asked = {
            effect.settlement_id: (effect.amount_minor, effect.payee_id, effect.currency)
            for effects in self.desk.effects.values()
            for effect in effects
            if isinstance(effect, RefundRequested | PayoutRequested)
        }
        due = {}
        for dispute in self.disputes():
            refund, payout, platform = self.shares_of(dispute)
            parts = dispute.resolution and dispute.resolution.closes_the_order
            assert refund + payout + platform == (dispute.terms.captured_minor if parts else 0)
            assert min(refund, payout, platform) >= 0
            currency = dispute.terms.currency
            if refund:
                id_ = settlement_id(dispute.dispute_id, SettlementKind.REFUND)
                due[id_] = refund, dispute.buyer_id, currency
            if payout:
                id_ = settlement_id(dispute.dispute_id, SettlementKind.PAYOUT)
                due[id_] = payout, dispute.seller_id, currency
        assert asked == due

    @invariant()
    def nothing_is_lost_and_what_waits_could_not_be_applied(self) -> None:
        parked = [event.event_id for event in self.desk.parked]
        assert len(set(parked)) == len(parked)
        assert not set(parked) & set(self.desk.settled)
        assert set(parked) | set(self.desk.settled) == set(self.desk.received)
        for event in self.desk.parked:
            now = decide(self.desk.case_for(event), event)
            assert now.outcome is Outcome.DEFERRED or self.is_elsewhere(event)

    def disputes(self) -> list[Dispute]:
        return [dispute for case in self.desk.cases.values() for dispute in case.disputes]

    def shares_of(self, dispute: Dispute) -> tuple[int, int, int]:
        """What its resolution says, which must be what the reference says; zeros without one."""
        known, given = self.desk.model.disputes[dispute.dispute_id], dispute.resolution
        if given is None or known.verdict is None:
            return 0, 0, 0
        said = given.refund_minor, given.payout_minor, given.platform_minor
        assert said == shares(known.opening, known.verdict)
        return said

    def is_elsewhere(self, event: Event) -> bool:
        """Whether the dispute was opened under another order after this event was parked."""
        known = self.desk.model.disputes.get(event.dispute_id)
        return known is not None and known.opening.order_id != event.order_id


def resolved_by(dispute: Dispute) -> object:
    return dispute.resolution and dispute.resolution.event_id


@IN_CHAPTERS
def test_any_events_for_several_orders(chapter: int) -> None:
    run_state_machine_as_test(AnyOrders, settings=settings(stateful_step_count=30))
