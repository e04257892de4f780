"""The shape of a scenario: what is published about one order, and what must come of it.

Rule: these are values. Ids and moments are given to them later (`consumers.demo.staging`), so that
the same scenario can be played again and again on the same broker and database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from schemas.reasons import Reason
from schemas.topics import Topic
from services.rules.outcome import Outcome

BUYER = "buyer-anna"
SELLER = "seller-ben"
LEA = "mediator-lea"
MARC = "mediator-marc"


class Form(Enum):
    """How the bytes of a message are made of its event."""

    PLAIN = "as the pipeline writes it"
    OTHER_FRAMING = "in the other of the two framings"
    CUT = "cut in the middle"


class Restrictions(Enum):
    """(frozen, chat locked, reviews blocked): the three combinations that an order can end in."""

    NONE = (False, False, False)
    DISPUTED = (True, True, False)
    CLOSED = (False, True, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message, and what must become of it.

    Attributes:
        name: names the step within its scenario.
        topic: where it is published.
        hour: when its event occurred, in hours since the order was first disputed.
        dispute: which dispute of the order it is about, from 1.
        says: the other fields of its event.
        outcome: what must become of it at once.
        later: what must become of it in the end, if it must first be deferred.
        reason: the reason code of its dead letter, if it must be rejected.
        repeats: the step whose event is published once more.
        id_of: the step whose event id this event carries, with words of its own.
        form: how its bytes are made.
    """

    name: str
    topic: Topic
    hour: int = 0
    dispute: int = 1
    says: Mapping[str, object] = field(default_factory=dict)
    outcome: Outcome = Outcome.APPLIED
    later: Outcome | None = None
    reason: Reason | None = None
    repeats: str | None = None
    id_of: str | None = None
    form: Form = Form.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An effect that must be published; its place in the scenario's list is its `sequence`."""

    topic: Topic
    cause: str
    dispute: int = 1
    says: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a dispute must stand at the end. Steps are named; amounts are minor units.

    The decision, its ground and its reasons are those of the step `decided`.
    """

    state: str = "RESOLVED"
    opened: str = "opened"
    assigned: str | None = "assigned"
    mediator: str | None = LEA
    decided: str | None = "verdict"
    refund_minor: int | None
    payout_minor: int | None
    platform_minor: int | None
    set_aside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Money that must have been asked for, once, in minor units."""

    kind: str
    amount_minor: int
    payee_id: str
    currency: str = "EUR"
    dispute: int = 1
    cause: str = "verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One order: the messages about it, in the order of delivery, and what must come of them."""

    name: str
    title: str
    story: str
    steps: tuple[Step, ...]
    restrictions: Restrictions
    disputes: tuple[Ending, ...]
    effects: tuple[Announced, ...]
    settlements: tuple[Settled, ...] = ()

    def step(self, name: str) -> Step:
        """The step of that name; KeyError if there is none."""
        return {step.name: step for step in self.steps}[name]
