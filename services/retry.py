"""Backoff: exponential, with jitter, bounded."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import TypeVar

import structlog

from services.errors import DatabaseAccessError, DatabaseUnavailableError

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt: between half and all of a doubling bound."""

    initial: float = 0.5
    maximum: float = 30.0
    chance: Callable[[], float] = random

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th failure (1 for the first)."""
        bound = min(self.maximum, self.initial * 2.0 ** min(attempt - 1, 32))
        return bound * (0.5 + 0.5 * self.chance())


def patiently(
    work: Callable[[], T],
    *,
    attempts: int = 5,
    backoff: Backoff = Backoff(0.1, 2.0),
    pause: Callable[[float], None] = time.sleep,
) -> T:
    """Do again, after a pause, what only the moment forbids: a deadlock, or a lock held for long.

    Raises:
        DatabaseUnavailableError: the last attempt failed too, or access was refused.
    """
    for attempt in range(1, attempts):
        try:
            return work()
        except DatabaseAccessError:
            raise  # a person must mend it, and who asked is waiting
        except DatabaseUnavailableError as error:
            log.warning("retrying", attempt=attempt, error=str(error))
            pause(backoff.delay(attempt))
    return work()
