"""Walks all orders by their key and holds what is kept of each together, beside running consumers.

Rule: it only reads, some orders at a time, each time in one view of the database, so that an order
is never seen halfway. Consumers do not wait for it, and it does not wait for them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from schemas.codec import Codec
from services.audit import Invariant, Violation, violations_of
from services.retry import patiently
from services.storage import auditing, tallies
from services.storage.database import Database
from services.storage.figures import view

CHUNK = 500

_TO_COUNT_ALL = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The orders behind `after` up to `last` ("": the end), and what is wrong with some of them."""

    after: str
    last: str
    orders: int
    violations: Sequence[Violation]


class Auditor:
    """Audits one database.

    Raises:
        DatabaseUnavailableError: the database does not answer, also after some attempts.
        RegistryUnavailableError: an event names a schema, and the registry cannot say which.
    """

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec

    def walk(self, *, size: int = CHUNK) -> Iterator[Chunk]:
        """Every order that there is from the beginning to the end, `size` at a time."""
        after, last = "", None
        while last != "":
            chunk = self.chunk(after, size)
            yield chunk
            after = last = chunk.last

    def chunk(self, after: str, size: int = CHUNK) -> Chunk:
        """The next `size` orders behind `after`."""
        return patiently(partial(self._chunk, after, size))

    def order(self, order_id: str) -> list[Violation] | None:
        """What is wrong with one order; None if it was never heard of."""
        with view(self._database) as connection:
            found = auditing.records(connection, [order_id])
        return violations_of(found[0], self._codec) if found else None

    def tallies(self) -> list[Violation]:
        """Where what was counted is not what there is: all disputes are counted, in one view."""
        return patiently(self._tallies)

    def _chunk(self, after: str, size: int) -> Chunk:
        with view(self._database) as connection:
            ids = auditing.order_ids(connection, after, size)
            found = auditing.records(connection, ids)
        violations = [each for records in found for each in violations_of(records, self._codec)]
        last = ids[-1] if len(ids) == size else ""
        return Chunk(after, last, len(ids), violations)

    def _tallies(self) -> list[Violation]:
        with view(self._database, patience=_TO_COUNT_ALL) as connection:
            kept, anew = tallies.sums(connection), tallies.counted_anew(connection)
        return [
            Violation(
                "",
                Invariant.TALLIES_FIT_TABLES,
                f"{' '.join(key)}: counted {kept.get(key, 0)}, and there are {anew.get(key, 0)}",
            )
            for key in sorted(kept.keys() | anew.keys())
            if kept.get(key, 0) != anew.get(key, 0)
        ]


class Findings:
    """What the latest look at each order found; one that was mended is no longer among them."""

    def __init__(self) -> None:
        self._by_order: dict[str, Sequence[Violation]] = {}

    def replace(self, chunk: Chunk) -> list[Violation]:
        """Note a chunk in place of what was found before in it; returns what is new."""
        before = {id_ for id_ in self._by_order if chunk.after < id_ and _within(id_, chunk.last)}
        return self._note(before, chunk.violations)

    def replace_tallies(self, violations: Sequence[Violation]) -> list[Violation]:
        """The same for what is of no single order."""
        return self._note({""}, violations)

    def counts(self) -> Mapping[Invariant, int]:
        """How many there are of each invariant."""
        every = [each for found in list(self._by_order.values()) for each in found]
        return Counter(each.invariant for each in every)

    def _note(self, orders: set[str], violations: Sequence[Violation]) -> list[Violation]:
        known = {each for id_ in orders for each in self._by_order.get(id_, ())}
        for id_ in orders | {each.order_id for each in violations}:
            found = [each for each in violations if each.order_id == id_]
            if found:
                self._by_order[id_] = found
            else:
                self._by_order.pop(id_, None)
        return [each for each in violations if each not in known]


def _within(order_id: str, last: str) -> bool:
    return last == "" or order_id <= last
