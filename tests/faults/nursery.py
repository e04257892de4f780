"""The parent of the pipeline's processes: it has loaded everything, and forks.

Rule: a child is a process like any other (its own session, log and environment) that starts in a
fraction of the time. No child outlives this parent, and this parent not the one that started it.

Orders come as lines of JSON on standard input, news go out as lines of JSON on standard output.
"""

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from tests.faults import doomed


class Nursery:
    """Starts processes of the pipeline, and knows how each one ended."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._codes: dict[int, int] = {}
        self._born: list[int] = []
        self._news = threading.Condition()
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._listener.join(10)
        self._process.stdout.close()

    def start(self, name: str, environment: Mapping[str, str], log: Path) -> int:
        """Start a process by its name in `PROCESSES`; returns its id."""
        order = {"name": name, "environment": dict(environment), "log": str(log)}
        with self._one_at_a_time:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            with self._news:
                if not self._news.wait_for(lambda: self._born, timeout=60):
                    raise RuntimeError(f"the nursery does not answer: {self._log.read_text()}")
                return self._born.pop()

    def code(self, pid: int) -> int | None:
        """How a process ended (minus the signal, or the exit code); None while it lives."""
        return self._codes.get(pid)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._news:
                if "born" in said:
                    self._codes.pop(said["born"], None)  # ids come again
                    self._born.append(said["born"])
                else:
                    self._codes[said["ended"]] = said["code"]
                self._news.notify_all()


def _serve() -> None:
    """Fork on demand until standard input ends; then end every child, and leave."""
    woken, wake = socket.socketpair()
    for each in (woken, wake):
        each.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, _nothing)
    lifeline = os.pipe()
    gc.freeze()
    children: set[int] = set()
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    rest = b""
    while True:
        for key, _ in selector.select():
            if key.fileobj is woken:
                woken.recv(4096)
                _report_the_ended(children)
                continue
            data = os.read(0, 65536)
            if not data:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                pid = _born(json.loads(line), lifeline)
                children.add(pid)
                _say({"born": pid})


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler there must be, or the signal would not wake us."""


def _report_the_ended(children: set[int]) -> None:
    for child in list(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            children.discard(pid)
            _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _born(order: dict[str, Any], lifeline: tuple[int, int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(lifeline[0], 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, 256)  # the lifeline's other end among them: it must be the parent's alone
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.update(order["environment"])
        doomed.run(order["name"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException as error:  # whatever it is, the child must not go on as its parent
        os.write(2, f"{error!r}\n".encode())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(news: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve()
