"""`mediation case`: what is known of an order, and how it came to that."""

from typing import Annotated

import typer

from consumers.cli.connections import reading
from consumers.cli.output import Output, OutputOption, show_json
from consumers.errors import ProblemFoundError

app = typer.Typer(name="case", no_args_is_help=True, help="What is known of an order.")


@app.callback(epilog="Example: mediation case show order-1")
def _case() -> None:
    """What is known of an order."""


@app.command(epilog="Example: mediation case show order-1 -o json")
def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", show_default=False)],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show an order's restrictions, disputes, money, timeline and effects.

    The database keeps the events; their effects are told again from them by the rules, with the
    same ids and sequence as they were published.
    """
    from consumers.bootstrap import make_codec
    from consumers.cli.case_file import read_case_file
    from consumers.cli.case_pages import as_json, show_pages
    from services.settings import load_settings

    codec = make_codec(load_settings())
    with reading() as connection:
        file = read_case_file(connection, codec, order_id)
    if file is None:
        raise ProblemFoundError(f"nothing is known of order {order_id}")
    if output is Output.JSON:
        show_json(as_json(file))
    else:
        show_pages(file)
