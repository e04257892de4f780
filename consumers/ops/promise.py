"""The promise of rule 3, on one dispute: a mediator within 24 to 48 hours.

Rule: pure. Whoever asks says what time it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SOON = timedelta(hours=24)
LATE = timedelta(hours=48)


class Standing(StrEnum):
    """How the promise stands."""

    WAITING = "waiting"
    AT_RISK = "at risk"
    BROKEN = "broken"
    MET_24H = "met within 24 h"
    MET_48H = "met within 48 h"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Promise:
    """How long a dispute waited for its first mediator, or waits by now.

    `share` is the part of the 48 hours that went by, in percent, 100 at most.
    """

    standing: Standing
    waited_seconds: int
    due_at: datetime
    share: int


def promise(opened_at: datetime, assigned_at: datetime | None, now: datetime) -> Promise:
    """How the promise stands for a dispute that was opened then."""
    waited = max((assigned_at or now) - opened_at, timedelta())
    if assigned_at is None:
        standings = (Standing.WAITING, Standing.AT_RISK, Standing.BROKEN)
    else:
        standings = (Standing.MET_24H, Standing.MET_48H, Standing.MISSED)
    standing = standings[(waited > SOON) + (waited > LATE)]
    share = min(int(100 * (waited / LATE)), 100)
    return Promise(standing, int(waited.total_seconds()), opened_at + LATE, share)
