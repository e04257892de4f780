"""What came out: the counts, the figures, and a verdict on each requirement."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.doomed import CONSUMER_POINTS, RELAY_POINTS
from tests.faults.load import Feed
from tests.faults.scene import Scene
from tests.faults.schedule import Amounts

LONGEST_IDLE_SECONDS = 60.0
SLACK_SECONDS = 15.0
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that must hold, what was seen of it, and whether it holds."""

    name: str
    seen: str
    holds: bool


@dataclass(slots=True)
class Report:
    """Everything that a person, or a machine, wants to know of a campaign."""

    broker: str
    seed: int
    seconds: float
    disputes: int
    messages: int
    faults: dict[str, int]
    kills: dict[str, int]
    recoveries: list[tuple[str, int, float, float]]
    findings: list[str]
    requirements: list[Requirement] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        scene: Scene,
        feed: Feed,
        differences: list[str],
        amounts: Amounts,
        seed: int,
        seconds: float,
    ) -> "Report":
        """What this campaign came to."""
        crew, watch = scene.crew, scene.watch
        deaths = {p: crew.deaths[p] for p in (*CONSUMER_POINTS, *RELAY_POINTS, "random")}
        limit = scene.ground.settings.kafka_session_timeout + SLACK_SECONDS
        report = cls(
            broker=scene.ground.node.description,
            seed=seed,
            seconds=seconds,
            disputes=feed.load.disputes,
            messages=feed.sent,
            faults=dict(scene.counts),
            kills=deaths,
            recoveries=list(watch.recoveries.rows()),
            findings=[*differences, *scene.never_back, *crew.unexpected, *crew.slow_stops],
        )
        report.requirements = [
            _none("nothing lost, doubled or wrong", differences),
            _none("everything came back", scene.never_back),
            _within("back to work", limit, watch.recoveries.worst()),
            _within(
                f"no lane idle, {watch.longest_idle_where}",
                LONGEST_IDLE_SECONDS,
                watch.longest_idle,
            ),
            _none("no process ended by itself", crew.unexpected),
            _none("every clean stop within 10 s", crew.slow_stops),
            _none("the load itself was published whole", feed.failed),
            *_amounts(deaths, scene.counts, amounts),
        ]
        return report

    @property
    def passed(self) -> bool:
        """Whether every requirement holds."""
        return all(each.holds for each in self.requirements)

    def lines(self) -> list[str]:
        """For a person."""
        kills = sum(self.kills.values())
        size = f"{self.disputes} disputes, {self.messages} messages"
        return [
            f"seed {self.seed}: {size}, {kills} times kill -9, {self.seconds / 60:.1f} minutes",
            f"on {self.broker}",
            "",
            f"{'killed at':44} {'times':>6}",
            *(f"{point:44} {count:6}" for point, count in self.kills.items()),
            "",
            f"{'fault':44} {'times':>6}",
            *(f"{name:44} {count:6}" for name, count in sorted(self.faults.items())),
            "",
            f"{'back to work after':44} {'lanes':>6} {'median':>8} {'max':>8}",
            *(f"{k:44} {n:6} {mid:6.1f} s {most:6.1f} s" for k, n, mid, most in self.recoveries),
            "",
            *(f"finding: {each}" for each in self.findings[:_SHOWN]),
            *(f"{'PASS' if r.holds else 'FAIL'}  {r.name}: {r.seen}" for r in self.requirements),
        ]

    def write(self, path: Path) -> None:
        """For a machine."""
        path.write_text(json.dumps(asdict(self) | {"passed": self.passed}, indent=2) + "\n")


def _within(name: str, limit: float, seconds: float) -> Requirement:
    seen = f"{seconds:.1f} s at worst"
    return Requirement(f"{name}: within {limit:.0f} s", seen, seconds <= limit)


def _none(name: str, findings: list[str]) -> Requirement:
    return Requirement(name, f"{len(findings)} findings", not findings)


def _amounts(
    deaths: dict[str, int], counts: Mapping[str, int], amounts: Amounts
) -> Iterator[Requirement]:
    """Whether as much was done as was asked for."""
    if amounts.points is None:
        at_points = {point: count for point, count in deaths.items() if point != "random"}
        fewest = min(at_points, key=lambda point: at_points[point])
        yield _enough("kills at each point", at_points[fewest], amounts.kills_at_each_point)
    for kind, wanted in (
        ("broker restart, clean", amounts.broker_restarts),
        ("broker restart, hard", amounts.broker_restarts),
        ("database restart, fast", amounts.database_restarts),
        ("database kill -9", amounts.database_restarts),
        ("members joined and left", amounts.members),
    ):
        yield _enough(kind, counts.get(kind, 0), wanted)


def _enough(name: str, seen: int, wanted: int) -> Requirement:
    return Requirement(name, f"{seen} of {wanted}", seen >= wanted)
