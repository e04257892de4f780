"""`mediation run`: one process of the pipeline in the foreground."""

import os
import signal
import threading
from enum import StrEnum
from typing import Annotated

import typer

from consumers.stopping import StopSignal


class Process(StrEnum):
    """The names in `bootstrap.PROCESSES`, which is too heavy to be loaded for `--help`, and ops."""

    ORDER_DISPUTED = "order-disputed"
    MEDIATOR_ASSIGNED = "mediator-assigned"
    VERDICT_ISSUED = "verdict-issued"
    RELAY = "relay"
    OPS = "ops"


def run(
    process: Annotated[Process, typer.Argument(help="Which one.", show_default=False)],
    until_stdin_ends: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run one consumer, the relay, or the operations console, until SIGTERM or SIGINT.

    Both let it finish its batch, commit and leave its group; it exits with 0 within 10 seconds. It
    logs one JSON object a line on standard error.
    """
    if until_stdin_ends:
        threading.Thread(target=_stop_with_parent, name="parent", daemon=True).start()
    stop = StopSignal()
    stop.install()  # before the imports, which take a while: being asked to stop counts from here
    from consumers.bootstrap import run_process
    from consumers.endpoints import with_broker, with_database
    from services.settings import load_settings

    run_process(process.value, with_database(with_broker(load_settings())), stop)


def _stop_with_parent() -> None:
    """End as if asked to, once the process that started us is gone, however it went."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
