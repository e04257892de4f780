"""Rounds of extra members that join and leave, some of them zombies.

Rule: a zombie is stopped in the middle of its work, sleeps until others have done that work, and
wakes late, believing that it is still its own.
"""

import signal
import time
from functools import partial
from random import Random

from consumers.bootstrap import CONSUMERS, RELAY
from tests.faults.crew import Member
from tests.faults.scene import EVERYONE, Scene

_WHERE_CONSUMERS_STOP = (
    "after:consumer.poll",
    "after:transaction.load",
    "after:transaction.remember",
    "before:transaction.commit",
    "after:transaction.commit",
    "before:consumer.commit",
)
_WHERE_RELAYS_STOP = ("after:outbox.pending", "after:publisher.publish", "before:publisher.publish")


def round_of_members(scene: Scene, random: Random, *, count: int) -> None:
    """So many members join, some become zombies and wake, and all leave."""
    names = [*CONSUMERS, RELAY]
    zombies = [_zombie(scene, name, random) for name in names]
    names = [random.choice([*CONSUMERS, *CONSUMERS, RELAY]) for _ in range(count - len(zombies))]
    others = [scene.crew.start(name) for name in names]
    if not scene.are_ready([*zombies, *others]):
        scene.never_back.append("members joined and got nothing to do")
    scene.counts["members joined and left"] += len(zombies) + len(others)
    scene.watch.touch("members joined", EVERYONE)
    _let_them_stop(scene, zombies)
    since = time.monotonic()
    scene.count("SIGSTOP of zombies")
    scene.wait_until_back("SIGSTOP of zombies")
    late = since + scene.ground.settings.kafka_session_timeout + 2
    scene.within(60, partial(_is_past, late))
    for each in zombies:
        scene.crew.send(each, signal.SIGCONT)
    scene.counts["zombies that woke late"] += len(zombies)
    time.sleep(random.uniform(0.5, 2))
    scene.crew.stop([*zombies, *others])
    scene.watch.touch("zombies woke, members left", EVERYONE)


def _zombie(scene: Scene, name: str, random: Random) -> Member:
    where = _WHERE_RELAYS_STOP if name == RELAY else _WHERE_CONSUMERS_STOP
    return scene.crew.start(
        name, point=random.choice(where), call=random.randint(2, 5), number=signal.SIGSTOP
    )


def _let_them_stop(scene: Scene, zombies: list[Member]) -> None:
    """At their points; those that do not come there are stopped wherever they are."""
    relays = [each for each in scene.crew.standing if each.name == RELAY]
    for each in relays:  # so that the zombie comes to hold the slots
        scene.crew.send(each, signal.SIGKILL)
    if not scene.within(6, lambda: all(each.stopped for each in zombies)):
        for each in zombies:
            if not each.stopped:
                scene.crew.send(each, signal.SIGSTOP)


def _is_past(moment: float) -> bool:
    return time.monotonic() > moment
