"""`mediation dev`: the whole stack, left running until it is asked to stop."""

import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli.visible import visible

if TYPE_CHECKING:
    from consumers.endpoints import Endpoints
    from consumers.stack import Stack

_MEND_SECONDS = 0.25


def dev(
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where the database and the logs are kept.", show_default=".mediation"),
    ] = None,
) -> None:
    """Run everything on this machine until SIGTERM or SIGINT, with the database kept in DIR.

    What is not configured comes embedded. When ready, one line of JSON on standard output says
    where the broker and the database are; other commands find them by themselves. A process that
    dies is restarted. MEDIATION_METRICS_PORT is the first of four ports, one a process; the
    operations console has its own. The embedded broker keeps nothing: what was not consumed when
    this stops is gone.
    """
    from consumers.endpoints import Endpoints, announced
    from consumers.stack import Stack
    from services.settings import load_settings

    settings = load_settings()
    stop = _stop_event()
    with Stack(settings, data_dir or settings.data_dir, _say) as stack:
        if stop.is_set():
            return
        stack.start_processes(console=True)
        stack.wait_until_ready(stopping=stop.is_set)
        endpoints = Endpoints.of(stack.settings)
        with announced(endpoints, stack.data_dir):
            if not stop.is_set():
                typer.echo(json.dumps(_ready_line(stack, endpoints)))
                _say(f"ready; the console is at {stack.console_url} and Ctrl-C stops it")
            while not stop.wait(_MEND_SECONDS):
                stack.mend()
        _say("stopping")


def _ready_line(stack: "Stack", endpoints: "Endpoints") -> dict[str, object]:
    return {
        "bootstrap_servers": endpoints.bootstrap_servers,
        "kafka_api_version": endpoints.kafka_api_version,
        "database_url": endpoints.database_url,
        "data_dir": str(stack.data_dir),
        "logs": str(stack.data_dir / "logs"),
        "console": stack.console_url,
        "encoding": "avro single-object (or Confluent framing); key: order_id",
        "pid": endpoints.pid,
        "processes": stack.processes,
    }


def _stop_event() -> threading.Event:
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    return stop


def _say(line: str) -> None:
    typer.echo(f"mediation dev: {visible(line)}", err=True)
