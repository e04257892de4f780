"""A short run for continuous integration: has the consumer lost ground since it was recorded?

Rule: a ratio of two figures of one interleaved run is compared with a ratio, never a time with a
time.
"""

import json
from pathlib import Path

from bench import drain
from bench.arithmetic import ratios, spread
from bench.contestants import OURS, PLAIN
from bench.plan import Plan
from bench.report import Section, compared, failures
from bench.rounds import play
from bench.stage import Stage

RECORDED = Path(__file__).parent / "recorded.json"
_NAME = "consumer by SQLAlchemy Core"
LEAST = 0.7
"""Of the ratio that was recorded."""


def measure(stage: Stage, plan: Plan) -> Section:
    """The consumer and the plain batch, and what the ratio between them was."""
    track = drain.prepare(stage, plan.events)
    turns = {
        OURS: lambda: drain.drained_by_us(track),
        PLAIN.name: lambda: drain.drained_by(track, PLAIN),
    }
    results = play(turns, plan.rounds, plan.say)
    recorded = float(json.loads(RECORDED.read_text())[_NAME])
    if failed := failures(results):
        return Section("smoke", failed, failed)
    found = spread(ratios(results[OURS].figures, results[PLAIN.name].figures)).middle
    failed = judged(found, recorded)
    lines = [*compared(results, OURS, {PLAIN.name: round(recorded * LEAST, 2)}), "", *failed]
    return Section("smoke", lines, failed, found)


def judged(found: float, recorded: float) -> list[str]:
    """What is wrong with a ratio: nothing, or a fall."""
    if found >= recorded * LEAST:
        return []
    was = f"{recorded:.2f} was recorded, and less than {LEAST:g} of that is a fall"
    return [f"the consumer is {found:.2f} times SQLAlchemy Core; {was}"]


def record(ratio: float) -> None:
    """Keep what the ratio is now."""
    RECORDED.write_text(json.dumps({_NAME: round(ratio, 2)}) + "\n")
