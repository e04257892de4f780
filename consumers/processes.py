"""The processes of the pipeline as children of this one: started, watched, restarted, stopped.

Rule: a child never outlives us. It holds the reading end of a pipe whose other end is ours, and
stops as soon as that ends, however we ended.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import consumers
from consumers.bootstrap import OPS, PROCESSES, RELAY
from services.fields import SecretStr
from services.retry import Backoff
from services.settings import PREFIX, Settings

STOP_SECONDS: Final = 8.5
"""How long a child may take to stop before it is killed; it gives up by itself a little earlier."""

_STEADY_SECONDS = 15.0  # a child that lived for so long starts its backoff anew
_POLL_SECONDS = 0.05
_TAIL_BYTES = 16 * 1024
_READY_WORDS = {RELAY: b"relaying", OPS: b"serving"}
_READY_WORD = b"partitions_assigned"


@dataclass(slots=True)
class Child:
    """One process of the pipeline. `said_before` is how much its log held when it was started."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]
    started_at: float
    said_before: int
    failures: int = 0
    restart_at: float | None = None

    @property
    def ready(self) -> bool:
        """Whether it runs, and a member of it was given its partitions, or it has its slots."""
        if self.process.poll() is not None:
            return False
        with self.log.open("rb") as file:
            file.seek(self.said_before)
            return _READY_WORDS.get(self.name, _READY_WORD) in file.read()

    @property
    def last_words(self) -> str:
        """The last line of its log."""
        with self.log.open("rb") as file:
            file.seek(max(self.said_before, self.log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


class Children:
    """`mediation run NAME` for each name, with one log file each in `log_dir`.

    `say` is told, a line at a time, when a child ended that should not have.
    """

    def __init__(self, settings: Settings, log_dir: Path, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._log_dir = log_dir
        self._say = say
        self._backoff = Backoff(initial=0.5, maximum=30.0)
        self._children: dict[str, Child] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of every child that runs."""
        running = {
            name: c.process for name, c in self._children.items() if c.process.poll() is None
        }
        return {name: process.pid for name, process in running.items()}

    def start(self, names: Sequence[str]) -> None:
        """Start these children. Their logs of an earlier time are kept as `NAME.log.old`."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        for name in names:
            log = self._log_dir / f"{name}.log"
            if log.exists():
                log.replace(log.with_suffix(".log.old"))
            self._children[name] = self._started(name, log)

    def not_ready(self) -> dict[str, str]:
        """The children that cannot take work yet, with the last line of each one's log."""
        return {name: c.last_words for name, c in self._children.items() if not c.ready}

    def mend(self) -> None:
        """Restart those that ended, each after a delay that grows; to be called again and again."""
        now = time.monotonic()
        for name, child in self._children.items():
            if child.process.poll() is None:
                continue
            if child.restart_at is None:
                steady = now - child.started_at > _STEADY_SECONDS
                child.failures = 1 if steady else child.failures + 1
                child.restart_at = now + self._backoff.delay(child.failures)
                self._say(
                    f"{name} ended {_how(child.process.returncode)}, restarting in"
                    f" {child.restart_at - now:.1f} s; its last line: {child.last_words}"
                )
            elif now >= child.restart_at:
                failures = child.failures
                self._children[name] = self._started(name, child.log)
                self._children[name].failures = failures

    def stop(self) -> None:
        """Ask all of them to stop, and kill those that do not within `STOP_SECONDS`."""
        children, self._children = self._children, {}
        for child in children.values():
            child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for name, child in children.items():
            try:
                child.process.wait(max(deadline - time.monotonic(), _POLL_SECONDS))
            except subprocess.TimeoutExpired:
                self._say(f"{name} did not stop and was killed")
                child.process.kill()
                child.process.wait()
            _let_go(child.process)

    def _started(self, name: str, log: Path) -> Child:
        earlier = self._children.get(name)
        if earlier is not None:
            _let_go(earlier.process)
        with log.open("ab") as file:
            said_before = file.tell()
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "consumers.cli", "run", name, "--until-stdin-ends"],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                env=environment(self._settings, name),
                start_new_session=True,  # Ctrl-C is for us: we stop them in our own time
            )
        return Child(name, log, process, time.monotonic(), said_before)


def environment(settings: Settings, name: str) -> dict[str, str]:
    """Our environment with `settings` in it, for the child `name`.

    The children cannot share the port of the metrics: each takes the next one, in the order of
    `PROCESSES`. Readiness is read from their logs, so these say at least what is `info`.
    """
    others = {key: value for key, value in os.environ.items() if not key.upper().startswith(PREFIX)}
    said = {key: value for key, value in settings.items() if value is not None}
    if settings.metrics_port and name in PROCESSES:
        said["metrics_port"] = settings.metrics_port + PROCESSES.index(name)
    if settings.log_level in {"warning", "error"}:
        said["log_level"] = "info"
    root = str(Path(consumers.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return others | _as_text(said) | {"PYTHONPATH": os.pathsep.join(paths)}


def _as_text(said: Mapping[str, object]) -> dict[str, str]:
    return {
        f"{PREFIX}{key.upper()}": (
            value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        )
        for key, value in said.items()
    }


def _how(code: int) -> str:
    return f"with exit code {code}" if code >= 0 else f"by signal {-code}"


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
