"""How a process is asked to stop, and what happens if it cannot."""

import faulthandler
import os
import signal
import threading

GRACE_SECONDS = 8.0
LAST_SECONDS = 9.0


class StopSignal:
    """Set by SIGTERM or SIGINT: finish the batch, commit, leave, exit with 0.

    If that takes longer than `GRACE_SECONDS`, the process ends all the same: nothing is lost by
    it, since what was not committed is delivered again. Where not even that is possible, because
    a call holds the interpreter, it ends after `LAST_SECONDS`, with 1, and says where it hung.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> None:
        """Take over SIGTERM and SIGINT; only from the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, *_: object) -> None:
        faulthandler.dump_traceback_later(LAST_SECONDS, exit=True)
        self.set()

    def set(self, *, exit_code: int = 0) -> None:
        """Ask to stop; `exit_code` is for a process that then cannot finish in time."""
        watchdog = threading.Timer(GRACE_SECONDS, _leave, [exit_code])
        watchdog.daemon = True
        watchdog.start()
        self._event.set()

    def is_set(self) -> bool:
        """Whether we were asked to stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until asked to stop, `seconds` at most; returns whether we were."""
        return self._event.wait(seconds)


def _leave(exit_code: int) -> None:
    # Nothing that could wait for a lock or for a reader: the log may be what hangs.
    os._exit(exit_code)
