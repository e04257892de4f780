"""Processes of the pipeline, each with settings of its own, and all that they say kept."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.commands import COMMAND, Mediation
from tests.eventually import eventually

READY = {"relay": "relaying", "ops": "serving"}


@dataclass(frozen=True, slots=True)
class Running:
    """One process, and the file that has what it said."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def until_it_says(self, words: str, timeout: float = 60) -> str:
        """Wait until it has said these words, and lives."""
        eventually(
            lambda: words in self.said or self.process.poll() is not None,
            timeout,
            f"{self.name} would say {words}: {self.said[-2000:]}",
        )
        assert words in self.said, self.said[-2000:]
        return self.said

    def until_ready(self) -> None:
        """Wait until it has its partitions, or its slots."""
        self.until_it_says(READY.get(self.name, "partitions_assigned"))

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.terminate()
        return self.process.wait(15)


@contextmanager
def running(name: str, directory: Path, **settings: str) -> Iterator[Running]:
    """`mediation run NAME` with these settings, until the end of the block."""
    settings = {"log_format": "json"} | settings
    log = directory / f"{name}-{len(list(directory.glob('*.log')))}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*COMMAND, "run", name],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=Mediation(directory, settings).environment(),
        )
    try:
        yield Running(name, process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
