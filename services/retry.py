"""Backoff: exponential, with jitter, bounded."""

from collections.abc import Callable
from dataclasses import dataclass
from random import random


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
