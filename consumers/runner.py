"""The loop of a consumer process: poll, handle in one transaction, commit the offsets.

A failure that may pass holds the same batch and tries again; nothing is skipped. Whatever ends the
process, what was not committed is delivered again, and what was handled is then ignored.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from consumers.stopping import StopSignal
from schemas.topics import Topic
from services.clock import Clock
from services.errors import TransientError
from services.mediation import Mediation
from services.messages import Message
from services.metrics import Metrics
from services.reading import Handled
from services.retry import Backoff
from services.rules.outcome import Outcome

POLL_SECONDS = 1.0
EXPIRY_SECONDS = 60.0

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConsumerDefinition:
    """What tells one consumer from another: its topic, its group, and what handles a batch."""

    topic: Topic
    group: str
    handler: Callable[[Mediation, Sequence[Message]], list[Handled]]


class Source(Protocol):
    """Where messages come from; `consumers.broker.Consumer` says what each call promises."""

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Some messages, or none."""

    def commit(self, messages: Sequence[Message]) -> None:
        """These were handled."""

    def hold(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Wait, and stay a member of the group."""

    def still_ours(self, messages: Sequence[Message]) -> list[Message]:
        """Those that nobody else will be given."""

    def close(self) -> None:
        """Leave."""


class Runner:
    """Runs one consumer until it is asked to stop."""

    def __init__(
        self,
        definition: ConsumerDefinition,
        source: Source,
        mediation: Mediation,
        *,
        stop: StopSignal,
        backoff: Backoff,
        clock: Clock,
        metrics: Metrics,
        batch_size: int,
    ) -> None:
        self._definition = definition
        self._source = source
        self._mediation = mediation
        self._stop = stop
        self._backoff = backoff
        self._clock = clock
        self._metrics = metrics
        self._loop = metrics.loop(clock)
        self._batch_size = batch_size
        self._expired_at = clock().timestamp()

    def run(self) -> None:
        """Consume until asked to stop, then leave the group.

        Raises:
            FloodError: too many dead letters; the offsets of the batch were not committed.
        """
        try:
            while not self._stop.is_set():
                self._loop.turned()
                batch = self._retrying(self._poll) or []
                if batch:
                    self._process(batch)
                self._expire_now_and_then()
        finally:
            self._metrics.end(self._loop)
            self._close()

    def _poll(self) -> list[Message]:
        return self._source.poll(self._batch_size, POLL_SECONDS)

    def _process(self, batch: list[Message]) -> None:
        """Handle a batch, again and again if need be, but only what is still ours of it."""

        def handle() -> list[Handled]:
            nonlocal batch
            batch = self._source.still_ours(batch)
            return self._definition.handler(self._mediation, batch) if batch else []

        started = time.monotonic()
        handled = self._retrying(handle)
        if handled:
            self._source.commit(batch)
            self._metrics.batch_time.observe(time.monotonic() - started)
            self._metrics.batch_size.observe(len(batch))
            self._report(handled, offsets=_offsets(batch))

    def _expire_now_and_then(self) -> None:
        now = self._clock().timestamp()
        if abs(now - self._expired_at) >= EXPIRY_SECONDS:
            self._expired_at = now
            topic = self._definition.topic.value
            self._report(self._retrying(lambda: self._mediation.expire_parked(topic)) or [])

    def _retrying(self, call: Callable[[], T]) -> T | None:
        """The answer of `call`, tried until it gives one; None if we are asked to stop first."""
        attempt = 0
        while not self._stop.is_set():
            try:
                answer = call()
            except TransientError as error:
                attempt += 1
                delay = self._backoff.delay(attempt)
                self._metrics.retries.labels(type(error).__name__).inc()
                log.warning("retrying", attempt=attempt, wait=round(delay, 2), error=str(error))
                self._loop.holding = True
                self._wait(delay)
            else:
                self._loop.holding = False
                return answer
        return None

    def _wait(self, seconds: float) -> None:
        self._loop.turned(rest=seconds)
        try:
            self._source.hold(seconds, self._stop.is_set)
        except TransientError:
            self._stop.wait(seconds)
        self._loop.turned()

    def _report(self, handled: list[Handled], **what: object) -> None:
        if not handled:
            return
        self._metrics.observe(handled, self._clock())
        outcomes = Counter(each.outcome for each in handled)
        said = {outcome.value: count for outcome, count in outcomes.items()}
        log.info("handled", topic=self._definition.topic.value, **said, **what)
        for each in handled:
            if each.outcome is Outcome.REJECTED:
                _report_rejected(each)

    def _close(self) -> None:
        try:
            self._source.close()
        except TransientError as error:
            log.warning("close_failed", error=str(error))


def _offsets(batch: Sequence[Message]) -> dict[int, str]:
    """The first and the last offset of each partition, each of which comes in order."""
    first = {each.partition: each.offset for each in reversed(batch)}
    last = {each.partition: each.offset for each in batch}
    return {partition: f"{first[partition]}-{last[partition]}" for partition in sorted(first)}


def _report_rejected(handled: Handled) -> None:
    message, event = handled.message, handled.event
    log.warning(
        "rejected",
        reason=handled.reason,
        explanation=handled.in_a_log,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        event_id=event and str(event.event_id),
        order_id=event and event.order_id,
        dispute_id=event and event.dispute_id,
    )
