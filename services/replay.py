"""Dead letters that come back: each is handled again like a fresh message, by the same code.

Rule: everything that a replay brings about, the letter's new status and the note of who did it are
one transaction, so that none is ever true without the others. The order is locked first and the
letter after it, as consumers do; only then is its status believed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row, text

from schemas.codec import Codec
from schemas.events import Event, MediatorAssigned
from schemas.reasons import Reason
from schemas.topics import OUTBOUND
from services.clock import Clock
from services.docket import Docket, open_docket
from services.errors import ContractError, RegistryRefusedError, TransientError
from services.fates import Fate, Report, fate_of
from services.reading import Handled, Reading, read
from services.retry import patiently
from services.rules.outcome import Decision, Outcome
from services.signatures import SIGNATURE_REASONS, VerdictKeys
from services.storage import dead_letters
from services.storage.database import Database
from services.storage.dead_letters import Status
from services.storage.inbox import Entry
from services.storage.replaying import Action, ReplayTransaction, record

_NOT_THE_LETTERS_FAULT = (TransientError, RegistryRefusedError)

_NEEDS_KEYS = (
    "This verdict was refused for its signature, and can be replayed only where keys are "
    "configured: set MEDIATION_VERDICT_KEYS as the consumers have it."
)

log = structlog.get_logger()


class Replay:
    """Replays for one person, `by`, who may say why.

    What was yielded stays done, also when a later letter raises.

    Raises:
        TransientError: the database or the registry does not answer; the rest was not touched.
        RegistryRefusedError: the registry refuses a schema of ours; the rest was not touched.
    """

    def __init__(
        self,
        database: Database,
        codec: Codec,
        *,
        by: str,
        clock: Clock,
        why: str | None = None,
        keys: VerdictKeys | None = None,
    ) -> None:
        self._database = database
        self._codec = codec
        self._by = by
        self._why = why
        self._clock = clock
        self._keys = keys

    def replay(self, ids: Iterable[UUID]) -> Iterator[Report]:
        """Decide each message again, as if it came now; what is refused again stays open."""
        for id_ in ids:
            yield _twice(partial(self._replay, id_), partial(self._note_failure, id_))

    def rehearse(self, ids: Iterable[UUID]) -> Iterator[Report]:
        """Tell what `replay` of the same letters would come to, and write nothing.

        A letter may need one before it, so those of its order that would move something are
        rehearsed again with it, in the transaction that is rolled back.
        """
        moved: dict[str, list[UUID]] = {}
        for id_ in ids:
            report = _twice(partial(self._rehearse, id_, moved), partial(_failure, id_))
            if report.order_id is not None and report.fate in {Fate.APPLIED, Fate.DEFERRED}:
                moved.setdefault(report.order_id, []).append(id_)
            yield report

    def _replay(self, id_: UUID) -> Report:
        with self._database.transaction() as connection:
            report = self._handle(connection, id_)
            if report.fate in {Fate.GONE, Fate.NOT_OPEN, Fate.ALREADY}:
                connection.rollback()  # even the empty row of an order that was never heard of
        return report

    def _rehearse(self, id_: UUID, moved: dict[str, list[UUID]]) -> Report:
        with self._database.transaction() as connection:
            row = dead_letters.get(connection, id_)
            event = row and self._read(row).event
            for earlier in moved.get(event.order_id, []) if event else []:
                self._handle(connection, earlier)
            report = self._handle(connection, id_)
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # as the commit would
            connection.rollback()
        return report

    def _handle(self, connection: Connection, id_: UUID) -> Report:
        row = dead_letters.get(connection, id_)
        if row is None:
            return _gone(id_)
        reading = self._read(row)
        transaction = ReplayTransaction(connection, reading)
        docket = open_docket(
            transaction,
            self._codec,
            row.consumer_group,
            self._clock(),
            readings=[reading],
            keys=self._keys,
        )
        status = dead_letters.lock(connection, id_)
        if status is not Status.OPEN:
            return _not_open(row, status)
        event = reading.event
        was_known = event is not None and event.event_id in docket.known
        handled = _decide(docket, transaction, reading)
        self._note(connection, id_, handled, None if was_known or reading.error else event)
        if handled.outcome is not Outcome.REJECTED:
            dead_letters.set_status(connection, id_, Status.REPLAYED, event)
        return Report(
            id_,
            fate_of(handled, was_known=was_known),
            handled.explanation,
            topic=row.topic,
            order_id=event.order_id if event else row.order_id,
            reason=handled.reason,
            effects=tuple(each.topic for each in transaction.published if each.topic in OUTBOUND),
            money=tuple(transaction.requested),
            set_free=sum(each.was_parked for each in docket.handled),
        )

    def _read(self, row: Row[Any]) -> Reading:
        """The message as today's codec and keys have it.

        What was refused for its signature is not replayed without keys: from where none are
        configured by mistake, a forged verdict would come true.
        """
        message, reason = dead_letters.message_of(row), Reason(row.reason)
        if self._keys is None and reason in SIGNATURE_REASONS:
            return Reading(message, error=ContractError(reason, _NEEDS_KEYS))
        return read(self._codec, message, self._keys)

    def _note_failure(self, id_: UUID, error: Exception) -> Report:
        """Leave a letter open that nothing could be done with, and write down why."""
        with self._database.transaction() as connection:
            row = dead_letters.get(connection, id_)
            if row is None:
                return _gone(id_)
            status = dead_letters.lock(connection, id_)
            if status is not Status.OPEN:
                return _not_open(row, status)
            failed = _failure(id_, error)
            dead_letters.count_attempt(connection, id_, self._clock())
            message, why = dead_letters.message_of(row), failed.explanation
            said = Handled(message, Outcome.REJECTED, why, reason=failed.reason)
            self._note(connection, id_, said, None)
        return replace(failed, topic=row.topic, order_id=row.order_id)

    def _note(
        self, connection: Connection, id_: UUID, handled: Handled, event: Event | None
    ) -> None:
        rejected = handled.outcome is Outcome.REJECTED
        record(
            connection,
            Action(
                dead_letter_id=id_,
                action="REPLAY_FAILED" if rejected else "REPLAYED",
                done_at=self._clock(),
                done_by=self._by,
                why=self._why,
                event=event,
                outcome=handled.outcome,
                reason=handled.reason,
                explanation=handled.explanation,
            ),
        )


def _twice(work: Callable[[], Report], give_up: Callable[[Exception], Report]) -> Report:
    """Try what fails for good a second time: a race for an id is lost once, and then settled."""
    for attempt in (1, 2):
        try:
            return patiently(work)
        except _NOT_THE_LETTERS_FAULT:
            raise
        except Exception as error:
            log.warning("replay_failed", attempt=attempt, error=repr(error))
            failure = error
    return patiently(partial(give_up, failure))


def _decide(docket: Docket, transaction: ReplayTransaction, reading: Reading) -> Handled:
    """Have the message decided, and everything written that follows from it."""
    event = reading.event
    if isinstance(event, MediatorAssigned) and event.event_id not in docket.known:
        dispute = docket.locked[event.order_id].dispute(event.dispute_id)
        is_resolved = dispute is not None and dispute.resolution is not None
        later = None if is_resolved else transaction.overtaken_by(event)
        if later is not None:
            return _overtaken(docket, transaction, reading, event, later)
    docket.take(reading)
    docket.write(transaction)
    return next(each for each in docket.handled if not each.was_parked)


def _overtaken(
    docket: Docket, transaction: ReplayTransaction, reading: Reading, event: Event, later: UUID
) -> Handled:
    """Ignore an assignment that a later one has replaced: it must not take the dispute back.

    The rules take any other mediator for a handover, since a topic keeps its order; a dead letter
    that comes back does not.
    """
    why = (
        f"Event {later} assigned dispute {event.dispute_id} later than this one, which is history "
        "by now; nothing changes."
    )
    decision = Decision(Outcome.IGNORED, docket.locked[event.order_id], explanation=why)
    transaction.remember([Entry(event, reading.message, reading.digest, decision, docket.now)])
    return Handled(reading.message, Outcome.IGNORED, why, event)


def _not_open(row: Row[Any], status: Status) -> Report:
    replayed = status is Status.REPLAYED
    why = "It was replayed already." if replayed else "It was discarded; restore it first."
    fate = Fate.ALREADY if replayed else Fate.NOT_OPEN
    return Report(row.dead_letter_id, fate, why, topic=row.topic, order_id=row.order_id)


def _gone(id_: UUID) -> Report:
    return Report(id_, Fate.GONE, "There is no such dead letter.")


def _failure(id_: UUID, error: Exception) -> Report:
    why = (
        f"Handling this message failed: {type(error).__name__}: {error}. The message may be good: "
        "mend the program, then replay it."
    )
    return Report(id_, Fate.STILL_FAILING, why, reason=Reason.BUG)
