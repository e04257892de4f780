"""Does a process that was asked to stop always end?"""

import subprocess
import sys

HANGS = """
import os, re, signal
from consumers import stopping

stopping.GRACE_SECONDS, stopping.LAST_SECONDS = {grace}, {last}
stopping.StopSignal().install()
os.kill(os.getpid(), signal.SIGTERM)
{hang}
"""
A_WAIT = "signal.pause()"
A_CALL_THAT_HOLDS_THE_INTERPRETER = 're.match("(a+)+$", "a" * 64 + "b")'


def ended(hang: str, *, grace: float, last: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HANGS.format(hang=hang, grace=grace, last=last)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_process_that_cannot_finish_ends_after_the_grace() -> None:
    assert ended(A_WAIT, grace=0.1, last=3600).returncode == 0


def test_a_process_whose_interpreter_is_held_ends_all_the_same_and_says_where_it_hung() -> None:
    process = ended(A_CALL_THAT_HOLDS_THE_INTERPRETER, grace=0.1, last=0.5)

    assert process.returncode == 1
    assert "most recent call first" in process.stderr
