"""What is done about dead letters: first told, then, with a reason, done.

Rule: nothing is done that was not shown. The second form names the letters that the first one told
of, so what came meanwhile is left alone; `services.replay` and `services.discarding` do the work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from consumers.cli.selecting import chosen
from consumers.cli.telling import as_record
from consumers.ops.console import Console
from consumers.ops.letters import chosen_in
from consumers.ops.shown import Page
from services.discarding import Discarding
from services.fates import Report, totals
from services.replay import Replay
from services.storage import dead_letters
from services.storage.dead_letters import Choice, Status

MOST = 200
"""How many letters are handled at once; the oldest of a group come first."""

LONGEST_REASON = 500


class Deed(StrEnum):
    """What can be done about dead letters."""

    REPLAY = "replay"
    DISCARD = "discard"
    RESTORE = "restore"

    @property
    def on(self) -> Status:
        """The status of the letters that it is done to."""
        return Status.DISCARDED if self is Deed.RESTORE else Status.OPEN


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody wants done: to which letters, and why, as far as that was said."""

    deed: Deed
    ids: tuple[UUID, ...]
    choice: Choice
    why: str

    @classmethod
    def read(cls, said: Sequence[tuple[str, str]]) -> "Form | None":
        """The form in these fields; None if it is none of ours."""
        first: Mapping[str, str] = dict(reversed(said))
        try:
            ids = tuple(dict.fromkeys(UUID(value) for name, value in said if name == "id"))
            deed = Deed(first.get("deed", ""))
        except ValueError:
            return None
        if len(ids) > MOST:
            return None
        choice = chosen_in(dict(first) | {"status": deed.on.value})
        return cls(deed, ids, choice, " ".join(first.get("why", "").split())[:LONGEST_REASON])


def prepare(console: Console, form: Form, by: str) -> Page:
    """Tell what would come of it, and ask why it is wanted. Nothing is written."""
    ids, count = _meant(console, form)
    if form.deed is Deed.REPLAY:
        replay = _replaying(console, form, by)
        reports = list(replay.rehearse(ids))
        told = [as_record(report) for report in reports]
        said = totals(report.fate for report in reports)
    else:
        told, said = _as_they_are(console, ids), {}
    data = {
        "deed": form.deed.value,
        "letters": told,
        "totals": said,
        "count": count,
        "dry_run": True,
        "missing_reason": False,
    }
    return Page("prepare.html", data, {"longest": LONGEST_REASON})


def perform(console: Console, form: Form, by: str) -> Page:
    """Do it, and tell what came of each letter; without a reason, ask for one again."""
    if not form.why or not form.ids:
        page = prepare(console, form, by)
        return Page(page.template, dict(page.data) | {"missing_reason": True}, page.extra, 422)
    reports = list(_WORK[form.deed](console, form, by))
    data = {
        "deed": form.deed.value,
        "letters": [as_record(report) for report in reports],
        "totals": totals(report.fate for report in reports),
        "dry_run": False,
        "why": form.why,
    }
    return Page("performed.html", data)


def _replay(console: Console, form: Form, by: str) -> Iterator[Report]:
    return _replaying(console, form, by).replay(form.ids)


def _replaying(console: Console, form: Form, by: str) -> Replay:
    codec, clock, keys = console.codec(), console.clock, console.keys
    return Replay(console.database, codec, by=by, clock=clock, why=form.why or None, keys=keys)


def _discard(console: Console, form: Form, by: str) -> Iterator[Report]:
    return Discarding(console.database, by, console.clock).discard(form.ids, form.why)


def _restore(console: Console, form: Form, by: str) -> Iterator[Report]:
    return Discarding(console.database, by, console.clock).restore(form.ids, form.why)


_WORK: Mapping[Deed, Callable[[Console, Form, str], Iterator[Report]]] = {
    Deed.REPLAY: _replay,
    Deed.DISCARD: _discard,
    Deed.RESTORE: _restore,
}


def _meant(console: Console, form: Form) -> tuple[list[UUID], int]:
    """The letters that are handled at once, and how many are meant in all."""
    if form.ids:
        return list(form.ids), len(form.ids)
    count, _ = chosen(console.database, form.choice, None)
    _, ids = chosen(console.database, form.choice, MOST)
    return list(ids), count


def _as_they_are(console: Console, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The letters themselves, told like what comes of one."""
    found = []
    with console.reading() as connection:
        for id_ in ids:
            row = dead_letters.get(connection, id_)
            if row is not None:
                found.append(
                    {
                        "dead_letter_id": id_,
                        "result": row.status.lower(),
                        "topic": row.topic,
                        "order_id": row.order_id,
                        "reason": row.reason,
                        "explanation": row.explanation,
                        "effects": (),
                        "money": [],
                        "parked_events_settled": 0,
                    }
                )
    return found
