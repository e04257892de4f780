"""What must hold at every moment of a run.

Rule: each is checked where it could first be broken: at every commit of the database, at every
commit of offsets, and at every message that is published. A violation is noted, not raised, so
that the run goes on as it would have.
"""

from collections.abc import Callable
from uuid import UUID

from schemas.codec import Codec
from schemas.effects import PayoutRequested, RefundRequested
from schemas.reasons import Reason
from schemas.topics import OUTBOUND
from services.messages import Message, Outgoing
from services.rules.case import Case, Dispute
from tests.simulation.broker import Group
from tests.simulation.store_rows import Tables

Place = tuple[str, int, int]


class Invariants:
    """Watches one run. `violations` are pairs: which invariant, and what was seen."""

    def __init__(self, codec: Codec, digest_at: Callable[[Place], tuple[UUID, bytes] | None]):
        self.violations: list[tuple[str, str]] = []
        self.effects: dict[tuple[str, int], tuple[str, str, bytes]] = {}
        self.mirrored: set[UUID] = set()
        self.commits = 0
        self._codec = codec
        self._digest_at = digest_at
        self._tables = Tables()
        self._letter_places: set[Place] = set()
        self._newest: dict[tuple[str, str], int] = {}
        self._places: dict[str, tuple[str, int]] = {}

    def violated(self, invariant: str, what: str) -> None:
        """Note a violation."""
        self.violations.append((invariant, what))

    def on_commit(self, tables: Tables) -> None:
        """The database committed."""
        before, self._tables = self._tables, tables
        self.commits += 1
        if tables.cases is not before.cases:
            for order_id, case in tables.cases.items():
                old = before.cases.get(order_id, Case(order_id))
                if case is not old:
                    self._check_case(old, case, tables)
        if tables.letters is not before.letters:
            for id_ in tables.letters.keys() - before.letters.keys():
                letter = tables.letters[id_].letter
                self._letter_places.add(_place(letter.message))
                if letter.reason is Reason.BUG:
                    self.violated("no bug", letter.explanation)

    def on_offsets(
        self, group: Group, member: int | None, generation: int, offsets: dict[int, int]
    ) -> None:
        """The broker accepts the commit of offsets."""
        if member not in group.members or generation != group.generation:
            self.violated("fenced", f"member {member} of generation {generation} committed")
        for partition, offset in offsets.items():
            committed = group.committed.get(partition, 0)
            if offset < committed:
                self.violated("fenced", f"{group.topic}/{partition} back: {committed} to {offset}")
            for number in range(committed, offset):
                if not self.is_handled((group.topic, partition, number)):
                    self.violated("offsets", f"{group.topic}/{partition}/{number} not handled")

    def is_handled(self, place: Place) -> bool:
        """Whether the database has committed what became of the message at this place."""
        if place in self._letter_places:
            return True
        known = self._digest_at(place)
        row = known and self._tables.events.get(known[0])
        return bool(known and row and row.entry.digest == known[1])

    def on_published(self, outgoing: Outgoing) -> None:
        """The broker has a message of the relay."""
        if outgoing.topic in OUTBOUND:
            self._check_effect(outgoing)
            return
        id_ = UUID(dict(outgoing.headers)["mediation_dead-letter-id"].decode())  # type: ignore[union-attr]
        self.mirrored.add(id_)
        if id_ not in self._tables.letters:
            self.violated("dead letters", f"the mirror of nothing: {id_}")

    def _check_effect(self, outgoing: Outgoing) -> None:
        record = self._codec.decode_record(outgoing.topic, outgoing.value)
        order_id, sequence = record["order_id"], record["sequence"]
        said = (record["effect_id"], outgoing.topic, outgoing.value or b"")
        place = (order_id, sequence)
        if self.effects.setdefault(place, said) != said:
            self.violated("no effect doubled", f"{place} is {said} and {self.effects[place]}")
        if self._places.setdefault(said[0], place) != place:
            self.violated("no effect doubled", f"{said[0]} is {place} and {self._places[said[0]]}")
        lane = (outgoing.topic, order_id)
        if self.effects[place] is said:
            if sequence < self._newest.get(lane, 0):
                self.violated("in order", f"{lane}: {sequence} after {self._newest[lane]}")
            self._newest[lane] = sequence

    def _check_case(self, before: Case, after: Case, tables: Tables) -> None:
        self._require(after.frozen == (after.unresolved is not None), "frozen", after)
        locked = after.unresolved is not None or after.closed
        self._require(after.chat_locked == locked, "chat locked", after)
        self._require(after.reviews_blocked == after.closed, "reviews blocked", after)
        for old in before.disputes:
            if old.resolution is not None:
                new = after.dispute(old.dispute_id)
                final = new is not None and new.resolution == old.resolution
                self._require(final, "first verdict final", after)
        for dispute in after.disputes:
            self._check_money(dispute, tables)
        sequences = sorted(
            record["sequence"]
            for row in tables.outbox.values()
            if row.outgoing.topic in OUTBOUND and row.outgoing.key == after.order_id.encode()
            for record in [self._codec.decode_record(row.outgoing.topic, row.outgoing.value)]
            if record["sequence"] > before.sequence
        )
        gapless = sequences == list(range(before.sequence + 1, after.sequence + 1))
        self._require(gapless, "sequence without gaps", after)

    def _check_money(self, dispute: Dispute, tables: Tables) -> None:
        requests = [e for e in tables.settlements.values() if e.dispute_id == dispute.dispute_id]
        asked = {type(each): each.amount_minor for each in requests}
        due: dict[type, int] = {}
        resolution = dispute.resolution
        if resolution is not None and resolution.closes_the_order:
            shares = (resolution.refund_minor, resolution.payout_minor, resolution.platform_minor)
            conserved = sum(shares) == dispute.terms.captured_minor
            self._require(conserved, "money conserved", dispute)
            due = {RefundRequested: shares[0], PayoutRequested: shares[1]}
        due = {kind: amount for kind, amount in due.items() if amount}
        once = len(asked) == len(requests)
        self._require(once and asked == due, "money as the verdict says", dispute)

    def _require(self, holds: bool, invariant: str, what: object) -> None:
        if not holds:
            self.violated(invariant, repr(what))


def _place(message: Message) -> Place:
    return message.topic, message.partition, message.offset
