"""`mediation topics`: the topics on a Kafka of your own."""

from typing import Annotated

import typer

from consumers.cli.connections import opened_admin
from consumers.cli.output import Output, OutputOption, show_json, show_table

app = typer.Typer(
    name="topics", no_args_is_help=True, help="The topics that the pipeline reads and writes."
)


@app.callback(epilog="Example: mediation topics create --dry-run")
def _topics() -> None:
    """The topics that the pipeline reads and writes."""


@app.command(epilog="Example: mediation topics create --partitions 12 --replication-factor 3")
def create(
    partitions: Annotated[
        int,
        typer.Option(min=1, max=10_000, help="Of each new topic; more let more consumers share."),
    ] = 6,
    replication_factor: Annotated[
        int | None,
        typer.Option(min=1, max=32_767, help="Of each new topic.", show_default="the brokers' own"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is missing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Create the topics that do not exist. Those that do are left as they are."""
    from consumers.bootstrap import ALL_TOPICS
    from consumers.stack import BROKERS_CHOICE
    from services.settings import load_settings

    with opened_admin(load_settings()) as admin:
        missing = set(ALL_TOPICS) - admin.topics()
        if missing and not dry_run:
            factor = replication_factor or BROKERS_CHOICE
            missing = set(
                admin.create_topics(ALL_TOPICS, partitions=partitions, replication_factor=factor)
            )
    fate = "would be created" if dry_run else "created"
    rows = [(name, fate if name in missing else "exists") for name in sorted(ALL_TOPICS)]
    if output is Output.JSON:
        show_json([{"topic": name, "status": status} for name, status in rows])
    else:
        show_table(["topic", "status"], rows)
