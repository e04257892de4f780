"""Do the members of a group that share a process live and end together?"""

import subprocess
import sys
import threading

import pytest

from consumers.members import run_together
from consumers.stopping import StopSignal
from services.errors import BrokerUnavailableError, FloodError

A_PROCESS = """
import os, signal, threading
from consumers import stopping
from consumers.members import run_together
from services.errors import FloodError

def hang(): threading.Event().wait()
def fail(): raise FloodError("too many")
def kill(): os.kill(os.getpid(), signal.SIGTERM)
def work(): stop.wait(60); print("left the group", flush=True)

stopping.GRACE_SECONDS = {grace}
stop = stopping.StopSignal()
stop.install()
run_together({{"one": {one}, "two": {two}}}, stop)
"""


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> StopSignal:
    monkeypatch.setattr("consumers.stopping.GRACE_SECONDS", 3600)
    return StopSignal()


def works(stop: StopSignal) -> None:
    """Until it is asked to stop."""
    assert stop.wait(60)


def process(one: str, two: str, *, grace: float = 3600) -> subprocess.CompletedProcess[str]:
    """A process with these two members."""
    return subprocess.run(
        [sys.executable, "-c", A_PROCESS.format(one=one, two=two, grace=grace)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_each_runs_in_a_thread_of_its_name(stop: StopSignal) -> None:
    both_are_there = threading.Barrier(2)
    names: set[str] = set()

    def member() -> None:
        both_are_there.wait(10)
        names.add(threading.current_thread().name)

    run_together({"first": member, "second": member}, stop)

    assert names == {"first", "second"}


def test_one_that_fails_ends_the_others_and_its_error_is_raised(stop: StopSignal) -> None:
    left: list[bool] = []

    def leaves() -> None:
        left.append(stop.wait(60))

    def fails() -> None:
        raise FloodError("too many")

    with pytest.raises(FloodError, match="too many"):
        run_together({"works": leaves, "fails": fails, "works too": leaves}, stop)

    assert left == [True, True]


def test_of_several_errors_the_first_is_raised(stop: StopSignal) -> None:
    def fails() -> None:
        raise FloodError("too many")

    def fails_as_it_leaves() -> None:
        stop.wait(60)
        raise BrokerUnavailableError("away")

    with pytest.raises(FloodError):
        run_together({"fails": fails, "leaves": fails_as_it_leaves}, stop)


def test_an_error_that_is_none_of_ours_is_raised_too(stop: StopSignal) -> None:
    def buggy() -> None:
        _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        run_together({"buggy": buggy, "works": lambda: works(stop)}, stop)


def test_one_that_ends_without_an_error_is_not_outlived_either(stop: StopSignal) -> None:
    run_together({"ends": lambda: None, "works": lambda: works(stop)}, stop)

    assert stop.is_set()


def test_a_signal_reaches_the_process_while_its_members_work() -> None:
    ended = process("work", "kill")

    assert (ended.returncode, ended.stdout) == (0, "left the group\n")


def test_one_that_hangs_does_not_keep_a_process_that_was_asked_to_stop() -> None:
    assert process("hang", "kill", grace=0.1).returncode == 0


def test_one_that_hangs_does_not_hide_that_another_failed() -> None:
    ended = process("hang", "fail", grace=0.1)

    assert ended.returncode == 1
    assert "too many" in ended.stdout + ended.stderr
