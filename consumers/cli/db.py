"""`mediation db`: the database's own schema."""

import typer

from consumers.cli.connections import opened_database
from consumers.cli.output import Output, OutputOption, show_json
from consumers.cli.visible import visible

app = typer.Typer(name="db", no_args_is_help=True, help="The database's own schema.")


@app.callback(epilog="Example: mediation db upgrade")
def _db() -> None:
    """The database's own schema."""


@app.command(epilog="Example: mediation db upgrade")
def upgrade(output: OutputOption = Output.TABLE) -> None:
    """Bring the database to the schema that this release needs, in one transaction.

    Done twice, it does nothing. A database of a newer release is refused.
    """
    from services.settings import load_settings
    from services.storage import schema

    with opened_database(load_settings()) as database:
        before, after = schema.upgrade(database)
        address = database.address
    if output is Output.JSON:
        show_json({"database": address, "before": before, "after": after})
    elif before == after:
        typer.echo(f"{visible(address)} already has schema version {after}")
    else:
        typer.echo(f"{visible(address)}: from schema version {before or 'none'} to {after}")
