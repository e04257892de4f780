"""`mediation doctor`: is everything there, and does everything move?"""

import typer

from consumers.cli.exits import OK, PROBLEM, UNREACHABLE
from consumers.cli.output import Output, OutputOption, show_json
from consumers.cli.visible import visible


def doctor(output: OutputOption = Output.TABLE) -> None:
    """Check settings, broker, topics, database, registry, processes and backlogs.

    Each check is OK, or FAIL with what fixes it. Exits with 1 if one failed, and with 3 if the
    reason is that a dependency cannot be reached. A check whose dependency failed is left out.
    """
    from consumers.cli.checkup import examine

    findings = list(examine())
    if output is Output.JSON:
        show_json(
            [
                {"check": f.check, "status": f.status, "detail": f.detail, "fix": f.fix}
                for f in findings
            ]
        )
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            color = typer.colors.GREEN if finding.fix is None else typer.colors.RED
            status = typer.style(f"{finding.status:<4}", fg=color)
            typer.echo(f"{status}  {finding.check:<{width}}  {visible(finding.detail)}")
            if finding.fix is not None:
                typer.echo(f"{'':4}  {'':{width}}  fix: {visible(finding.fix)}")
    failed = [finding for finding in findings if finding.fix is not None]
    unreachable = any(finding.unreachable for finding in failed)
    raise typer.Exit(UNREACHABLE if unreachable else PROBLEM if failed else OK)
