"""Each fault, as a function that does it and returns when it is over.

Rule: a fault is real (signals, locks, sockets), says through `Scene.count` when it is over and whom
it touched, and leaves nothing behind that would last.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

from tests.faults.proxy import Proxy
from tests.faults.scene import Scene

Fault = Callable[[Scene, Random], None]

_TABLES = ("cases", "events", "outbox", "disputes")


def kills_at_random(count: int) -> Fault:
    """`kill -9` of so many standing members, each at some moment."""

    def fault(scene: Scene, random: Random) -> None:
        standing = sorted(scene.crew.standing, key=lambda each: each.number)
        for victim in random.sample(standing, min(count, len(standing))):
            time.sleep(random.uniform(0, 0.5))
            scene.crew.send(victim, signal.SIGKILL)
            scene.count("kill -9 at a random moment", [victim.name])

    return fault


def broker_restart(scene: Scene, random: Random, *, hard: bool, away: float) -> None:
    """The broker ends, cleanly or not, and comes back with its data."""
    with scene.ground.outage():
        (scene.ground.node.kill if hard else scene.ground.node.stop)()
        _lose_a_member_too(scene, random)
        time.sleep(away)
        scene.ground.node.start()
    scene.count(f"broker restart, {'hard' if hard else 'clean'}")


def database_restart(scene: Scene, random: Random, *, hard: bool, away: float) -> None:
    """The database ends, by `kill -9` or fast, and comes back with its data."""
    with scene.ground.outage():
        (scene.ground.kill_database if hard else scene.ground.stop_database)()
        _lose_a_member_too(scene, random)
        time.sleep(away)
        scene.ground.start_database()
    scene.count(f"database {'kill -9' if hard else 'restart, fast'}")


def table_locked(scene: Scene, random: Random) -> None:
    """Someone holds a table for longer than `lock_timeout`."""
    with scene.ground.outage(), scene.ground.connection() as connection:
        connection.execute("BEGIN")
        connection.execute(f"LOCK TABLE {random.choice(_TABLES)} IN ACCESS EXCLUSIVE MODE")
        time.sleep(random.uniform(6, 14))
        connection.execute("ROLLBACK")
    scene.count("database hung: a table is locked")


def orders_locked(scene: Scene, random: Random) -> None:
    """Someone holds the rows of every order for longer than `lock_timeout`."""
    with scene.ground.outage(), scene.ground.connection() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM cases ORDER BY order_id FOR UPDATE")
        time.sleep(random.uniform(6, 14))
        connection.execute("ROLLBACK")
    scene.count("database hung: orders are locked")


def database_frozen(scene: Scene, random: Random) -> None:
    """The server does nothing for longer than `statement_timeout`, and then goes on."""
    with scene.ground.outage():
        frozen = scene.ground.processes_of_the_database()
        try:
            for pid in frozen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            time.sleep(random.uniform(16, 20))
        finally:
            for pid in frozen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
    scene.count("database hung: it does nothing")


def database_read_only(scene: Scene, random: Random) -> None:
    """New sessions may only read, and there are only new ones; nobody ends them afterwards."""
    setting = "ALTER DATABASE mediation {} default_transaction_read_only"
    with scene.ground.outage(), scene.ground.connection(database="postgres") as connection:
        connection.execute(setting.format("SET") + " = on")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mediation'"
        )
        time.sleep(random.uniform(3, 10))
        connection.execute(setting.format("RESET"))
    scene.count("database read-only")


def cut(of: str) -> Fault:
    """Connections end after some bytes, wherever that is in a statement or a request."""

    def fault(scene: Scene, random: Random) -> None:
        proxy = _proxy(scene, of)
        proxy.cut_after(random.randint(0, 6_000), answers=random.random() < 0.5)
        time.sleep(random.uniform(0.5, 2))
        scene.count(f"connections to the {of} cut")

    return fault


def stall(of: str) -> Fault:
    """Nothing goes through, for longer than the session timeout; then it does, or is cut."""

    def fault(scene: Scene, random: Random) -> None:
        proxy = _proxy(scene, of)
        with scene.ground.outage():
            proxy.stall()
            time.sleep(scene.ground.settings.kafka_session_timeout + random.uniform(1, 4))
            if random.random() < 0.5:
                proxy.cut_now()
            proxy.flow()
        scene.count(f"connections to the {of} stalled")

    return fault


def _proxy(scene: Scene, of: str) -> Proxy:
    return scene.ground.broker_proxy if of == "broker" else scene.ground.database_proxy


def _lose_a_member_too(scene: Scene, random: Random) -> None:
    """Now and then a member is killed while it waits for what is away."""
    if random.random() < 0.3:
        victim = random.choice(scene.crew.standing)
        scene.crew.send(victim, signal.SIGKILL)
