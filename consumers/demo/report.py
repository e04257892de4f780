"""Tells what happened to each order and why, in words, and the money to the cent.

Rule: everything told was found in the database or on the topics. Of the scenarios, only their
titles and stories are used.
"""

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumers.cli.money import amount
from consumers.cli.visible import visible
from consumers.demo.observing import EffectSeen, Seen
from consumers.demo.staging import Staged
from consumers.demo.story import Step
from consumers.demo.watching import restrictions
from services.rules.case import Dispute
from services.rules.outcome import Outcome

_INDENT: Final = " " * 4
_TOPIC_WIDTH: Final = 17
_OUTCOME_WIDTH: Final = 8
_LABEL_WIDTH: Final = 7
_NARROWEST: Final = 20
_STYLES: Final = {"applied": "green", "ignored": "cyan", "deferred": "yellow", "rejected": "red"}
_SEEN_BEFORE: Final = "The same event again, with the same content: nothing changes."
_NOT_HANDLED: Final = "not handled"


class ReportConsole(Console):
    """Standard output. When nobody reads it any more, the rest is not said, and all goes on."""

    def on_broken_pipe(self) -> None:
        """Called by rich, in the place of ending the program with an exit code of its own."""
        self.quiet = True
        with Path(os.devnull).open("w") as nowhere, suppress(OSError, ValueError):
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def tell(console: Console, orders: Sequence[Staged], seen: Sequence[Seen]) -> None:
    """Print a paragraph for each order."""
    for number, (order, what) in enumerate(zip(orders, seen, strict=True), start=1):
        scenario = order.scenario
        head = Text(f"{number:>2}. ").append(scenario.name, style="bold")
        _print(console, head.append(": "), Text(scenario.title), indent=_INDENT)
        _print(console, Text(_INDENT), Text(scenario.story, style="italic"))
        for step in scenario.steps:
            _tell_step(console, order, step, what)
        _tell_end(console, order, what)
        console.print()


def summarize(
    console: Console, orders: Sequence[Staged], seen: Sequence[Seen], elapsed: float
) -> None:
    """Print the counts over all orders; `elapsed` in seconds."""
    disputes = [d for what in seen for d in (what.case.disputes if what.case else ())]
    outcomes = Counter(
        word
        for order, what in zip(orders, seen, strict=True)
        for step in order.scenario.steps
        for word, _ in _became(order, step, what)
    )
    effects: Counter[str] = Counter()
    for what in seen:
        effects.update(each.message.topic for each in what.distinct_effects)
    letters = Counter(row["reason"] for what in seen for row in what.letters)
    sides = Table.grid(padding=(0, 6, 0, 0))
    sides.add_row(
        _counts(f"{sum(effects.values())} effects", effects),
        _counts(f"{sum(letters.values())} dead letters", letters),
        _counts("outcomes", Counter({word: outcomes[word] for word in _STYLES})),
    )
    resolved = sum(dispute.resolution is not None for dispute in disputes)
    console.rule(style="dim")
    console.print(
        f"{len(orders)} orders, {len(disputes)} disputes ({resolved} resolved), "
        f"{sum(len(order.scenario.steps) for order in orders)} messages, {elapsed:.1f} s\n",
    )
    console.print(sides)
    console.print()


def _counts(title: str, counts: Counter[str]) -> Table:
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_row(Text(title, style="bold"), "")
    for name, count in counts.most_common():
        shown.add_row(Text(name), Text(str(count), justify="right"))
    return shown


def _tell_step(console: Console, order: Staged, step: Step, seen: Seen) -> None:
    topic = step.topic.value
    for outcome, why in _became(order, step, seen):
        head = Text(f"{_INDENT}{topic:<{_TOPIC_WIDTH}}  ")
        head.append(f"{outcome:<{_OUTCOME_WIDTH}}", style=_STYLES.get(outcome, "red"))
        _print(console, head.append("  "), Text(_readable(order, why)))
        topic = ""


def _became(order: Staged, step: Step, seen: Seen) -> Iterator[tuple[str, str]]:
    """What became of a message, and why: one answer, or two if it had to wait."""
    letter = seen.letter_at(step.name)
    row = seen.row_of(order.event_id(step.name))
    if letter is not None:
        if row is not None and row["outcome"] == Outcome.DEFERRED:
            yield row["outcome"], row["explanation"]
        yield Outcome.REJECTED.value, f"{letter['reason']}: {letter['explanation']}"
    elif step.name not in seen.handled or (row is None and not step.repeats):
        yield _NOT_HANDLED, ""
    elif step.repeats:
        yield Outcome.IGNORED.value, _SEEN_BEFORE
    elif row is not None:
        answers = [(row["outcome"], row["explanation"])]
        if row["settled_outcome"] is not None:
            answers.append((row["settled_outcome"], row["settled_explanation"]))
        for word, why in answers:
            yield word, _effects_of(order, step, seen) if word == Outcome.APPLIED else why


def _effects_of(order: Staged, step: Step, seen: Seen) -> str:
    """What an applied event brought about, as it was read from the output topics."""
    id_ = str(order.event_id(step.name))
    caused = [each for each in seen.distinct_effects if each.said["cause_event_id"] == id_]
    return f"→ {', '.join(_in_short(each) for each in caused) or 'no effect'}"


def _in_short(effect: EffectSeen) -> str:
    topic, said = effect.message.topic, effect.said
    if "mediator_id" not in said:
        return topic
    replaced = said["replaced_mediator_id"]
    return f"{topic}: {said['mediator_id']}{f' replaces {replaced}' if replaced else ''}"


def _tell_end(console: Console, order: Staged, seen: Seen) -> None:
    for label, words in _end(seen):
        head = Text(_INDENT).append(f"{label:<{_LABEL_WIDTH}}  ", style="bold")
        _print(console, head, Text(_readable(order, words)))


def _end(seen: Seen) -> Iterator[tuple[str, str]]:
    """How the order and each of its disputes stand."""
    if seen.case is None:
        yield "order", "never heard of"
        return
    for dispute in seen.case.disputes:
        if said := dispute.resolution:
            yield "verdict", f"{said.mediator_id}: {said.decision}, {said.ground}. {said.reasons}"
            if said.set_aside:
                yield "aside", "; ".join(piece.reference for piece in said.set_aside)
        yield "money", _money(dispute)
    words = restrictions(seen.case)
    state = "closed" if seen.case.closed else "in dispute" if seen.case.unresolved else "goes on"
    yield "order", f"{state}: {words or 'nothing is restricted'}"


def _money(dispute: Dispute) -> str:
    terms, shares = dispute.terms, dispute.resolution
    captured = amount(terms.captured_minor, terms.currency)
    if shares is None:
        return f"{captured} in escrow until there is a verdict"
    if not shares.closes_the_order:
        return f"{captured} stay in escrow; nothing is paid"
    refund, payout, platform = (
        amount(part, terms.currency).removesuffix(f" {terms.currency}")
        for part in (shares.refund_minor, shares.payout_minor, shares.platform_minor)
    )
    total = shares.refund_minor + shares.payout_minor + shares.platform_minor
    sign = "=" if total == terms.captured_minor else "≠"
    return f"{captured} captured {sign} {refund} refund + {payout} payout + {platform} platform"


def _readable(order: Staged, text: str) -> str:
    """Without the mark of this run, which every id ends with."""
    return visible(text.replace(f".{order.run}", ""))


def judge(console: Console, orders: Sequence[Staged], found: Sequence[str]) -> None:
    """Print the differences, or that there are none."""
    if not found:
        effects = sum(len(order.scenario.effects) for order in orders)
        letters = sum(step.reason is not None for order in orders for step in order.scenario.steps)
        settled = sum(len(order.scenario.settlements) for order in orders)
        console.print(
            Text(
                f"✓ Everything is as the rules demand: {len(orders)} cases, {effects} effects, "
                f"{settled} settlements and {letters} dead letters, none missing, none doubled.",
                style="bold green",
            )
        )
        return
    plural = "difference" if len(found) == 1 else "differences"
    console.print(Text(f"✗ {len(found)} {plural} from what the rules demand", style="bold red"))
    for each in found:
        _print(console, Text("- "), Text(visible(each)))


def _print(console: Console, head: Text, words: Text, indent: str | None = None) -> None:
    """Print `words` after `head`, wrapped below where they began, or at `indent`."""
    start = len(head.plain) if indent is None else len(indent)
    width = max(console.width - len(head.plain), _NARROWEST)
    lines = textwrap.wrap(words.plain, width, break_on_hyphens=False) or [""]
    console.print(head.append(lines[0], style=words.style), soft_wrap=True)
    for line in lines[1:]:
        console.print(Text(" " * start).append(line, style=words.style), soft_wrap=True)
