"""Every command of `mediation`, joined. Rule: one file a command, and here only its place."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from consumers.cli import case, config, db, dead_letters, keys, topics
from consumers.cli.demo import demo
from consumers.cli.dev import dev
from consumers.cli.doctor import doctor
from consumers.cli.exits import translated
from consumers.cli.prune import prune
from consumers.cli.publish import publish
from consumers.cli.run import run
from consumers.cli.verify import verify


class _Mediation(TyperGroup):
    """Runs every command inside `exits.translated`."""

    def invoke(self, ctx: Any) -> Any:
        with translated():
            return super().invoke(ctx)


app = typer.Typer(
    name="mediation",
    cls=_Mediation,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"mediation {version('mediation-pipeline')}")
        except PackageNotFoundError:
            typer.echo("mediation, from a source tree that is not installed")
        raise typer.Exit


_VersionOption = Annotated[
    bool,
    typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True),
]


@app.callback(
    epilog="Example: mediation demo --check. Without any configuration, everything runs embedded."
)
def _mediation(version: _VersionOption = False) -> None:
    """Order mediation as a pipeline: disputes, mediators and verdicts in; effects out."""


def _add(name: str, does: Callable[..., object], short: str, example: str) -> None:
    app.command(name, short_help=short, epilog=f"Example: {example}")(does)


_add("demo", demo, "Play a dozen disputes on real parts.", "mediation demo --check")
_add(
    "dev", dev, "Run everything here until stopped.", "mediation dev --data-dir /var/tmp/mediation"
)
_add("run", run, "Run one consumer, or the relay.", "mediation run verdict-issued")
_add("publish", publish, "Publish events from a file.", "mediation publish events.jsonl")
_add("doctor", doctor, "Check everything; say what fixes it.", "mediation doctor -o json")
_add(
    "prune",
    prune,
    "Forget payloads of old cases.",
    "mediation prune --older-than 400 --dry-run",
)
_add("verify", verify, "Check that all orders are coherent.", "mediation verify -o json")
for _part in (case, dead_letters, topics, db, keys, config):
    app.add_typer(_part.app)
