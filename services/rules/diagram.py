"""The transition table as pictures for the documentation.

Rule: both are generated from the table alone, so they cannot say anything else than it does.

`python -m services.rules.diagram docs/architecture.md docs/rules.md` writes them anew into these
files, between the markers `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.rules.line import Line
from services.rules.outcome import Outcome
from services.rules.standing import Standing
from services.rules.table import TABLE


def state_diagram() -> str:
    """The life of one dispute, as a Mermaid `stateDiagram-v2` without the fences around it."""
    return "\n".join(["stateDiagram-v2", *_arrows(), "    RESOLVED --> [*]"]) + "\n"


def _arrows() -> Iterator[str]:
    for standing, row in TABLE.items():
        source = "[*]" if standing is Standing.UNDISPUTED else standing
        for event_type, cell in row.cells.items():
            for line in cell:
                if line.move is not None:
                    label = f"{event_type.topic} ({line.move.words})"
                    yield f"    {source} --> {line.move.to}: {label}"


def transition_table() -> str:
    """Every standing × every event, as a Markdown table; a cell's lines are read in their order."""
    topics = [event_type.topic for event_type in TABLE[Standing.UNDISPUTED].cells]
    header = ["the case says", *(f"`{topic}`" for topic in topics)]
    rows = [
        [standing.description, *map(_cell_in_words, row.cells.values())]
        for standing, row in TABLE.items()
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in [header, ["---"] * len(header), *rows])


def _cell_in_words(cell: tuple[Line[Any], ...]) -> str:
    if len(cell) == 1:
        return _in_words(cell[0])
    return "<br>".join(f"{_condition(line)} → {_in_words(line)}" for line in cell)


def _condition(line: Line[Any]) -> str:
    return f"if {line.guard.words}" if line.guard else "else"


def _in_words(line: Line[Any]) -> str:
    if line.move is not None:
        return f"**{line.outcome}**: {line.move.to}, {line.move.words}"
    if line.outcome is Outcome.REJECTED:
        return f"{line.outcome} `{line.reason}`"
    if line.outcome is Outcome.DEFERRED:
        return f"{line.outcome} (waits for the {line.waiting})"
    return line.outcome


def rewritten(document: str) -> str:
    """A document with the generated blocks that it has markers for as they are now."""
    for name, block in _blocks().items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = document.partition(start)
        _, has_end, after = rest.partition(end)
        if has_end:
            document = f"{before}{start}\n{block}\n{end}{after}"
    return document


def _blocks() -> dict[str, str]:
    return {
        "state-diagram": f"```mermaid\n{state_diagram()}```\n",
        "transition-table": transition_table(),
    }


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
