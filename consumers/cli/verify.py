"""`mediation verify`: does everything that the database keeps fit together?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli.connections import opened_database
from consumers.cli.exits import OK, PROBLEM
from consumers.cli.output import Output, OutputOption, show_json
from consumers.cli.visible import visible
from consumers.errors import ProblemFoundError

if TYPE_CHECKING:
    from services.auditor import Auditor, Chunk


def verify(
    order: Annotated[
        str | None, typer.Option("--order", metavar="ORDER_ID", help="Look at this order alone.")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Hold every order together: its state, events, money, effects, and what was counted of it.

    It only reads, and the pipeline may go on meanwhile. Exits with 0 if all is coherent, and with 1
    after naming every order that is not, and what is wrong with it.
    """
    from consumers.bootstrap import make_codec
    from services.audit import Violation
    from services.auditor import Auditor
    from services.settings import load_settings
    from services.storage.schema import require_needed_version

    settings = load_settings()
    with opened_database(settings) as database:
        require_needed_version(database)
        auditor = Auditor(database, make_codec(settings))
        orders, violations = 0, list[Violation]()
        for chunk in _looked_at(auditor, order):
            orders += chunk.orders
            violations += chunk.violations
            if output is Output.TABLE:
                for each in chunk.violations:
                    whose = f"order {each.order_id}" if each.order_id else "all orders"
                    typer.echo(visible(f"{whose}: {each.invariant.value}: {each.words}"))
    if output is Output.JSON:
        found = [
            {"order_id": each.order_id or None, "invariant": each.invariant, "what": each.words}
            for each in violations
        ]
        show_json({"orders": orders, "coherent": not violations, "violations": found})
    else:
        incoherent = len({each.order_id for each in violations if each.order_id})
        typer.echo(f"{orders} orders, {incoherent} of them incoherent")
    raise typer.Exit(PROBLEM if violations else OK)


def _looked_at(auditor: "Auditor", order_id: str | None) -> "Iterator[Chunk]":
    from services.auditor import Chunk

    if order_id is None:
        yield Chunk("", "", 0, auditor.tallies())
        yield from auditor.walk()
        return
    found = None if "\0" in order_id else auditor.order(order_id)
    if found is None:
        raise ProblemFoundError(f"nothing is known of order {order_id}")
    yield Chunk("", order_id, 1, found)
