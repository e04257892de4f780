"""Volleys of members that kill themselves at named points.

Rule: a volley waits until every one is dead. Beside the doomed consumers stand healthy ones, which
take over; doomed relays come one after another, since only one relay works.
"""

import signal
import time
from dataclasses import dataclass
from random import Random

from consumers.bootstrap import RELAY
from tests.faults.crew import Member
from tests.faults.scene import Scene

KIND = "kill -9 at a crash point"
_PATIENCE_SECONDS = 40.0
_ONCE_IN_A_LIFE = (
    "consumer.close",
    "consumer.hold",
    "publisher.close",
    "transaction.recently_rejected",
    "outbox.listen",
)


@dataclass(frozen=True, slots=True)
class Doom:
    """Which process dies where; `call` is at which call of that point."""

    name: str
    point: str
    call: int

    @classmethod
    def drawn(cls, name: str, point: str, random: Random) -> "Doom":
        """At one of the first calls, or the first where there may be no other."""
        once = point.partition(":")[2] in _ONCE_IN_A_LIFE
        return cls(name, point, 1 if once else random.randint(2, 6))


def volley(dooms: tuple[Doom, ...], scene: Scene, _random: Random) -> None:
    """All of these die, each at its point."""
    relays = any(doom.name == RELAY for doom in dooms)
    members = [scene.crew.start(doom.name, point=doom.point, call=doom.call) for doom in dooms]
    if relays:
        scene.are_ready([each for each in members if each.name == RELAY], 10)
        _take_the_relays_away(scene)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    nudged = 0.0
    alive = list(members)
    while alive and time.monotonic() < deadline:
        for each in [each for each in alive if scene.crew.is_over(each)]:
            alive.remove(each)
            scene.count(KIND, [each.name])
        if time.monotonic() > nudged + 1.5:
            nudged = time.monotonic()
            _nudge(scene, [each for each in alive if each.ready])
        time.sleep(0.02)
    for each in alive:
        scene.missed.append((each.name, each.point))
        scene.crew.send(each, signal.SIGKILL)
        scene.count("kill -9 at a random moment", [each.name])
    if relays:
        for _ in range(scene.replicas):
            scene.crew.start(RELAY, standing=True)


def _take_the_relays_away(scene: Scene) -> None:
    for each in scene.crew.standing:
        if each.name == RELAY:
            each.standing = False
            scene.crew.send(each, signal.SIGKILL)
            scene.count("kill -9 at a random moment", [RELAY])


def _nudge(scene: Scene, members: list[Member]) -> None:
    """Bring those that need an occasion to their point: being stopped, or a failing database."""
    for each in members:
        if each.point.endswith(".close") and each.asked == 0:
            scene.crew.send(each, signal.SIGTERM)
    if any(each.point.endswith(".hold") for each in members):
        scene.ground.database_proxy.cut_now()
