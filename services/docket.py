"""The cases of one batch, locked, and everything that the batch will write, in memory.

Events are taken one after another; each sees what those before it did. Nothing is written before
`write`, and the rules alone say what becomes of an event.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from schemas.effects import Effect, PayoutRequested, RefundRequested
from schemas.events import Event
from schemas.reasons import Reason
from services import envelope
from services.messages import Message, Outgoing
from services.reading import Handled, Reading, read
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Decision, Outcome, Waiting
from services.signatures import VerdictKeys
from services.storage.inbox import Entry, Parked, Settled
from services.storage.refused import DeadLetter
from services.storage.store import Transaction

if TYPE_CHECKING:
    from schemas.codec import Codec

_REJECTED = "mediation.Rejected"


@dataclass(slots=True)
class Docket:
    """Made by `open_docket`, inside a transaction that holds the locks."""

    codec: "Codec"
    group: str
    now: datetime
    locked: dict[str, Case]
    known: dict[UUID, bytes]
    owners: dict[str, str]
    waiting: dict[str, list[tuple[Parked, Reading]]]
    handled: list[Handled] = field(default_factory=list)
    _cases: dict[str, Case] = field(init=False)
    _entries: list[Entry] = field(default_factory=list)
    _settled: list[Settled] = field(default_factory=list)
    _now_waiting: dict[UUID, Waiting] = field(default_factory=dict)
    _requests: list[RefundRequested | PayoutRequested] = field(default_factory=list)
    _outgoing: list[Outgoing] = field(default_factory=list)
    _letters: list[DeadLetter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cases = dict(self.locked)

    def take(self, reading: Reading) -> None:
        """Decide one message, and then the parked events of its order if it was applied."""
        event = reading.event
        if event is None or (reading.error is not None and not self._is_repeated(reading, event)):
            assert reading.error is not None
            nobodys = replace(reading, event=None)
            self._bury(nobodys, reading.error.reason, str(reading.error), "mediation.ContractError")
        elif event.event_id in self.known:
            self._take_again(reading, event)
        else:
            decision = self._decide(event)
            self.known[event.event_id] = reading.digest
            self._entries.append(Entry(event, reading.message, reading.digest, decision, self.now))
            self._carry_out(reading, decision)
            if decision.outcome is Outcome.DEFERRED:
                self._park(reading, event, decision)
            if decision.outcome is Outcome.APPLIED:
                self._retry_parked(event.order_id)

    def expire(self, topic: str, parked_before: datetime) -> None:
        """Make dead letters of events of `topic` that were parked before `parked_before`."""
        for order_id, parked_events in self.waiting.items():
            for each in list(parked_events):
                parked, reading = each
                if parked.message.topic == topic and parked.parked_at < parked_before:
                    parked_events.remove(each)
                    self._settle(parked, reading, self._give_up(order_id, reading))

    def write(self, transaction: Transaction) -> list[DeadLetter]:
        """Write everything that was decided, set by set; returns the dead letters that are new."""
        with transaction.writing(len(self.handled)):
            transaction.remember(self._entries)
            transaction.write_cases((self.locked[id_], after) for id_, after in self._cases.items())
            transaction.request_settlements(self._requests)
            transaction.settle_parked(self._settled)
            transaction.wait_longer(self._now_waiting)
            fresh = transaction.keep_dead_letters(self._letters)
            mirrors = [envelope.of_dead_letter(letter) for letter in fresh]
            transaction.publish_later([*self._outgoing, *mirrors], self.now)
        return fresh

    def _decide(self, event: Event) -> Decision:
        case = self._cases[event.order_id]
        if self.owners.get(event.dispute_id, event.order_id) != event.order_id:
            case = replace(case, elsewhere=frozenset({event.dispute_id}))
        return decide(case, event)

    def _is_repeated(self, reading: Reading, event: Event) -> bool:
        return self.known.get(event.event_id) == reading.digest

    def _take_again(self, reading: Reading, event: Event) -> None:
        if self._is_repeated(reading, event):
            why = f"Event {event.event_id} was seen before, with the same content."
            self.handled.append(Handled(reading.message, Outcome.IGNORED, why, event))
        else:
            why = (
                f"Event id {event.event_id} was seen before with other content: an id names one "
                "event for ever. Publish this event again under an id of its own."
            )
            self._bury(reading, Reason.EVENT_ID_REUSED, why, _REJECTED)

    def _carry_out(self, reading: Reading, decision: Decision, *, was_parked: bool = False) -> None:
        if decision.reason is not None:
            self._bury(
                reading, decision.reason, decision.explanation, _REJECTED, was_parked=was_parked
            )
            return
        event = reading.event
        if decision.outcome is Outcome.APPLIED and event is not None:
            self._cases[event.order_id] = decision.case
            self.owners[event.dispute_id] = event.order_id
            for effect in decision.effects:
                self._announce(effect, reading.message)
        self.handled.append(
            Handled(
                reading.message,
                decision.outcome,
                decision.explanation,
                event,
                was_parked=was_parked,
                effects=decision.effects,
            )
        )

    def _announce(self, effect: Effect, cause: Message) -> None:
        self._outgoing.append(envelope.of_effect(effect, self.codec.encode(effect), cause))
        if isinstance(effect, RefundRequested | PayoutRequested):
            self._requests.append(effect)

    def _park(self, reading: Reading, event: Event, decision: Decision) -> None:
        assert decision.waiting is not None
        parked = Parked(event.event_id, event.order_id, reading.message, self.now, decision.waiting)
        self.waiting.setdefault(event.order_id, []).append((parked, reading))

    def _retry_parked(self, order_id: str) -> None:
        """Try the parked events in order of arrival, from the first again after each success."""
        queue = self.waiting.get(order_id, [])
        position = 0
        while position < len(queue):
            parked, reading = queue[position]
            decision = self._decide_parked(order_id, reading)
            if decision.outcome is Outcome.DEFERRED:
                self._note_waiting(parked, decision)
                position += 1
                continue
            del queue[position]
            self._settle(parked, reading, decision)
            if decision.outcome is Outcome.APPLIED:
                position = 0

    def _decide_parked(self, order_id: str, reading: Reading) -> Decision:
        """As `_decide`; a parked message that cannot, or must not, be read now is rejected."""
        if reading.error is None:
            assert reading.event is not None
            return self._decide(reading.event)
        return Decision(
            Outcome.REJECTED,
            self._cases[order_id],
            reason=reading.error.reason,
            explanation=str(reading.error),
        )

    def _give_up(self, order_id: str, reading: Reading) -> Decision:
        """What becomes of a parked event whose time is up: the exact reason, where there is one."""
        decision = self._decide_parked(order_id, reading)
        if decision.outcome is not Outcome.DEFERRED:
            return decision
        assert decision.waiting is not None
        return Decision(
            Outcome.REJECTED,
            self._cases[order_id],
            reason=decision.waiting.overdue,
            explanation=f"Waited past the parking limit, in vain. {decision.explanation}",
        )

    def _note_waiting(self, parked: Parked, decision: Decision) -> None:
        if decision.waiting is not None and decision.waiting is not parked.waiting:
            self._now_waiting[parked.event_id] = decision.waiting

    def _settle(self, parked: Parked, reading: Reading, decision: Decision) -> None:
        self._now_waiting.pop(parked.event_id, None)
        self._settled.append(
            Settled(
                parked.event_id, self.now, decision.outcome, decision.reason, decision.explanation
            )
        )
        self._carry_out(reading, decision, was_parked=True)

    def _bury(
        self,
        reading: Reading,
        reason: Reason,
        explanation: str,
        error_class: str,
        *,
        was_parked: bool = False,
    ) -> None:
        event = reading.event
        self._letters.append(
            DeadLetter(
                message=reading.message,
                consumer_group=self.group,
                reason=reason,
                explanation=explanation,
                error_class=error_class,
                seen_at=self.now,
                event=event,
            )
        )
        self.handled.append(
            Handled(
                reading.message, Outcome.REJECTED, explanation, event, reason, was_parked=was_parked
            )
        )


def open_docket(
    transaction: Transaction,
    codec: "Codec",
    group: str,
    now: datetime,
    *,
    readings: Iterable[Reading] = (),
    order_ids: Iterable[str] = (),
    keys: VerdictKeys | None = None,
) -> Docket:
    """Lock `order_ids` and the orders of `readings`, and load all that is needed to decide them."""
    events = [reading.event for reading in readings if reading.event is not None]
    to_lock = {*order_ids, *(event.order_id for event in events)}
    loaded = transaction.load(
        to_lock, {event.event_id for event in events}, {event.dispute_id for event in events}
    )
    waiting: dict[str, list[tuple[Parked, Reading]]] = {}
    for parked in loaded.waiting:
        found = (parked, read(codec, parked.message, keys))
        waiting.setdefault(parked.order_id, []).append(found)
    parked_events = [r.event for each in waiting.values() for _, r in each if r.event is not None]
    unasked = {event.dispute_id for event in parked_events} - {event.dispute_id for event in events}
    return Docket(
        codec=codec,
        group=group,
        now=now,
        locked=loaded.cases,
        known=loaded.known,
        owners=loaded.owners | transaction.owners(unasked),
        waiting=waiting,
    )
