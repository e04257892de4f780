"""The relay: publishes what the outbox holds, and deletes a row only after it was acknowledged.

It copies bytes and understands nothing. One relay is active per slot; a second relay waits for the
slots of one that dies. Publishing a row twice is possible, and harmless, since an effect's id says
that it is the same one; losing a row is not.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from consumers.stopping import StopSignal
from services.clock import Clock
from services.errors import TransientError
from services.messages import Outgoing
from services.metrics import Metrics
from services.retry import Backoff
from services.storage import outbox
from services.storage.store import OutboxSession, Store

IDLE_SECONDS = 1.0

log = structlog.get_logger()


class Sink(Protocol):
    """Where messages go to; `consumers.broker.Publisher` says what each call promises."""

    def publish(self, batch: Sequence[Outgoing]) -> None:
        """Publish, and return once all is acknowledged."""

    def close(self) -> None:
        """Disconnect."""


class OutboxRelay:
    """Runs until it is asked to stop. `connect` makes a new sink after one has failed."""

    def __init__(
        self,
        store: Store,
        connect: Callable[[], Sink],
        *,
        stop: StopSignal,
        backoff: Backoff,
        clock: Clock,
        metrics: Metrics,
        batch_size: int,
    ) -> None:
        self._store = store
        self._connect = connect
        self._stop = stop
        self._backoff = backoff
        self._metrics = metrics
        self._loop = metrics.loop(clock)
        self._share = metrics.share("slots", clock)
        self._batch_size = batch_size
        self._failures = 0

    def run(self) -> None:
        """Relay until asked to stop. After a passing failure everything is taken up anew."""
        try:
            self._run()
        finally:
            self._metrics.end(self._loop, self._share)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._loop.turned()
            try:
                self._relay()
            except TransientError as error:
                self._failures += 1
                delay = self._backoff.delay(self._failures)
                self._metrics.retries.labels(type(error).__name__).inc()
                log.warning(
                    "retrying", attempt=self._failures, wait=round(delay, 2), error=str(error)
                )
                self._loop.holding = True
                self._share.numbers = None
                self._loop.turned(rest=delay)
                self._stop.wait(delay)

    def _relay(self) -> None:
        sink = self._connect()
        try:
            with self._store.relaying() as session:
                session.listen()
                ours = session.claim(range(outbox.SLOTS))
                log.info("relaying", slots=sorted(ours))
                if not ours:
                    log.warning("standing_by", why="another relay holds every slot")
                while not self._stop.is_set():
                    ours = self._claim(session, ours)
                    if not self._publish_some(session, sink, ours):
                        session.wait(IDLE_SECONDS)
        finally:
            sink.close()

    def _claim(self, session: OutboxSession, ours: set[int]) -> set[int]:
        """Try for the slots that another relay had; holding them lasts as long as the session."""
        missing = set(range(outbox.SLOTS)) - ours
        gained = session.claim(missing) if missing else set()
        if gained:
            log.info("slots_claimed", slots=sorted(gained))
        self._share.numbers = sorted(ours | gained)
        return ours | gained

    def _publish_some(self, session: OutboxSession, sink: Sink, ours: set[int]) -> bool:
        """Publish the oldest rows of our slots; False when there is nothing to do."""
        self._loop.turned()
        rows = session.pending(ours, self._batch_size) if ours else []
        if rows:
            started = time.monotonic()
            sink.publish([row.outgoing for row in rows])
            self._metrics.publish_time.observe(time.monotonic() - started)
            session.remove([row.id for row in rows])
            topics = Counter(row.outgoing.topic for row in rows)
            for topic, count in topics.items():
                self._metrics.published.labels(topic).inc(count)
            log.info("published", rows=len(rows))
            self._failures = 0
        self._loop.holding = False
        self._share.moved()
        return bool(rows)
