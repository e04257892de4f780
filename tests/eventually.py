"""Waiting by condition. Rule: no test sleeps; this is the only place that does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.02


def eventually(condition: Callable[[], T], timeout: float = 10, message: str = "") -> T:
    """Call `condition` until what it returns is true, and return that.

    Args:
        condition: asked again and again; what it raises is not caught.
        timeout: seconds after which to give up.
        message: what was hoped for, for the person who reads the failure.

    Raises:
        AssertionError: the time is up.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            hope = message or "the condition would become true"
            raise AssertionError(f"waited {timeout:g} s: {hope}; the last answer was {result!r}")
        time.sleep(_POLL_SECONDS)
