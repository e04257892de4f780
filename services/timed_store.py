"""A store that says how long its transactions take."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from services.storage.store import OutboxSession, Store, Transaction


class TimedStore:
    """`store`, which tells `took` the seconds that each transaction took, however it ended."""

    def __init__(self, store: Store, took: Callable[[float], None]) -> None:
        self._store = store
        self._took = took

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """As the store's."""
        started = time.monotonic()
        try:
            with self._store.transaction() as transaction:
                yield transaction
        finally:
            self._took(time.monotonic() - started)

    def relaying(self) -> AbstractContextManager[OutboxSession]:
        """As the store's."""
        return self._store.relaying()
