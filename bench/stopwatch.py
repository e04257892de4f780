"""Where time goes: each part's own time, without that of the parts it calls.

Rule: one stack a thread, since work may overlap; a part that is called by another stops the other's
watch while it runs.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

NANOSECONDS: Final = 1e9


class Stopwatch:
    """Counts nanoseconds and calls by the name of the part."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.own: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._threads = threading.local()

    def start(self, part: str) -> None:
        """This part begins, inside whatever runs in this thread."""
        stack = self._stack()
        now = self._clock()
        if stack:
            name, since = stack[-1]
            self.own[name] += now - since
        stack.append((part, now))
        self.calls[part] += 1

    def stop(self, instead: str | None = None) -> None:
        """What began last ends, and what it was inside of goes on; it may turn out to be another.

        What it called meanwhile is not affected by `instead`.
        """
        stack = self._stack()
        now = self._clock()
        name, since = stack.pop()
        self.own[instead or name] += now - since
        if instead:
            self.calls[name] -= 1
            self.calls[instead] += 1
        if stack:
            outer, _ = stack[-1]
            stack[-1] = (outer, now)

    def around(
        self, part: str, function: Callable[..., Any], if_empty: str | None = None
    ) -> Callable[..., Any]:
        """The function, watched as this part; as `if_empty`, if given, where it returns nothing."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            self.start(part)
            result = None
            try:
                result = function(*args, **kwargs)
            finally:
                self.stop(None if result else if_empty)
            return result

        return watched

    def _stack(self) -> list[tuple[str, int]]:
        stack: list[tuple[str, int]] = self._threads.__dict__.setdefault("stack", [])
        return stack
