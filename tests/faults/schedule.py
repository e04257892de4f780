"""Which faults, how many, and in which order.

Rule: the same seed and the same amounts give the same schedule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from random import Random

from consumers.bootstrap import CONSUMERS, RELAY
from tests.faults import faults
from tests.faults.crashes import Doom, volley
from tests.faults.doomed import CONSUMER_POINTS, RELAY_POINTS
from tests.faults.faults import Fault
from tests.faults.joining import round_of_members

_CONSUMERS_IN_A_VOLLEY = 6  # of each kind
_RELAYS_IN_A_VOLLEY = 7
_KILLS_AT_ONCE = 8
_MEMBERS_IN_A_ROUND = 10
_LONG_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Amounts:
    """How often each fault happens; `long_outages` are of the broker and the database each."""

    kills_at_each_point: int = 10
    points: int | None = None
    """Of how many points, drawn by chance; all if None."""
    kills_at_random: int = 32
    broker_restarts: int = 10
    database_restarts: int = 10
    members: int = 100
    hangs: int = 2
    """Of each kind: tables and orders locked, the server frozen, read-only, connections stalled."""
    cuts: int = 5
    long_outages: int = 1


@dataclass(frozen=True, slots=True)
class Act:
    """One fault of the schedule, with chances of its own."""

    name: str
    fault: Fault
    seed: str


def plan(seed: int, amounts: Amounts) -> list[Act]:
    """The whole schedule."""
    random = Random(seed)
    named = [*_volleys(random, amounts), *_restarts(random, amounts), *_others(amounts)]
    random.shuffle(named)
    return [Act(name, fault, f"{seed}/{number}") for number, (name, fault) in enumerate(named)]


def volleys(dooms: Sequence[Doom]) -> Iterator[tuple[str, Fault]]:
    """Dooms as volleys: so many of each kind of process at once."""
    left = {name: [each for each in dooms if each.name == name] for name in (*CONSUMERS, RELAY)}
    while any(left.values()):
        chosen: list[Doom] = []
        for name, waiting in left.items():
            count = _RELAYS_IN_A_VOLLEY if name == RELAY else _CONSUMERS_IN_A_VOLLEY
            chosen += waiting[:count]
            del waiting[:count]
        yield f"volley of {len(chosen)}", partial(volley, tuple(chosen))


def _volleys(random: Random, amounts: Amounts) -> Iterator[tuple[str, Fault]]:
    points = [*CONSUMER_POINTS, *RELAY_POINTS]
    if amounts.points is not None:
        points = random.sample(points, amounts.points)
    points = points * amounts.kills_at_each_point
    random.shuffle(points)
    names = cycle(CONSUMERS)
    yield from volleys(
        [
            Doom.drawn(RELAY if point in RELAY_POINTS else next(names), point, random)
            for point in points
        ]
    )


def _restarts(random: Random, amounts: Amounts) -> Iterator[tuple[str, Fault]]:
    for kind, restart, count in (
        ("broker", faults.broker_restart, amounts.broker_restarts),
        ("database", faults.database_restart, amounts.database_restarts),
    ):
        for number in range(count):
            for hard in (True, False):
                long = hard and number < amounts.long_outages
                away = _LONG_SECONDS if long else random.uniform(0, 3)
                how = "hard" if hard else "clean"
                yield f"{kind} {how}, {away:.0f} s", partial(restart, hard=hard, away=away)


def _others(amounts: Amounts) -> Iterator[tuple[str, Fault]]:
    for start in range(0, amounts.kills_at_random, _KILLS_AT_ONCE):
        count = min(_KILLS_AT_ONCE, amounts.kills_at_random - start)
        yield f"{count} kills at random", faults.kills_at_random(count)
    for start in range(0, amounts.members, _MEMBERS_IN_A_ROUND):
        count = min(_MEMBERS_IN_A_ROUND, amounts.members - start)
        yield f"{count} members", partial(round_of_members, count=count)
    kinds: dict[str, Fault] = {
        "table locked": faults.table_locked,
        "orders locked": faults.orders_locked,
        "database frozen": faults.database_frozen,
        "read-only": faults.database_read_only,
        "database stalled": faults.stall("database"),
        "broker stalled": faults.stall("broker"),
    }
    for name, fault in kinds.items():
        for _ in range(amounts.hangs):
            yield name, fault
    for part in ("database", "broker"):
        for _ in range(amounts.cuts):
            yield f"{part} cut", faults.cut(part)
