"""Dead letters about which nothing is to be done: discarded, and open again if that was wrong.

Rule: the new status and the note of who wanted it, and why, are one transaction, and only an open
letter is discarded, only a discarded one opened. The message itself is kept either way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from services.clock import Clock
from services.fates import Fate, Report
from services.retry import patiently
from services.storage import dead_letters
from services.storage.database import Database
from services.storage.dead_letters import Status
from services.storage.replaying import Action, record

_PRUNED = "Its message was pruned, so nothing could be replayed."
_STANDS = "It was replayed, and what that brought about stands."


@dataclass(frozen=True, slots=True)
class Discarding:
    """Discards and restores for one person, `by`. What was yielded stays done.

    Raises:
        DatabaseUnavailableError: the rest was not touched.
    """

    database: Database
    by: str
    clock: Clock

    def discard(self, ids: Iterable[UUID], why: str) -> Iterator[Report]:
        """Note that nothing is to be done about these, and why."""
        for id_ in ids:
            yield patiently(partial(self._turn, id_, Status.DISCARDED, why))

    def restore(self, ids: Iterable[UUID], why: str | None) -> Iterator[Report]:
        """Open again what was discarded."""
        for id_ in ids:
            yield patiently(partial(self._turn, id_, Status.OPEN, why))

    def _turn(self, id_: UUID, wanted: Status, why: str | None) -> Report:
        with self.database.transaction() as connection:
            row = dead_letters.get(connection, id_)
            if row is None:
                return Report(id_, Fate.GONE, "There is no such dead letter.")
            status = dead_letters.lock(connection, id_)
            if row.pruned_at is not None and wanted is Status.OPEN:
                return _told(row, Fate.REFUSED, _PRUNED)
            if status is Status.REPLAYED:
                return _told(
                    row, Fate.NOT_OPEN if wanted is Status.DISCARDED else Fate.REFUSED, _STANDS
                )
            if status is wanted:
                return _told(row, Fate.ALREADY, f"It is {wanted.lower()} already.")
            return self._written(connection, row, wanted, why)

    def _written(
        self, connection: Connection, row: Row[Any], wanted: Status, why: str | None
    ) -> Report:
        action = "DISCARDED" if wanted is Status.DISCARDED else "RESTORED"
        record(
            connection,
            Action(row.dead_letter_id, action, self.clock(), self.by, why=why),
        )
        dead_letters.set_status(connection, row.dead_letter_id, wanted)
        return _told(row, Fate(action.lower()), why or "It is open again.")


def _told(row: Row[Any], fate: Fate, explanation: str) -> Report:
    return Report(row.dead_letter_id, fate, explanation, topic=row.topic, order_id=row.order_id)
