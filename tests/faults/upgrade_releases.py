"""Releases of the pipeline, each in a tree of its own, and the processes that run from them.

Rule: this checkout is installed in the virtual environment, so every process says first which files
it has imported, and ends if they are another release's.
"""

import io
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import consumers
from consumers.bootstrap import RELAY
from consumers.processes import environment
from services.settings import Settings
from tests.eventually import eventually

PREVIOUS = "f576c97"
"""The commit of the release before this one."""

STOP_SECONDS = 10.0
"""What the documentation promises."""

_HERE = Path(consumers.__file__).parent.parent
PARTS = ("schemas", "services", "consumers")
_COMMAND_LINE = """
import pathlib, sys
import consumers, schemas, services
tree = pathlib.Path(sys.argv.pop(1))
for part in (consumers, schemas, services):
    assert pathlib.Path(part.__file__).parent.parent == tree, (part.__file__, tree)
from consumers.cli import main
main()
"""
_READY = {RELAY: b'"relaying"'}
_ASSIGNED = b"partitions_assigned"


@dataclass(frozen=True, slots=True)
class Release:
    """A release: what it is called here, and the directory of its three packages."""

    name: str
    tree: Path

    def command(self, *arguments: str) -> list[str]:
        """`mediation ARGUMENTS` of this release."""
        return [sys.executable, "-P", "-c", _COMMAND_LINE, str(self.tree), *arguments]

    def environment(self, settings: Settings, name: str = RELAY) -> dict[str, str]:
        """The environment in which the command finds this release and these settings.

        The format of its log is named, since N−1 does not know `auto`, which is the default of N.
        """
        ours = {"PYTHONPATH": str(self.tree), "MEDIATION_LOG_FORMAT": "json"}
        return environment(settings, name) | ours

    def run(self, settings: Settings, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command to its end; returns what it wrote. Another exit code is an error."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        said = f"{self.name}: {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode in codes, said
        return done.stdout


def this_release() -> Release:
    """What is in this checkout."""
    return Release("N", _HERE)


def previous_release(directory: Path, commit: str = PREVIOUS) -> Release:
    """The release before, taken from the history of this checkout."""
    tree = directory / commit
    archive = subprocess.run(
        ["git", "-C", str(_HERE), "archive", commit, *PARTS], capture_output=True, check=False
    )
    if archive.returncode:
        raise AssertionError(
            f"the release before this one, commit {commit}, is not in the history of this"
            f" checkout ({archive.stderr.decode().strip()}): a shallow clone lacks it; run"
            " `git fetch --unshallow`, and in CI check out with the whole history (fetch-depth: 0)"
        )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")
    return Release("N-1", tree)


@dataclass(slots=True, eq=False)
class Worker:
    """A process of a release."""

    release: Release
    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def ready(self) -> bool:
        """Whether it has been given partitions, or has looked for slots."""
        assert self.process.poll() is None, f"{self.log.name}: {self.log.read_text()[-2000:]}"
        return _READY.get(self.name, _ASSIGNED) in self.log.read_bytes()


class Fleet:
    """Starts workers of several releases on the same ground, and ends them."""

    def __init__(self, settings: Settings, logs: Path) -> None:
        self.findings: list[str] = []
        self.stops: list[float] = []
        self.workers: list[Worker] = []
        self._settings = settings
        self._logs = logs
        self._number = 0
        logs.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill(self.workers)

    def of(self, release: Release) -> list[Worker]:
        """The workers of a release that are there."""
        return [each for each in self.workers if each.release == release]

    def start(self, release: Release, *names: str) -> list[Worker]:
        """Start these processes, and wait until they are ready for work."""
        new = [self._started(release, name) for name in names]
        self.workers += new
        eventually(lambda: all(each.ready for each in new), 120, f"{release.name} is ready")
        return new

    def stop(self, workers: list[Worker]) -> None:
        """Ask them to stop; over ten seconds, or another exit code than 0, is a finding."""
        since = time.monotonic()
        for each in workers:
            each.process.terminate()
        for each in workers:
            late = False
            try:
                each.process.wait(max(STOP_SECONDS - (time.monotonic() - since), 0.01))
            except subprocess.TimeoutExpired:
                late = True
                each.process.kill()
                each.process.wait()
            self.stops.append(time.monotonic() - since)
            if late or each.process.returncode:
                code = each.process.returncode
                self.findings.append(f"{each.log.name}: stopped late or badly, with {code}")
        self._forget(workers)

    def kill(self, workers: list[Worker]) -> None:
        """`kill -9`."""
        for each in workers:
            each.process.kill()
        for each in workers:
            each.process.wait()
        self._forget(workers)

    def _started(self, release: Release, name: str) -> Worker:
        self._number += 1
        log = self._logs / f"{self._number:02}-{release.name}-{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                release.command("run", name, "--until-stdin-ends"),
                stdin=subprocess.PIPE,  # ends with us, however we end
                stdout=file,
                stderr=file,
                env=release.environment(self._settings, name),
                start_new_session=True,
            )
        return Worker(release, name, log, process)

    def _forget(self, workers: list[Worker]) -> None:
        for each in workers:
            assert each.process.stdin is not None
            each.process.stdin.close()
        self.workers = [each for each in self.workers if each not in workers]
