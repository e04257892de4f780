"""The generated family of causally valid histories of one order.

Rule: a dispute is opened, mediated by one mediator after another (none twice), and decided by the
last. What comes besides is refused in every delivery order (a second verdict), or says nothing new
(a mediator assigned again), unless it arrives after the verdict.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from uuid import UUID

from schemas.events import Event, Ground, VerdictDecision, VerdictIssued
from services.rules.contents import GROUNDS
from tests.builders import mediator_assigned, order_disputed, verdict_issued

D = VerdictDecision
DECISIONS = tuple(GROUNDS)
VERDICTS = tuple((decision, ground) for decision in GROUNDS for ground in sorted(GROUNDS[decision]))
MEDIATORS = ("mediator-1", "mediator-2", "mediator-3")


@dataclass(frozen=True)
class History:
    """What happened to an order, in the order in which it was lived.

    `refused` becomes a dead letter in every delivery order; `idle` changes nothing in any, and is a
    dead letter too where it arrives after the verdict.
    """

    name: str
    events: tuple[Event, ...]
    refused: frozenset[UUID]
    idle: frozenset[UUID]


@dataclass(frozen=True)
class Family:
    """Histories of one kind."""

    name: str
    histories: tuple[History, ...]


@dataclass(frozen=True)
class Telling:
    """How one dispute went, from its opening to its verdict.

    `contradicted` is what a second verdict decided, if there was one; `again` is the place among
    the mediators of the one who was assigned twice.
    """

    verdict: VerdictIssued
    mediators: int = 1
    contradicted: VerdictDecision | None = None
    again: int | None = None

    @property
    def dispute_id(self) -> str:
        return self.verdict.dispute_id

    @property
    def name(self) -> str:
        words = [f"{self.verdict.decision} ({self.verdict.ground})"]
        words += [f"{self.mediators - 1} handed over"] if self.mediators > 1 else []
        words += [f"{MEDIATORS[self.again]} assigned again"] if self.again is not None else []
        words += [f"contradicted by {self.contradicted}"] if self.contradicted else []
        return ", ".join(words)

    def events(self) -> Iterator[Event]:
        """The events of the dispute, as they were lived."""
        yield order_disputed(dispute_id=self.dispute_id)
        for number, mediator_id in enumerate(MEDIATORS[: self.mediators]):
            yield mediator_assigned(dispute_id=self.dispute_id, mediator_id=mediator_id)
            if self.again == number:
                yield from self.idle()
        yield self.verdict
        yield from self.refused()

    def refused(self) -> Iterator[Event]:
        """A second verdict of the mediator in charge, who may not decide twice."""
        if self.contradicted is not None:
            yield verdict_issued(
                dispute_id=self.dispute_id,
                mediator_id=self.verdict.mediator_id,
                decision=self.contradicted,
                name=f"second on {self.dispute_id}",
            )

    def idle(self) -> Iterator[Event]:
        """The mediator in charge, assigned again."""
        if self.again is not None:
            mediator_id = MEDIATORS[self.again]
            name = f"again on {self.dispute_id}"
            yield mediator_assigned(dispute_id=self.dispute_id, mediator_id=mediator_id, name=name)


def families() -> list[Family]:
    """Every family: together, every history that the promise is made for, up to their size."""
    return [
        Family("one dispute", tuple(_one_dispute())),
        Family("relaunched, disputed again", tuple(_disputed_again())),
        Family("the same, mediators assigned again", tuple(_assigned_again())),
        Family("the same, two handovers each", tuple(_handed_over_twice())),
    ]


def _one_dispute() -> Iterator[History]:
    for (decision, ground), mediators in product(VERDICTS, (1, 2, 3)):
        others = [None, *(other for other in DECISIONS if other is not decision)]
        for contradicted, again in product(others, [None, *range(mediators)]):
            yield _history(_telling(1, decision, ground, mediators, contradicted, again))


def _disputed_again() -> Iterator[History]:
    for (decision, ground), first, second in product(VERDICTS, _WAYS, _WAYS):
        yield _history(_relaunched(*first), _telling(2, decision, ground, *second))


def _assigned_again() -> Iterator[History]:
    for decision, (first, second) in product(DECISIONS, [(0, None), (None, 0), (0, 0)]):
        ground = sorted(GROUNDS[decision])[0]
        yield _history(_relaunched(1, None, first), _telling(2, decision, ground, 1, None, second))


def _handed_over_twice() -> Iterator[History]:
    for decision in DECISIONS:
        ground = sorted(GROUNDS[decision])[0]
        yield _history(_relaunched(3), _telling(2, decision, ground, 3))


_WAYS = tuple(product((1, 2), (None, D.PAY_SELLER)))
"""(mediators, second verdict) of one of two disputes."""


def _relaunched(
    mediators: int, contradicted: VerdictDecision | None = None, again: int | None = None
) -> Telling:
    return _telling(1, D.RELAUNCH, Ground.MISUNDERSTANDING, mediators, contradicted, again)


def _telling(
    number: int,
    decision: VerdictDecision,
    ground: Ground,
    mediators: int,
    contradicted: VerdictDecision | None = None,
    again: int | None = None,
) -> Telling:
    verdict = verdict_issued(
        dispute_id=f"dispute-{number}",
        mediator_id=MEDIATORS[mediators - 1],
        decision=decision,
        ground=ground,
    )
    if contradicted is decision:
        contradicted = D.FULL_REFUND
    return Telling(verdict, mediators, contradicted, again)


def _history(*tellings: Telling) -> History:
    return History(
        name="; ".join(telling.name for telling in tellings),
        events=tuple(event for telling in tellings for event in telling.events()),
        refused=frozenset(event.event_id for each in tellings for event in each.refused()),
        idle=frozenset(event.event_id for each in tellings for event in each.idle()),
    )
