"""Old cases lose their payloads, some hundreds of orders in a transaction.

Rule: each transaction is whole, and says in the same breath what went and who wanted it. So it may
be stopped at any point, and begun again: what went is not found a second time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.clock import Clock
from services.retry import patiently
from services.storage import pruning
from services.storage.database import Database
from services.storage.pruning import Pruned

BATCH = 500

_Next = Callable[[Connection, Any, int], Sequence[Any]]
_Prune = Callable[[Connection, Sequence[Any], datetime, datetime | None], Pruned]
_WALKS: tuple[tuple[_Next, _Prune, Any], ...] = (
    (pruning.next_orders, pruning.prune_orders, ""),
    (pruning.next_letters, pruning.prune_letters, UUID(int=0)),
)


@dataclass(frozen=True, slots=True)
class Pruning:
    """Prunes for one person, `by`. What was yielded stays done.

    Raises:
        DatabaseUnavailableError: the rest was not touched.
    """

    database: Database
    by: str
    clock: Clock

    def prune(self, before: datetime, *, dry_run: bool = False) -> Iterator[Pruned]:
        """Forget what saw nothing since `before`; yields what went, batch by batch."""
        for following, prune, first in _WALKS:
            at: Any = first
            while at is not None:
                step = partial(self._step, following, prune, at, before, dry_run)
                at, pruned = patiently(step)
                yield pruned

    def _step(
        self, following: _Next, prune: _Prune, after: Any, before: datetime, dry_run: bool
    ) -> tuple[Any, Pruned]:
        """One batch from behind `after` on: where the next one begins, if there is one."""
        now = self.clock()
        with self.database.transaction() as connection:
            among = following(connection, after, BATCH)
            pruned = prune(connection, among, before, None if dry_run else now)
            if pruned != Pruned() and not dry_run:
                pruning.record(connection, pruned, by=self.by, before=before, now=now)
        return among[-1] if among else None, pruned
