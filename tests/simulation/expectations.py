"""What must have become of the orders of a story: told by the pure rules, in causal order.

Rule: nothing here looks at the run. Only `decide` is asked, event by event, as they were lived.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from schemas.effects import Effect
from schemas.events import Event
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Outcome
from tests.simulation.workload import Ending
from tests.unit.rules.delivery import Pipeline


@dataclass(frozen=True)
class Expected:
    """The cases and effects of some orders, what still waits, and the dead letters by event id.

    `overdue` are the reasons for which those that wait are given up in the end. What was ignored
    when it came in time is a dead letter if it comes late: these `may_be_letters`.
    """

    cases: dict[str, Case]
    effects: dict[str, tuple[Effect, ...]]
    overdue: dict[UUID, str]
    letters: Counter[UUID]
    may_be_letters: set[UUID]


@dataclass
class Recording(Pipeline):
    """The smallest pipeline, and which events it rejected and ignored."""

    rejected: list[UUID] = field(default_factory=list)
    ignored: set[UUID] = field(default_factory=set)

    def attempt(self, event: Event) -> Outcome:
        outcome = super().attempt(event)
        if outcome is Outcome.REJECTED:
            self.rejected.append(event.event_id)
        if outcome is Outcome.IGNORED:
            self.ignored.add(event.event_id)
        return outcome


def expected(ending: Ending, deliveries: Mapping[Event, int]) -> Expected:
    """What this ending comes to; `deliveries` says how often each event is produced."""
    told = Expected({}, {}, {}, Counter(), set())
    for order_id, history in ending.histories.items():
        pipeline = Recording(Case(order_id))
        for event in history:
            pipeline.receive(event)
        told.cases[order_id] = pipeline.case
        told.effects[order_id] = tuple(pipeline.effects)
        told.letters.update(pipeline.rejected)
        told.may_be_letters.update(pipeline.ignored)
        for event in pipeline.parked:
            waiting = decide(pipeline.case, event).waiting
            assert waiting is not None
            told.overdue[event.event_id] = waiting.overdue.value
    told.letters.update(told.overdue.keys())
    for event in ending.refused:
        told.letters[event.event_id] += deliveries[event]
    told.letters.update(event.event_id for event in ending.lost)
    return told
