"""The command line, `mediation`. Rule: data on standard output, everything else on standard error.

`app.py` joins the commands; `exits.py` alone decides how one ends, `output.py` how data looks. What
runs for months, `mediation run NAME`, is started without any of the others.
"""

import sys


def main() -> None:
    """Run the command line; what a terminal cannot write is written as its escape."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    from consumers.cli.process import run_as_asked

    if not run_as_asked(sys.argv[1:]):
        from consumers.cli.app import app

        app(prog_name="mediation")
