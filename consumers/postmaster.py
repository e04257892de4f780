"""The server process of the embedded database: make its files, start it, take it over, stop it.

Rule: whatever was killed, and whenever, the next start ends with one server on whole files.
PostgreSQL's own interlocks are waited for, never removed while a process may still write.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from consumers.errors import EmbeddedPartFailedError

WRITING_SECONDS = 5.0
"""How long a `postmaster.pid` that says nothing counts as one that is just being written."""

_SETTLING_SECONDS = 60.0
_POLL_SECONDS = 0.02
_PORT = 5432  # names the socket; nothing listens on the network
_LONGEST_SOCKET_PATH = 100  # bytes; the systems' own limits are 103 to 107


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says of a server that runs, or that was killed."""

    pid: int
    port: int
    socket_dir: str
    segment: tuple[int, int]  # key and id of its shared memory, zeros when unknown
    status: str

    @classmethod
    def read(cls, cluster_dir: Path) -> Self | None:
        """The file's words; None where there is no file, or one that says nothing (yet)."""
        try:
            lines = (cluster_dir / "postmaster.pid").read_text().splitlines()
            pid, _, _, port, socket_dir, _, segment, status = lines + [""] * (8 - len(lines))
            key, identity = (int(word) for word in (segment or "0 0").split())
            return cls(int(pid), int(port or 0), socket_dir, (key, identity), status.strip())
        except (FileNotFoundError, ValueError):
            return None

    def serves(self, cluster_dir: Path) -> bool:
        """Whether that process still is a server of these files, not a corpse or a namesake."""
        import psutil  # comes with the wheel, as optional as that

        try:
            process = psutil.Process(self.pid)
            is_dead = process.status() == psutil.STATUS_ZOMBIE
            return not is_dead and str(cluster_dir) in process.cmdline()
        except psutil.Error:
            return False

    def has_survivors(self) -> bool:
        """Whether children of a killed server still hold its memory; they end in a moment."""
        if self.segment == (0, 0):
            return False
        wanted = (self.segment[0] & 0xFFFFFFFF, self.segment[1])
        try:
            rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
        except OSError:
            return False  # not Linux: the server looks for itself, and says so
        for row in rows:
            key, identity, _, _, _, _, attached, *_ = (int(word) for word in row.split())
            if (key & 0xFFFFFFFF, identity) == wanted and attached:
                return True
        return False


class Programs(Protocol):
    """What the wheel knows of its programs."""

    bin_path: Path
    system_user: str | None
    """Whom they run as when we are root, which PostgreSQL refuses to be."""


class PostgresFiles:
    """A PostgreSQL cluster in `directory`, run by the programs of the wheel.

    The caller is the directory's only user, and has cleared the environment of PG variables.
    Every method raises EmbeddedPartFailedError, OSError or subprocess.SubprocessError.
    """

    def __init__(self, directory: Path, programs: Programs) -> None:
        self.directory = directory
        self.log = directory / "log"
        self._programs = programs

    def start(self) -> Postmaster:
        """Start the server, or take over the one that a killed owner left running."""
        for may_try_again in (True, False):
            running = self._settled()
            if running is not None:
                return running
            try:
                self._pg_ctl("start", "-l", str(self.log), "-o", self._options())
            except subprocess.CalledProcessError:
                # A start that a killed owner had begun may have won against ours: look again.
                if not may_try_again:
                    raise
        running = self._settled()
        if running is None:
            raise EmbeddedPartFailedError("the PostgreSQL server ended as soon as it had started")
        return running

    def is_running(self) -> bool:
        """Whether a server of these files lives."""
        postmaster = Postmaster.read(self.directory)
        return postmaster is not None and postmaster.serves(self.directory)

    def stop(self) -> None:
        """End the server, its clients' sessions with it; nothing to do when it was killed."""
        running = Postmaster.read(self.directory)
        if running is None or not running.serves(self.directory):
            return
        try:
            self._pg_ctl("stop", "-m", "fast")
        except subprocess.CalledProcessError:
            self._pg_ctl("stop", "-m", "immediate")  # the next start recovers from its log
        if Path(running.socket_dir) != self.directory:
            with suppress(OSError):
                Path(running.socket_dir).rmdir()

    def _settled(self) -> Postmaster | None:
        """Wait until what was left behind is either a ready server or none at all."""
        pid_file = self.directory / "postmaster.pid"
        legible_at = began = time.monotonic()
        while (now := time.monotonic()) < began + _SETTLING_SECONDS:
            left = Postmaster.read(self.directory)
            if left is None:
                if not pid_file.exists():
                    return None
                in_use = now < legible_at + WRITING_SECONDS
            elif left.serves(self.directory):
                if left.status == "ready":
                    return left
                legible_at, in_use = now, True
            else:
                legible_at, in_use = now, left.has_survivors()
            if not in_use:
                # Nobody writes these files now. A process id that another process has got since,
                # or that is a corpse's, would keep the server from starting.
                (self._socket_dir() / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)
                pid_file.unlink(missing_ok=True)
                return None
            time.sleep(_POLL_SECONDS)
        raise EmbeddedPartFailedError(
            f"the PostgreSQL server left in {self.directory} neither became ready nor ended"
        )

    def _options(self) -> str:
        sockets = str(self._socket_dir()).replace('"', '""')
        setting = shlex.quote(f'unix_socket_directories="{sockets}"')
        return f"-p {_PORT} -c listen_addresses= -c {setting}"

    def _socket_dir(self) -> Path:
        """The cluster's own directory, or another where libpq could not read or bear its path."""
        length = len(os.fsencode(self.directory / f".s.PGSQL.{_PORT}"))
        if length <= _LONGEST_SOCKET_PATH and "," not in str(self.directory):
            return self.directory
        name = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        shorter = Path(tempfile.gettempdir()) / f"mediation-{name}"
        owner = self.directory.stat().st_uid
        shorter.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(shorter, owner, -1, follow_symlinks=False)
        if shorter.is_symlink() or shorter.stat().st_uid != owner:
            raise EmbeddedPartFailedError(f"{shorter} belongs to someone else: remove it")
        return shorter

    def _pg_ctl(self, action: str, *arguments: str) -> None:
        program = str(self._programs.bin_path / "pg_ctl")
        subprocess.run(
            [program, action, "-w", "-t", "60", "-s", "-D", str(self.directory), *arguments],
            check=True,
            cwd="/",  # where the user that root runs it as may be
            user=self._programs.system_user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # never a pipe: the server would hold it open
        )


def make_aside(parent: Path, name: str) -> Path:
    """An empty directory to fill and then to rename into place; earlier half-made ones go."""
    for leftover in parent.glob(f"{name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}.new-", dir=parent))
