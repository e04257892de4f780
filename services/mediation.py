"""The one use case: a batch of messages in one transaction.

Everything that a batch does becomes true at once, when its transaction commits. A batch that was
interrupted may be handled again, and again: what was seen before is ignored.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from schemas.reasons import Reason
from services import envelope
from services.clock import Clock
from services.docket import open_docket
from services.errors import FloodError, RegistryRefusedError, TransientError
from services.flood import FloodGate
from services.messages import Message
from services.reading import Handled, Reading, read
from services.rules.outcome import Outcome
from services.signatures import VerdictKeys
from services.storage.refused import DeadLetter
from services.storage.store import Store

if TYPE_CHECKING:
    from schemas.codec import Codec

_EXPIRY_BATCH = 200
_NOT_THE_MESSAGES_FAULT = (TransientError, FloodError, RegistryRefusedError)

log = structlog.get_logger()


class Mediation:
    """Handles batches for one group. `parking_limit` is how long a deferred event may wait.

    With `keys`, verdicts count only if they are signed with one of them.
    """

    def __init__(
        self,
        store: Store,
        codec: "Codec",
        *,
        group: str,
        clock: Clock,
        flood: FloodGate | None = None,
        parking_limit: timedelta = timedelta(days=7),
        keys: VerdictKeys | None = None,
    ) -> None:
        self._store = store
        self._codec = codec
        self._group = group
        self._clock = clock
        self._flood = flood or FloodGate()
        self._parking_limit = parking_limit
        self._keys = keys

    def handle(self, messages: Sequence[Message]) -> list[Handled]:
        """Handle messages in the order given, in one transaction; returns what became of each.

        Parked events that these messages set free are among the answers. If the batch fails for a
        reason that waiting does not mend, it is handled in halves, and they in halves, so that one
        message costs the others little; a message that cannot be handled alone, twice, becomes a
        dead letter with the reason `bug`. (Twice, since a race with another consumer for the same
        id is lost once, and then settled.)

        Raises:
            TransientError: nothing was written; handle the same messages again later.
            FloodError: too many of these messages are dead letters; nothing more was written.
            RegistryRefusedError: the schema registry refuses a schema of ours; nothing was written.
        """
        try:
            return self._in_one_transaction(messages)
        except _NOT_THE_MESSAGES_FAULT:
            raise
        except Exception as error:
            log.warning("batch_failed", messages=len(messages), error=type(error).__name__)
            if len(messages) == 1:
                return self._handle_alone(messages[0])
            middle = len(messages) // 2
            return [*self.handle(messages[:middle]), *self.handle(messages[middle:])]

    def remember_recent(self, topic: str) -> None:
        """Let the flood gate know what became of the newest messages of `topic`, at the start.

        Without it, each restart would let a flood through up to the limit once more.

        Raises:
            DatabaseUnavailableError: the database does not answer.
        """
        with self._store.transaction() as transaction:
            self._flood.record(transaction.recently_rejected(topic, self._flood.window))

    def expire_parked(self, topic: str) -> list[Handled]:
        """Make dead letters of events of `topic` that were parked longer than the parking limit.

        Each order has a transaction of its own, so that one that fails does not hold the others.

        Raises:
            TransientError: try again later; what was done stays done.
        """
        now = self._clock()
        parked_before = now - self._parking_limit
        with self._store.transaction() as transaction:
            order_ids = transaction.overdue(topic, parked_before, _EXPIRY_BATCH)
        handled: list[Handled] = []
        for order_id in order_ids:
            try:
                with self._store.transaction() as transaction:
                    docket = open_docket(
                        transaction,
                        self._codec,
                        self._group,
                        now,
                        order_ids=[order_id],
                        keys=self._keys,
                    )
                    docket.expire(topic, parked_before)
                    docket.write(transaction)
            except _NOT_THE_MESSAGES_FAULT:
                raise
            except Exception:
                log.exception("expiry_failed", topic=topic, order_id=order_id)
            else:
                handled += docket.handled
        return handled

    def _handle_alone(self, message: Message) -> list[Handled]:
        try:
            return self._in_one_transaction([message])
        except _NOT_THE_MESSAGES_FAULT:
            raise
        except Exception as error:
            return [self._bury_as_bug(message, error)]

    def _in_one_transaction(self, messages: Sequence[Message]) -> list[Handled]:
        codec, keys = self._codec, self._keys
        readings: list[Reading] = [read(codec, message, keys) for message in messages]
        with self._flood.passage() as check, self._store.transaction() as transaction:
            docket = open_docket(
                transaction, codec, self._group, self._clock(), readings=readings, keys=keys
            )
            for reading in readings:
                docket.take(reading)
            check(*_refusals(docket.handled, docket.write(transaction)))
        return docket.handled

    def _bury_as_bug(self, message: Message, error: Exception) -> Handled:
        """Keep a message that nothing could be done with. If even that fails, raise the error."""
        log.error(
            "bug",
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            exc_info=error,
        )
        explanation = (
            f"Handling this message failed: {type(error).__name__}: {error}. The message may be "
            "good: mend the program, then replay it."
        )
        now = self._clock()
        letter = DeadLetter(
            message=message,
            consumer_group=self._group,
            reason=Reason.BUG,
            explanation=explanation,
            error_class=f"{type(error).__module__}.{type(error).__qualname__}",
            seen_at=now,
        )
        with self._flood.passage() as check, self._store.transaction() as transaction:
            fresh = transaction.keep_dead_letters([letter])
            transaction.publish_later([envelope.of_dead_letter(each) for each in fresh], now)
            check([True], f"{Reason.BUG.description} ({type(error).__name__})")
        return Handled(message, Outcome.REJECTED, explanation, reason=Reason.BUG)


def _refusals(handled: Sequence[Handled], fresh: Sequence[DeadLetter]) -> tuple[list[bool], str]:
    """Which messages became dead letters that are new, and what is said of the last of them."""
    direct = [each for each in handled if not each.was_parked]
    if not fresh:
        return [False] * len(direct), ""
    refused = {letter.message for letter in fresh}
    rejected = [each.message in refused for each in direct]
    said = [each.in_a_log for each, is_new in zip(direct, rejected, strict=True) if is_new]
    return rejected, said[-1] if said else ""
