"""What must hold once everything is quiet again, and when what waited in vain was given up."""

from collections import Counter
from uuid import UUID

from schemas.codec import Codec
from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Event
from services.history import tell
from services.rules.case import Case
from services.rules.outcome import Outcome
from tests.simulation.expectations import Expected, expected
from tests.simulation.invariants import Invariants
from tests.simulation.store_rows import Tables
from tests.simulation.workload import Delivery, Story


class Endings:
    """Compares what is there at the end with what the pure rules say."""

    def __init__(
        self,
        stories: list[Story],
        deliveries: list[Delivery],
        codec: Codec,
        watched: Invariants,
        *,
        patient: bool,
    ) -> None:
        """`patient`: nothing was given up before its time, so the rules say how it must end.

        Otherwise the timeline does: what was applied tells which effects there must be.
        """
        counts = Counter(each.event for each in deliveries if each.event is not None)
        self._ways = [[expected(e, counts) for e in story.endings] for story in stories]
        self._codec = codec
        self._watched = watched
        self._patient = patient
        self._garbage = sum(each.event is None for each in deliveries)

    def check(self, tables: Tables) -> None:
        """Everything, once nothing waits any more."""
        watched = self._watched
        by_event = Counter(
            row.letter.event.event_id for row in tables.letters.values() if row.letter.event
        )
        unread = len(tables.letters) - by_event.total()
        self._require(unread == self._garbage, "dead letters", f"{unread} could not be read")
        mirrored = watched.mirrored == set(tables.letters)
        self._require(mirrored, "dead letters", "mirrors and dead letters differ")
        waiting = [id_ for id_, row in tables.parked.items() if row.settled is None]
        self._require(not waiting, "nothing lost", f"still waiting: {waiting}")
        if self._patient:
            for ways in self._ways:
                self._check_story(ways, tables, by_event)
        else:
            for order_id, case in tables.cases.items():
                self._check_timeline(order_id, case, tables)

    def _check_story(self, ways: list[Expected], tables: Tables, letters: Counter[UUID]) -> None:
        """One of the ways in which the story may end, and in every respect the same one."""
        differences = [self._difference(way, tables, letters) for way in ways]
        if all(differences):
            what, detail = differences[0] or ("", "")
            self._watched.violated(what, detail)

    def _difference(
        self, way: Expected, tables: Tables, letters: Counter[UUID]
    ) -> tuple[str, str] | None:
        for order_id, case in way.cases.items():
            found = tables.cases.get(order_id, Case(order_id))
            if found != case:
                return "as the rules say", f"{found} instead of {case}"
            effects = {
                effect.sequence: (
                    str(effect.effect_id),
                    effect.topic.value,
                    self._codec.encode(effect),
                )
                for effect in way.effects[order_id]
            }
            if effects != self._published(order_id):
                return "every effect once", f"{order_id}: {sorted(self._published(order_id))}"
            asked = {
                each.settlement_id
                for each in way.effects[order_id]
                if isinstance(each, RefundRequested | PayoutRequested)
            }
            if asked != {
                id_ for id_, each in tables.settlements.items() if each.order_id == order_id
            }:
                return "money as the verdict says", order_id
        for id_ in self._event_ids(way, tables):
            more = letters[id_] - way.letters[id_]
            if more and not (more == 1 and id_ in way.may_be_letters):
                return "dead letters", f"event {id_}: {letters[id_]} of {way.letters[id_]}"
        for id_, reason in way.overdue.items():
            settled = tables.parked[id_].settled if id_ in tables.parked else None
            if settled is None or settled.reason != reason:
                return "given up in time", f"{id_}: {settled} instead of {reason}"
        return None

    def _event_ids(self, way: Expected, tables: Tables) -> set[UUID]:
        of_orders = {
            id_ for id_, row in tables.events.items() if row.entry.event.order_id in way.cases
        }
        return of_orders | set(way.letters)

    def _check_timeline(self, order_id: str, case: Case, tables: Tables) -> None:
        """What was published is what the timeline tells, and nothing else."""
        rows = [r for r in tables.events.values() if r.entry.event.order_id == order_id]
        applied: list[tuple[Event, bool]] = []
        for row in sorted(rows, key=lambda each: each.arrival):
            outcome = row.entry.decision.outcome
            parked = tables.parked.get(row.entry.event.event_id)
            last = parked.settled.outcome if parked and parked.settled else outcome
            if last is Outcome.APPLIED:
                applied.append((row.entry.event, outcome is Outcome.DEFERRED))
        told = tell(order_id, applied)
        self._require(told.case == case, "as the timeline tells", order_id)
        published = {n: said[0] for n, said in self._published(order_id).items()}
        as_told = {effect.sequence: str(effect.effect_id) for effect in told.effects}
        self._require(published == as_told, "every effect once", f"{order_id}: {published}")

    def _published(self, order_id: str) -> dict[int, tuple[str, str, bytes]]:
        return {n: said for (id_, n), said in self._watched.effects.items() if id_ == order_id}

    def _require(self, holds: bool, invariant: str, what: str) -> None:
        if not holds:
            self._watched.violated(invariant, what)
