"""Where each microsecond of an event goes, in the consumer of `order.disputed`.

Rule: told by a process whose parts carry a stopwatch, which costs a little itself: the
shares count, not the sum. Time that a part waits for PostgreSQL or Kafka is time of that part.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import drain, load
from bench.contestants import started_by_us
from bench.plan import Plan
from bench.profiled import OUTPUT, PARTS, WAITING
from bench.report import Section, failures, table
from bench.rounds import play
from bench.stage import Stage
from bench.worker import ContestantError
from consumers.order_disputed import CONSUMER
from consumers.processes import environment

_PROCESS = "order-disputed"


def measure(stage: Stage, plan: Plan) -> Section:
    """Microseconds an event of each part, over all rounds."""
    load.produce(stage.servers, load.disputes(plan.events))
    results = play({"profile": partial(_round, stage, plan.events)}, plan.rounds, plan.say)
    failed = failures(results)
    said = f"{plan.events:,} disputes a round; {WAITING} are left out:"
    return Section(
        "profile", failed or [said, "", *_table(results["profile"].figures, plan.events)], failed
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What one process spent on each part, in nanoseconds, and how often it was there."""

    own: dict[str, int]
    calls: dict[str, int]

    def __str__(self) -> str:
        return f"{sum(self.own.values()) / 1e9:.1f} s in {len(self.own)} parts"


def _round(stage: Stage, events: int) -> Found:
    stage.forget(CONSUMER.group)
    output = stage.log("profile")
    with stage.database() as database:
        settings = stage.settings(database, members=1)  # a stopwatch is for one thread
        surroundings = environment(settings, _PROCESS) | {OUTPUT: str(output)}
        paths = [str(Path(__file__).parent.parent), surroundings.get("PYTHONPATH", "")]
        surroundings["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        arguments = ["-m", "bench.profiled", _PROCESS]
        with started_by_us(arguments, surroundings, stage.log("profiled")) as worker:
            drain.wait_for(stage, worker, database, events)
    found = Found(**json.loads(output.read_text()))
    missing = [part for part, _, _ in PARTS if part not in found.calls]
    if missing:
        raise ContestantError(f"never called: {', '.join(missing)}")
    return found


def _table(rounds: Sequence[Found], events: int) -> list[str]:
    own: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for each in rounds:
        own.update(each.own)
        calls.update(each.calls)
    own.pop(WAITING, None)
    micros = {part: spent / 1000 / events / len(rounds) for part, spent in own.items()}
    whole = sum(micros.values())
    order = [part for part, _, _ in PARTS] + [part for part in micros if part not in _NAMES]
    rows = [
        [part, f"{micros[part]:,.1f}", f"{micros[part] / whole:.0%}", f"{calls[part]:,}"]
        for part in order
        if part in micros
    ]
    rows.append(["all", f"{whole:,.1f}", "100%", ""])
    return table(("part", "µs an event", "share", "calls"), rows)


_NAMES = {part for part, _, _ in PARTS}
