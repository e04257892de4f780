"""What is remembered of an order, and what must be in the end.

Rule: what must be is told by the rules alone, event by event as the history was lived, without
parking, duplicates or a store.
"""

from dataclasses import dataclass
from uuid import UUID

from schemas.codec import Codec
from schemas.effects import Effect, PayoutRequested, RefundRequested
from schemas.reasons import Reason
from schemas.topics import OUTBOUND
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Outcome
from tests.exhaustive.families import History
from tests.simulation.store import Tables

Effects = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Remembered:
    """All of the one order that a later message, or the ending, can depend on."""

    case: Case | None
    known: frozenset[UUID]
    waiting: tuple[UUID, ...]
    settlements: frozenset[RefundRequested | PayoutRequested]
    refused: frozenset[tuple[UUID | None, Reason]]
    mirrors: int
    effects: Effects


def remembered(tables: Tables) -> Remembered:
    """What these tables hold of the one order; waiting events in order of arrival."""
    waiting = [row for row in tables.parked.values() if row.settled is None]
    outgoing = [row.outgoing for _, row in sorted(tables.outbox.items())]
    effects = tuple((each.topic, each.value) for each in outgoing if each.topic in OUTBOUND)
    letters = [row.letter for row in tables.letters.values()]
    return Remembered(
        case=next(iter(tables.cases.values()), None),
        known=frozenset(tables.events),
        waiting=tuple(row.parked.event_id for row in sorted(waiting, key=lambda row: row.arrival)),
        settlements=frozenset(tables.settlements.values()),
        refused=frozenset(
            (each.event.event_id if each.event else None, each.reason) for each in letters
        ),
        mirrors=len(outgoing) - len(effects),
        effects=effects,
    )


@dataclass(frozen=True)
class Demanded:
    """The one ending of a history."""

    case: Case
    known: frozenset[UUID]
    settlements: frozenset[RefundRequested | PayoutRequested]
    refused: frozenset[tuple[UUID | None, Reason]]
    may_be_refused: frozenset[tuple[UUID | None, Reason]]
    effects: Effects

    def differences(self, ending: Remembered) -> list[str]:
        """In which respects an ending is not the one that is demanded."""
        checks = {
            "another case": ending.case == self.case,
            "other effects, or in another order": ending.effects == self.effects,
            "other settlements": ending.settlements == self.settlements,
            "events that still wait": ending.waiting == (),
            "events that are not on the timeline": ending.known == self.known,
            "a refusal is missing": ending.refused >= self.refused,
            "something else was refused": ending.refused <= self.refused | self.may_be_refused,
            "a dead letter without its mirror": ending.mirrors == len(ending.refused),
        }
        return [what for what, holds in checks.items() if not holds]


def demanded_of(history: History, codec: Codec) -> Demanded:
    """What the rules alone make of a history as it was lived."""
    case = Case(history.events[0].order_id)
    effects: list[Effect] = []
    for event in history.events:
        decision = decide(case, event)
        case = decision.case
        effects += decision.effects
        expected = {event.event_id in history.refused: Outcome.REJECTED}
        expected |= {event.event_id in history.idle: Outcome.IGNORED}
        assert decision.outcome is expected.get(True, Outcome.APPLIED), history.name
    assert [effect.sequence for effect in effects] == list(range(1, len(effects) + 1))
    return Demanded(
        case=case,
        known=frozenset(event.event_id for event in history.events),
        settlements=frozenset(
            each for each in effects if isinstance(each, RefundRequested | PayoutRequested)
        ),
        refused=frozenset((id_, Reason.VERDICT_FINAL) for id_ in history.refused),
        may_be_refused=frozenset((id_, Reason.DISPUTE_RESOLVED) for id_ in history.idle),
        effects=tuple((each.topic.value, codec.encode(each)) for each in effects),
    )
