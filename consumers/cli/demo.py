"""`mediation demo`: scripted disputes, played for real, told, and compared with the rules."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from consumers.demo.story import Scenario


def demo(
    check: Annotated[
        bool, typer.Option("--check", help="Compare everything with what the rules demand.")
    ] = False,
) -> None:
    """Play scripted disputes through the real consumers, and tell what became of each order.

    What is not configured comes embedded and is gone afterwards. With --check, the cases, the
    effects on the output topics, the dead letters and the money are compared with what the rules
    demand, and any difference ends it with exit code 1.
    """
    from consumers.demo.scenarios import SCENARIOS

    signal.signal(signal.SIGTERM, _leave)
    show(SCENARIOS, check=check)


def show(scenarios: "Sequence[Scenario]", *, check: bool) -> None:
    """Play, tell and, if asked to, compare these scenarios.

    Raises:
        ProblemFoundError: the play did not come to its end, or something differs.
        MediationError: a part could not be started, or went away.
    """
    from consumers.demo.performance import perform
    from consumers.demo.report import ReportConsole, judge, summarize, tell
    from consumers.demo.watching import Watch
    from consumers.errors import ProblemFoundError
    from services.settings import load_settings

    with Watch() as watch:
        played = perform(scenarios, load_settings(), watch)
    console = ReportConsole(highlight=False)
    tell(console, played.orders, played.seen)
    summarize(console, played.orders, played.seen, played.elapsed)
    found = played.differences if check else []
    if check:
        judge(console, played.orders, found)
    if played.stopped:
        raise ProblemFoundError(played.stopped)
    if found:
        raise ProblemFoundError("not everything is as the rules demand; see the list above")


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Stop everything on the way out."""
    sys.exit(128 + number)
