"""Runs `mediation` as a person would: a process of its own, in a directory that is not ours."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from services.settings import PREFIX
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-P", "-m", "consumers.cli"]
STOPPING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Mediation:
    """The command line, as seen from one data directory, with these settings and no others."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Ours without any setting, plus those of this command line."""
        neutral = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        ours = {"data_dir": str(self.data_dir), **self.settings}
        settings = {f"{PREFIX}{name.upper()}": value for name, value in ours.items()}
        return neutral | settings | {"PYTHONPATH": str(ROOT)}

    def __call__(self, *arguments: str, stdin: bytes = b"") -> "Ended":
        """Run a command to its end."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            cwd=self.data_dir,
            env=self.environment(),
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said on standard output, as the JSON that it must be."""
        return json.loads(self.out)


class Dev:
    """A `mediation dev`, ready on entry, stopped on exit."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.mediation = Mediation(data_dir, settings)
        self._process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with (self.mediation.data_dir / "dev.log").open("ab") as log:
            self._process = process = subprocess.Popen(
                [*COMMAND, "dev"],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.mediation.data_dir,
                env=self.mediation.environment(),
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            self.kill()
            raise AssertionError(f"it did not become ready: {self.said()}")
        self.ready = json.loads(line)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; returns the exit code. It has 10 seconds."""
        return self._ended_by(number)

    def kill(self) -> None:
        """As the kernel would."""
        self._ended_by(signal.SIGKILL)

    def said(self) -> str:
        """What it said on standard error up to now."""
        return (self.mediation.data_dir / "dev.log").read_text()

    def _ended_by(self, number: int) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(number)
        code = self._process.wait(STOPPING_SECONDS)
        self._process.stdout.close()
        return code


def lives(pid: int) -> bool:
    """Whether this process runs; one that ended and was not yet waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return status != "Z"


def until_gone(pids: list[int]) -> None:
    """Wait until none of these processes runs any more."""
    eventually(
        lambda: not any(lives(pid) for pid in pids), timeout=20, message="the processes would end"
    )
