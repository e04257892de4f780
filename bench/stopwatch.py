"""Where time goes: each part's own time, without that of the parts it calls.

Rule: one stack a thread, since work may overlap; a part that is called by another stops the other's
watch while it runs.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Thread:
    stack: list[tuple[str, int]] = field(default_factory=list)
    own: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)


class Stopwatch:
    """Counts nanoseconds and calls by the name of the part."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._here = threading.local()
        self._threads: list[_Thread] = []

    @property
    def own(self) -> dict[str, int]:
        """Nanoseconds of each part, in all threads."""
        return dict(sum((each.own for each in self._threads), Counter()))

    @property
    def calls(self) -> dict[str, int]:
        """How often each part was called."""
        return dict(sum((each.calls for each in self._threads), Counter()))

    def start(self, part: str) -> None:
        """This part begins, inside whatever runs in this thread."""
        here = self._thread()
        now = self._clock()
        if here.stack:
            name, since = here.stack[-1]
            here.own[name] += now - since
        here.stack.append((part, now))
        here.calls[part] += 1

    def stop(self, instead: str | None = None) -> None:
        """What began last ends, and what it was inside of goes on; it may turn out to be another.

        What it called meanwhile is not affected by `instead`.
        """
        here = self._thread()
        now = self._clock()
        name, since = here.stack.pop()
        here.own[instead or name] += now - since
        if instead:
            here.calls[name] -= 1
            here.calls[instead] += 1
        if here.stack:
            outer, _ = here.stack[-1]
            here.stack[-1] = (outer, now)

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

    def _thread(self) -> _Thread:
        here: _Thread | None = getattr(self._here, "thread", None)
        if here is None:
            here = self._here.thread = _Thread()
            self._threads.append(here)
        return here
