"""Shows the play while it runs, on standard error: a live table, or plain lines in a log.

Rule: showing never changes anything, and nothing of it is data.
"""

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from consumers.cli.visible import visible
from consumers.demo.observing import Seen
from consumers.demo.playing import Play
from consumers.demo.staging import Staged
from services.rules.case import Case

_LINE_SECONDS: Final = 1.0
_STATE_STYLES: Final = {"OPEN": "yellow", "IN_MEDIATION": "cyan", "RESOLVED": "green"}


class Watch:
    """From entry to exit of the block, `say` and `turn` show how far things are."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=8)
        self._stage = "starting"
        self._table: Table | None = None
        self._is_unsaid = False
        self._said_at = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.update(self._table or Text())
            self._live.stop()

    def say(self, line: str) -> None:
        """What is being done now, or what went wrong on the way."""
        if self._is_unsaid:
            self._plain()
        self._stage = visible(line)
        if self._console.is_terminal:
            self._refresh()
        else:
            self._plain()

    def turn(self, play: Play) -> None:
        """Show how far the play is."""
        handled = sum(len(seen.handled) for seen in play.seen)
        effects = sum(len(seen.distinct_effects) for seen in play.seen)
        messages = sum(len(order.scenario.steps) for order in play.orders)
        stage = f"{handled} of {messages} messages handled, {effects} effects seen"
        is_news, self._stage = stage != self._stage, stage
        if self._console.is_terminal:
            self._table = table(play)
            self._refresh()
        elif is_news:
            self._is_unsaid = True
            if time.monotonic() - self._said_at >= _LINE_SECONDS:
                self._plain()

    def _plain(self) -> None:
        self._is_unsaid, self._said_at = False, time.monotonic()
        self._console.print(f"mediation demo: {self._stage}", soft_wrap=True, markup=False)

    def _refresh(self) -> None:
        below = Spinner("dots", Text(self._stage, style="bold"))
        self._live.update(Group(self._table, below) if self._table else below)


def table(play: Play) -> Table:
    """One line an order: how far its messages are, its state, its restrictions, its effects."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    shown.add_column("order", no_wrap=True)
    shown.add_column("messages", justify="right", no_wrap=True)
    shown.add_column("state", no_wrap=True)
    shown.add_column("restrictions", no_wrap=True)
    shown.add_column("effects", no_wrap=True)
    for order, seen in zip(play.orders, play.seen, strict=True):
        shown.add_row(*_row(order, seen))
    return shown


def restrictions(case: Case) -> str:
    """What the case restricts, in words; empty if nothing."""
    words = {
        "frozen": case.frozen,
        "chat locked": case.chat_locked,
        "reviews blocked": case.reviews_blocked,
    }
    return ", ".join(word for word, is_so in words.items() if is_so)


def _row(order: Staged, seen: Seen) -> tuple[Text, ...]:
    done, total = len(seen.handled), len(order.scenario.steps)
    effects = len(seen.distinct_effects) + len(seen.mirrors)
    letters = f" +{len(seen.mirrors)} ✗" if seen.mirrors else ""
    return (
        Text(order.scenario.name, style="bold" if done == total else ""),
        Text(f"{done}/{total}", style="green" if done == total else ""),
        _state(seen.case),
        Text(restrictions(seen.case) if seen.case else "", style="dim"),
        Text(f"{len(seen.distinct_effects):>2}{letters}" if effects else " -"),
    )


def _state(case: Case | None) -> Text:
    if case is None:
        return Text("-", style="dim")
    if not case.disputes:
        return Text("waiting", style="dim")
    state = case.disputes[-1].state.value
    count = len(case.disputes)
    return Text(f"{state} ({count})" if count > 1 else state, style=_STATE_STYLES.get(state, ""))
