"""`mediation run`: one process of the pipeline in the foreground."""

from typing import Annotated

import typer

from consumers.cli.process import Process, run_in_foreground


def run(
    process: Annotated[Process, typer.Argument(help="Which one.", show_default=False)],
    until_stdin_ends: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run one consumer, the relay, or the operations console, until SIGTERM or SIGINT.

    Both let it finish its batch, commit and leave its group; it exits with 0 within 10 seconds. It
    logs one JSON object a line on standard error.
    """
    run_in_foreground(process.value, until_stdin_ends=until_stdin_ends)
