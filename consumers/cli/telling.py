"""What came of dead letters, told while it happens: nothing that was said is kept in memory.

Rule: a letter is told once its transaction is over. If the work stops in the middle, the totals of
what was done are told all the same, and a JSON document is whole.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from consumers.cli.money import amount
from consumers.cli.output import Output, json_text
from consumers.cli.selecting import PAGE
from consumers.cli.visible import visible

if TYPE_CHECKING:
    from schemas.effects import PayoutRequested, RefundRequested
    from services.fates import Fate, Report

_INDENT = " " * 15


def tell(reports: "Iterable[Report]", count: int, output: Output, *, dry_run: bool = False) -> bool:
    """Tell each report as it comes, then the totals; returns whether there was a problem."""
    from services.fates import totals

    fates: Counter[Fate] = Counter()
    if output is Output.JSON:
        typer.echo('{\n"letters": [', nl=False)
    try:
        for report in reports:
            fates[report.fate] += 1
            if output is Output.JSON:
                between = "\n" if fates.total() == 1 else ",\n"
                typer.echo(between + json_text(as_record(report)), nl=False)
            else:
                _show(report)
            if fates.total() % PAGE == 0:
                typer.echo(f"{fates.total()} of {count}", err=True)
    finally:
        if output is Output.JSON:
            said = {"totals": totals(fates), "dry_run": dry_run}
            typer.echo(f"\n],\n{json_text(said).removeprefix('{')}")
        else:
            _show_totals(totals(fates), dry_run=dry_run)
    return any(fate.is_problem for fate in fates)


def as_record(report: "Report") -> dict[str, object]:
    """A report as one JSON object; amounts also in minor units."""
    return {
        "dead_letter_id": report.dead_letter_id,
        "result": report.fate,
        "topic": report.topic,
        "order_id": report.order_id,
        "reason": report.reason,
        "explanation": report.explanation,
        "effects": report.effects,
        "money": [
            {
                "effect": each.topic,
                "amount": amount(each.amount_minor, each.currency),
                "amount_minor": each.amount_minor,
                "currency": each.currency,
                "payee_id": each.payee_id,
                "settlement_id": each.settlement_id,
            }
            for each in report.money
        ],
        "parked_events_settled": report.set_free,
    }


def _show(report: "Report") -> None:
    place = (str(report.dead_letter_id), report.topic, report.order_id, report.reason)
    said = "  ".join(visible(each) for each in place if each is not None)
    typer.echo(f"{report.fate:<13}  {said}")
    typer.echo(f"{_INDENT}{visible(report.explanation)}")
    if report.effects:
        typer.echo(f"{_INDENT}effects: {', '.join(report.effects)}")
    for each in report.money:
        typer.echo(f"{_INDENT}{_in_words(each)}")
    if report.set_free:
        typer.echo(f"{_INDENT}parked events settled with it: {report.set_free}")


def _in_words(money: "RefundRequested | PayoutRequested") -> str:
    sum_ = amount(money.amount_minor, money.currency)
    return f"{money.topic}: {sum_} to {visible(money.payee_id)}"


def _show_totals(totals: dict[str, int], *, dry_run: bool) -> None:
    said = ", ".join(f"{count} {fate}" for fate, count in totals.items())
    typer.echo(said or "no dead letters")
    if dry_run:
        typer.echo("a dry run: nothing was written", err=True)
