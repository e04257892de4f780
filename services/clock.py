"""The only place that asks the operating system for the time; everything else is told it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime in UTC."""


def system_clock() -> datetime:
    """The present moment by the machine's clock, aware, in UTC."""
    return datetime.now(UTC)
