"""The effects of an order, told again from its timeline: the outbox forgets what was published.

Rule: the rules themselves tell it. They are pure, so the events that were applied, in the order in
which they were, have the same effects with the same ids every time. They are today's rules: after
a change of the rules, an order from before it may be told effects that were never published.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas.codec import Codec
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


def applied(
    codec: Codec, timeline: Iterable[Any], replays: Iterable[Any]
) -> list[tuple[Event, bool]]:
    """The applied events of an order as `tell` takes them: as they came, or came back, to stay.

    `timeline` and `replays` are rows of `one_order.timeline` and `replaying.replays_of`.

    Raises:
        ContractError: one of them can no longer be read.
        RegistryUnavailableError: one names a schema, and the registry cannot say which.
    """
    came_back = {row.event_id: row for row in replays if row.outcome != Outcome.REJECTED}
    placed = []
    for row in timeline:
        replay = came_back.get(row.event_id)
        last = row.outcome if replay is None else replay.outcome
        place = (row.arrival, 0) if replay is None else (replay.after_arrival, replay.id)
        if last == Outcome.APPLIED or (
            last == Outcome.DEFERRED and row.settled_outcome == Outcome.APPLIED
        ):
            placed.append((place, codec.decode(row.topic, row.value), last == Outcome.DEFERRED))
    placed.sort(key=lambda each: each[0])
    return [(event, was_deferred) for _, event, was_deferred in placed]
