"""Virtual time, and who runs next.

Rule: one thread, and one task at a time. A task runs until it waits; time passes only while all
of them wait, and then it jumps to the first that is due. Nothing here draws a random number, so
the waits that the tasks ask for decide everything.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from greenlet import greenlet  # type: ignore[import-untyped]  # it ships no types

_MORE_THAN_ENOUGH_TURNS = 1_000_000


class Task:
    """A function that runs in a greenlet of its own. `turn` counts how often it was woken."""

    def __init__(self, run: Callable[[], None], hub: greenlet) -> None:
        self.greenlet = greenlet(run, hub)
        self.turn = 0


Condition = Callable[[], bool]


class Scheduler:
    """Runs tasks and timers in the order in which they are due."""

    def __init__(self) -> None:
        self.now = 0.0
        self._hub = greenlet.getcurrent()
        self._numbers = count()
        self._current: Task | None = None
        self._tasks: list[Task] = []
        self._due: list[tuple[float, int, Task | Callable[[], None], int]] = []
        self._waiting: list[tuple[Condition, Task, int]] = []
        self._running = False

    def spawn(self, run: Callable[[], None]) -> None:
        """Start a task, as soon as the others wait."""
        task = Task(run, self._hub)
        self._tasks = [each for each in self._tasks if not each.greenlet.dead]
        self._tasks.append(task)
        self._wake_at(self.now, task)

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Call `act` at a moment, outside of all tasks; it must not wait."""
        heappush(self._due, (max(when, self.now), next(self._numbers), act, 0))

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass, and others run."""
        when = self.now + seconds
        if when < self._due[0][0]:
            self.now = when  # nobody is due before
        else:
            assert self._current is not None
            self._wake_at(when, self._current)
            self._hub.switch()

    def wait_until(self, condition: Condition, seconds: float) -> bool:
        """Wait until something has `changed` and the condition is true; False if it is too late."""
        deadline = self.now + seconds
        task = self._current
        assert task is not None
        while not condition():
            if self.now >= deadline:
                return False
            waiting = (condition, task, task.turn)
            self._waiting.append(waiting)
            self._wake_at(deadline, task)
            self._hub.switch()
            if waiting in self._waiting:
                self._waiting.remove(waiting)
        return True

    def changed(self) -> None:
        """Something happened that others may wait for: wake those whose condition is true now."""
        for waiting in [each for each in self._waiting if each[0]()]:
            self._waiting.remove(waiting)
            heappush(self._due, (self.now, next(self._numbers), waiting[1], waiting[2]))

    def run(self, until: Condition, every: float, limit: float) -> bool:
        """Run until a condition, looked at every few seconds; False if `limit` seconds pass first.

        Also False if the tasks spin, so that time stands still.
        """
        last = self.now + limit
        self._running = True
        fulfilled = False

        def look() -> None:
            nonlocal fulfilled
            fulfilled = until()
            self._running = not fulfilled and self.now < last
            if self._running:
                self.at(min(self.now + every, last), look)

        self.at(self.now, look)
        for _ in range(_MORE_THAN_ENOUGH_TURNS):
            if not self._running:
                return fulfilled
            self._take_turn()
        return False

    def end(self, error: type[BaseException]) -> None:
        """Raise `error` in every task, and forget all that was to happen."""
        for task in self._tasks:
            self._current = task
            if task.greenlet:
                task.greenlet.throw(error)
        self._due.clear()
        self._waiting.clear()

    def _take_turn(self) -> None:
        when, _, due, turn = heappop(self._due)
        if not isinstance(due, Task):
            self.now, self._current = when, None
            due()
        elif due.turn == turn and not due.greenlet.dead:
            due.turn += 1
            self.now, self._current = when, due
            due.greenlet.switch()

    def _wake_at(self, when: float, task: Task) -> None:
        heappush(self._due, (when, next(self._numbers), task, task.turn))
