"""A process of the pipeline in the foreground, started as `mediation run NAME`.

Rule: on the way to it nothing is loaded that it can do without. It lives for months, and what was
imported once stays in memory. `tests/architecture/test_lean_processes.py` holds it to that.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from consumers.cli.exits import translated
from consumers.stopping import StopSignal

UNTIL_STDIN_ENDS: Final = "--until-stdin-ends"


class Process(StrEnum):
    """The names in `bootstrap.PROCESSES`, which is too heavy to be loaded for `--help`, and ops."""

    ORDER_DISPUTED = "order-disputed"
    MEDIATOR_ASSIGNED = "mediator-assigned"
    VERDICT_ISSUED = "verdict-issued"
    RELAY = "relay"
    OPS = "ops"


def run_as_asked(arguments: Sequence[str]) -> bool:
    """Run the process if that is what is asked for, word for word; else False, and nothing is done.

    Help, and what is wrong with any other words, is the command line's own to say.
    """
    match list(arguments):
        case ["run", name, *rest] if name in tuple(Process) and rest in ([], [UNTIL_STDIN_ENDS]):
            with translated():
                run_in_foreground(name, until_stdin_ends=bool(rest))
            return True
    return False


def run_in_foreground(name: str, *, until_stdin_ends: bool) -> None:
    """Run the process of this name until SIGTERM or SIGINT or, if so told, standard input ends."""
    if until_stdin_ends:
        threading.Thread(target=_stop_with_parent, name="parent", daemon=True).start()
    stop = StopSignal()
    stop.install()  # before the imports, which take a while: being asked to stop counts from here
    _load_without("rich", "greenlet")
    from consumers.bootstrap import run_process
    from consumers.endpoints import with_broker, with_database
    from services.settings import load_settings

    run_process(name, with_database(with_broker(load_settings())), stop)


def _load_without(*companions: str) -> None:
    """Load structlog as if these were not installed.

    Where it finds them it takes them along: rich, and pygments with it, to draw tracebacks that
    `consumers.logs` has as plain text; greenlet for thread-locals of its own.
    """
    absent = [name for name in companions if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment] # how Python notes that one is not there
    import structlog

    del structlog
    for name in absent:
        del sys.modules[name]


def _stop_with_parent() -> None:
    """End as if asked to, once the process that started us is gone, however it went."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
