"""What can go wrong, and how often in one run.

Rule (swarm testing): each seed switches on some of the faults, at rates of its own, and leaves the
others off, so that the rare ones also meet each other without the frequent ones in the way.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What can become of one call over the wire."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    REFUSED = "refused"
    REPLY_LOST = "reply lost"
    SLOW = "slow"
    STALL_BEFORE = "zombie before"
    STALL_AFTER = "zombie after"


class Trouble(StrEnum):
    """What can happen to everything at once, at a moment."""

    DATABASE_AWAY = "database away"
    BROKER_AWAY = "broker away"
    REBALANCE = "rebalance"
    CONNECTION_DROPPED = "connection dropped"
    CLOCK_JUMP = "clock jump"
    STOP = "asked to stop"


@dataclass(frozen=True)
class Plan:
    """The faults of one run, how its parts are configured, and what upstream does.

    `members`: of its group, in each process of a consumer. `parking_limit`: in seconds, where
    events are given up before their time. `bursts`: everything is produced at so many moments (0:
    all along). `late_trouble`: faults also while what waited in vain is given up.
    """

    rates: dict[Fault, float] = field(default_factory=dict)
    troubles: tuple[tuple[float, Trouble], ...] = ()
    span: float = 10.0
    session_timeout: float = 3.0
    idle_limit: float = 4.0
    batch_size: int = 5
    relay_batch_size: int = 10
    partitions: int = 3
    replicas: int = 2
    members: int = 1
    latency: float = 0.002
    parking_limit: float | None = None
    flood_window: int | None = None
    duplicates: float = 0.3
    garbage: int = 0
    orders: int = 3
    shared_disputes: int = 0
    reused_events: int = 0
    bursts: int = 0
    late_trouble: bool = False


_PROCESSES = ((1, 1), (2, 1), (3, 1), (1, 2), (1, 2), (2, 2), (2, 2), (1, 3))
"""How many processes of each consumer, and how many members in each of them."""


def draw_plan(random: Random) -> Plan:
    """The plan of one seed."""
    span = random.choice([4.0, 8.0, 16.0])
    frequency = 10 ** random.uniform(-3.0, -1.3)
    on = [fault for fault in Fault if random.random() < 0.5]
    kinds = [trouble for trouble in Trouble if random.random() < 0.4]
    count = random.randint(0, 6) if kinds else 0
    troubles = [(random.uniform(0, span + 3), random.choice(kinds)) for _ in range(count)]
    impatient = random.random() < 0.1
    if impatient:  # a consumer looks for what is overdue once a minute: let it be a minute later
        troubles += [(random.uniform(0, span + 3), Trouble.CLOCK_JUMP) for _ in range(10)]
    replicas, members = random.choice(_PROCESSES)
    return Plan(
        rates={fault: frequency * random.uniform(0.2, 1.0) for fault in on},
        troubles=tuple(troubles),
        span=span,
        session_timeout=random.choice([2.0, 3.0, 6.0]),
        idle_limit=random.choice([1.0, 4.0, 8.0]),
        batch_size=random.choice([1, 2, 5, 10]),
        relay_batch_size=random.choice([1, 3, 10, 50]),
        partitions=random.choice([2, 3, 4]),
        replicas=replicas,
        members=members,
        latency=random.choice([0.001, 0.01, 0.05]),
        parking_limit=random.choice([2.0, 6.0]) if impatient else None,
        flood_window=random.choice([6, 20]) if random.random() < 0.1 else None,
        duplicates=random.choice([0.0, 0.2, 0.6]),
        garbage=random.choice([0, 0, 1, 3]),
        orders=random.randint(1, 4),
        shared_disputes=random.choice([0, 0, 0, 1, 3]),
        reused_events=random.choice([0, 0, 0, 1, 3]),
        bursts=random.choice([0, 0, 2, 8]),
        late_trouble=random.random() < 0.4,
    )
