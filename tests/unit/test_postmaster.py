"""What is believed of the file that a PostgreSQL server leaves of itself?"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from consumers.postmaster import PostgresFiles, Postmaster

WRITTEN = "{pid}\n{directory}\n1772500000\n5432\n{directory}\n\n        0         0\nready\n"


@dataclass
class NoPrograms:
    """There is nothing to start: a server that is there can only be taken over."""

    bin_path: Path = Path("/nowhere")
    system_user: str | None = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a server of the files in `tmp_path`."""
    program = [sys.executable, "-c", "import sys; sys.stdin.read()", str(tmp_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_file_that_is_just_being_written_is_waited_for(
    server: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text("")
    written = WRITTEN.format(pid=server.pid, directory=tmp_path)

    writing = threading.Timer(0.2, pid_file.write_text, [written])
    writing.start()
    found = PostgresFiles(tmp_path, NoPrograms()).start()
    writing.join()

    assert (found.pid, found.status) == (server.pid, "ready")


def test_a_file_that_never_says_anything_was_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.postmaster.WRITING_SECONDS", 0.1)
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text("")

    with pytest.raises(FileNotFoundError, match="pg_ctl"):
        PostgresFiles(tmp_path, NoPrograms()).start()

    assert not pid_file.exists()


def test_a_server_that_had_no_memory_yet_has_no_survivors() -> None:
    killed = Postmaster(pid=1, port=0, socket_dir="", segment=(0, 0), status="starting")

    assert not killed.has_survivors()
