"""The effects of an order, told again from its timeline: the outbox forgets what was published.

Rule: the rules themselves tell it. They are pure, so the events that were applied, in the order in
which they were, have the same effects with the same ids every time. They are today's rules: after
a change of the rules, an order from before it may be told effects that were never published.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.effects import Effect
from schemas.events import Event
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Told:
    """What the applied events of an order came to: the case they end in, and all their effects."""

    case: Case
    effects: tuple[Effect, ...]


def tell(order_id: str, applied: Iterable[tuple[Event, bool]]) -> Told:
    """Apply events again, in order of arrival; each comes with whether it was deferred at first.

    A deferred one waits as it waited then: after each event that is applied, those that wait are
    tried in order of arrival, from the first again after each success.
    """
    told = Told(Case(order_id), ())
    waiting: list[Event] = []
    for event, was_deferred in applied:
        if was_deferred:
            waiting.append(event)
            continue
        told, moved = _apply(told, event)
        while moved:
            told, moved = _apply_first(told, waiting)
    return told


def _apply_first(told: Told, waiting: list[Event]) -> tuple[Told, bool]:
    """Apply the first of the waiting events that can be, and take it out of them."""
    for event in waiting:
        after, moved = _apply(told, event)
        if moved:
            waiting.remove(event)
            return after, True
    return told, False


def _apply(told: Told, event: Event) -> tuple[Told, bool]:
    decision = decide(told.case, event)
    if decision.outcome is not Outcome.APPLIED:
        return told, False
    return Told(decision.case, (*told.effects, *decision.effects)), True
