"""Newer contracts in a rolling change: in the documented order, and in the wrong one.

Rule: two releases that differ in the versions of their contracts make the same bytes of the same
events. Publishers that move on too early lose nothing without a registry either: what an older
consumer cannot read is a dead letter, and comes back by a replay of the newer release.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consumers.bootstrap import PROCESSES
from schemas.reasons import Reason
from tests.eventually import eventually
from tests.faults import checking
from tests.faults.load import Feed, Load
from tests.faults.stories import Story
from tests.faults.upgrade_next import MovingLoad, next_release
from tests.faults.upgrade_releases import Fleet, Release, this_release
from tests.faults.upgrade_same import other_bytes
from tests.faults.upgrade_stage import Stage, is_idle

_DRAIN_SECONDS = 180
_EARLY_SHARE = 0.3
_LETTERS_OF_THE_RELEASE = (0, 1)  # exit codes of a replay: garbage is still refused

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What newer contracts came to."""

    compared: int
    moved: int
    came_back: int
    findings: Sequence[str]

    def lines(self) -> list[str]:
        """For a person."""
        verdict = "FAIL" if self.findings else "PASS"
        return [
            f"{self.compared} messages in v1, handled by N and N+1 side by side: the same bytes",
            f"{self.moved} events in v2; {self.came_back} came too early and were replayed",
            *(f"finding: {each}" for each in self.findings[:20]),
            f"{verdict}  newer contracts: {len(self.findings)} lost, doubled or wrong",
        ]


def evolve(directory: Path, *, seed: int, disputes: int, per_second: float, say: Say) -> Outcome:
    """Bring newer contracts to a pipeline at work, in an empty directory."""
    with ExitStack() as stack:
        stage = stack.enter_context(Stage(directory))
        now, newer = this_release(), next_release(directory)
        now.run(stage.settings, "db", "upgrade")
        fleet = stack.enter_context(Fleet(stage.settings, directory / "workers"))
        fleet.start(now, *PROCESSES)
        fleet.start(newer, *PROCESSES)
        say("N and N+1 side by side, every event in v1")
        first = Feed(stage.node.address, Load(seed), per_second)
        first.start()
        first.finish(disputes)
        _wait_until_handled(stage, first)
        findings = list(other_bytes(stage))

        load = MovingLoad(seed + 1, newer)
        second = Feed(stage.node.address, load, per_second)
        say(f"publishers move on too early: {_EARLY_SHARE:.0%} of the orders in v2")
        load.share = _EARLY_SHARE
        second.start()
        early = load.disputes + disputes
        eventually(lambda: load.disputes > early, _DRAIN_SECONDS, "many orders came too early")
        say("all N+1")
        fleet.stop(fleet.of(now))
        say("replay of what N could not read")
        _replay(stage, newer)
        load.share = 1.0
        say("every simple order in v2")
        second.finish(early + disputes)
        _wait_until_handled(stage, second)
        fleet.stop(fleet.of(newer))
        came_back = stage.query("SELECT count(*) FROM dead_letters WHERE status = 'REPLAYED'")[0][0]
        findings += [*fleet.findings, *first.failed, *second.failed]
        findings += _differences(stage, [*first.load.stories, *load.stories], came_back)
        if not came_back:
            findings.append("no event came too early: nothing is shown")
        return Outcome(first.sent, len(load.moved), came_back, findings)


def _wait_until_handled(stage: Stage, feed: Feed) -> None:
    """Until everything that was published is handled, and its effects are published."""
    eventually(lambda: is_idle(stage, feed.ends), _DRAIN_SECONDS, "everything is handled")


def _replay(stage: Stage, release: Release) -> None:
    options = ["--reason", Reason.UNKNOWN_SCHEMA.value, "-o", "json"]
    said = release.run(
        stage.settings, "dead-letters", "replay", *options, codes=_LETTERS_OF_THE_RELEASE
    )
    json.loads(said)


def _differences(stage: Stage, stories: Sequence[Story], came_back: int) -> Iterator[str]:
    """As in a campaign, but for the letters that came back: what they say is in the effects."""

    def query(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        open_ones = "FROM dead_letters WHERE status = 'OPEN'"
        return stage.query(statement.replace("FROM dead_letters", open_ones), *values)

    for each in checking.differences(stage.node.address, query, stories):
        if each != f"mirrors: 0 missing, {came_back} too many":
            yield each
