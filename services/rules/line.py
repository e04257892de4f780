"""The shape of the transition table.

Rule: a cell is a tuple of lines, and the first whose guard holds counts. The last line of a cell
has no guard, so a cell always answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic

from schemas.events import Event, MediatorAssigned, OrderDisputed, VerdictIssued
from schemas.reasons import Reason
from services.rules.case import DisputeState
from services.rules.change import Change, E
from services.rules.outcome import Outcome, Waiting


@dataclass(frozen=True, slots=True)
class Guard(Generic[E]):
    """A condition on a line; `words` reads after "if"."""

    words: str
    holds: Callable[[Change[E]], bool]


@dataclass(frozen=True, slots=True)
class Move(Generic[E]):
    """What an applied line does to the case.

    `words` say it in short, and `to` is the state in which it leaves the dispute. `make` is given a
    change that has just begun, and changes it.
    """

    words: str
    to: DisputeState
    make: Callable[[Change[E]], None]


@dataclass(frozen=True, slots=True)
class Line(Generic[E]):
    """One answer of a cell; the four functions below make one of each outcome.

    `explanation` is a template over the `event`, and the `before` and `now` of its change.
    """

    outcome: Outcome
    explanation: str
    guard: Guard[E] | None = None
    reason: Reason | None = None
    waiting: Waiting | None = None
    move: Move[E] | None = None

    def holds(self, change: Change[E]) -> bool:
        """Whether this line answers here."""
        return self.guard is None or self.guard.holds(change)


def applied(move: Move[E], explanation: str, *, when: Guard[E] | None = None) -> Line[E]:
    """The event changes the case and has effects."""
    return Line(Outcome.APPLIED, explanation, when, move=move)


def ignored(explanation: str, *, when: Guard[E] | None = None) -> Line[E]:
    """The event says nothing new."""
    return Line(Outcome.IGNORED, explanation, when)


def deferred(waiting: Waiting, explanation: str, *, when: Guard[E] | None = None) -> Line[E]:
    """The event is too early."""
    return Line(Outcome.DEFERRED, explanation, when, waiting=waiting)


def rejected(reason: Reason, explanation: str, *, when: Guard[E] | None = None) -> Line[E]:
    """The event can never be applied."""
    return Line(Outcome.REJECTED, explanation, when, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: what each of the three events comes to."""

    order_disputed: tuple[Line[OrderDisputed], ...]
    mediator_assigned: tuple[Line[MediatorAssigned], ...]
    verdict_issued: tuple[Line[VerdictIssued], ...]

    @property
    def cells(self) -> Mapping[type[Event], tuple[Line[Any], ...]]:
        """The cells of this row by the type of the event, in the order of docs/rules.md."""
        return MappingProxyType(
            {
                OrderDisputed: self.order_disputed,
                MediatorAssigned: self.mediator_assigned,
                VerdictIssued: self.verdict_issued,
            }
        )
