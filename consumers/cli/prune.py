"""`mediation prune`: old cases lose their payloads. Rule: how old is always said, never guessed."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli.connections import opened_database
from consumers.cli.mending import person
from consumers.cli.output import Output, OutputOption, show_json, show_pairs

if TYPE_CHECKING:
    from services.storage.pruning import Pruned


def prune(
    older_than: Annotated[
        int,
        typer.Option(min=1, max=36_500, metavar="DAYS", help="What saw nothing for so many days."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and write nothing.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Forget the payloads of orders that mediation closed, and of settled dead letters.

    What decides about later events stays: a verdict is final after it, an event that comes again is
    ignored, and no figure changes. It may be stopped, and begun again, while the pipeline works.
    """
    from services.clock import system_clock
    from services.pruning import Pruning
    from services.settings import load_settings
    from services.storage.pruning import Pruned
    from services.storage.schema import require_needed_version

    before = system_clock() - timedelta(days=older_than)
    total = Pruned()
    with opened_database(load_settings()) as database:
        require_needed_version(database)
        pruning = Pruning(database, person(), system_clock)
        for pruned in pruning.prune(before, dry_run=dry_run):
            total += pruned
    if output is Output.JSON:
        show_json(asdict(total) | {"older_than": before, "dry_run": dry_run})
    else:
        _show(total, before, dry_run)


def _show(total: "Pruned", before: datetime, dry_run: bool) -> None:
    typer.echo(f"{'would go' if dry_run else 'gone'}: what saw nothing since {before:%Y-%m-%d}\n")
    show_pairs(
        {
            "orders closed by mediation": total.orders,
            "payloads of events": total.events,
            "events that had waited": total.parked_events,
            "messages of dead letters": total.dead_letters,
            "bytes": total.bytes,
        },
        indent="  ",
    )
