"""The campaign: messages flow, faults happen one after another, and in the end all is compared."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.faults import checking
from tests.faults.crashes import Doom
from tests.faults.crew import Crew
from tests.faults.ground import Ground
from tests.faults.load import Feed, Load
from tests.faults.report import Report
from tests.faults.scene import Scene
from tests.faults.schedule import Act, Amounts, plan, volleys
from tests.faults.watching import Watch

_SECOND_TRIES = 5
_DRAIN_SECONDS = 300.0

Say = Callable[[str], None]


def to_stdout(line: str) -> None:
    """Say a line where the person looks who started it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(
    directory: Path,
    *,
    seed: int,
    amounts: Amounts,
    disputes: int,
    per_second: float,
    session_timeout: float = 6.0,
    replicas: int = 2,
    say: Say = to_stdout,
) -> Report:
    """Run the whole campaign in an empty directory."""
    began = time.monotonic()
    with ExitStack() as stack:
        ground = stack.enter_context(
            Ground(directory, kafka_session_timeout=session_timeout, batch_size=100)
        )
        feed = Feed(ground.node.address, Load(seed), per_second)
        crew = Crew(ground)
        watch = Watch(ground, feed)
        stack.callback(watch.close)
        scene = Scene(ground, crew, watch, replicas)
        crew.start_standing(replicas)
        feed.start()
        _perform(scene, seed, amounts, say)
        say(f"{_clock(began)} publishing on until there are {disputes} disputes")
        feed.finish(disputes)
        published = time.monotonic()
        drained = scene.within(_DRAIN_SECONDS, lambda: watch.found_nothing_since(published))
        crew.dismiss()
        say(f"{_clock(began)} comparing {feed.load.disputes} disputes with what they demand")
        found = list(checking.differences(ground.node.address, ground.query, feed.load.stories))
        if not drained:
            found.append(f"after {_DRAIN_SECONDS:.0f} s {watch.lag()} messages or rows still wait")
        return Report.of(scene, feed, found, amounts, seed, time.monotonic() - began)


def _perform(scene: Scene, seed: int, amounts: Amounts, say: Say) -> None:
    began = time.monotonic()
    acts = plan(seed, amounts)
    for number, act in enumerate(acts, start=1):
        known = len(scene.never_back)
        _do(scene, act)
        out = f"{_clock(began)} {number}/{len(acts)} {act.name}; lag {scene.watch.lag()}"
        say(f"{out}, worst recovery {scene.watch.recoveries.worst():.1f} s")
        for finding in scene.never_back[known:]:
            say(f"NOT BACK after {finding}")
    for _ in range(_SECOND_TRIES):
        if not scene.missed:
            return
        random = Random(seed)
        again = [Doom.drawn(name, point, random) for name, point in scene.missed]
        say(f"{_clock(began)} once more: {', '.join(sorted(doom.point for doom in again))}")
        scene.missed.clear()
        for name, fault in volleys(again):
            _do(scene, Act(name, fault, f"{seed}/again"))


def _do(scene: Scene, act: Act) -> None:
    act.fault(scene, Random(act.seed))
    scene.wait_until_back(act.name)


def _clock(began: float) -> str:
    seconds = int(time.monotonic() - began)
    return f"{seconds // 60:02}:{seconds % 60:02}"
