"""A contestant's process: started, waited for, ended, and quoted when it fails.

Rule: whoever starts one ends it, by its own process id.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.2  # between two looks at the database: they cost the contestant something


class ContestantError(Exception):
    """A contestant did not do its work; says why, in its own last words."""


class Worker:
    """One process from entry to exit; its output is kept in `log`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def wait_until(self, done: Callable[[], bool], seconds: float) -> None:
        """Look until it is done. One that ends with 0 may have done it all.

        Raises:
            ContestantError: it failed, or the time is up.
        """
        deadline = time.monotonic() + seconds
        while not done():
            code = self.process.poll()
            if code is not None and not (code == 0 and done()):
                raise ContestantError(f"ended with {code}: {self.last_words}")
            if time.monotonic() > deadline:
                raise ContestantError(f"not done after {seconds:g} s: {self.last_words}")
            time.sleep(_LOOK_SECONDS)

    @property
    def last_words(self) -> str:
        """The last line that it said."""
        lines = self._log.read_text(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
