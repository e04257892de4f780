"""`python -m tests.faults`: the campaign of faults on Apache Kafka and PostgreSQL.

Exits with 1 if any requirement does not hold.
"""

import argparse
import signal
import sys
from random import SystemRandom

from tests.faults.campaign import run, to_stdout
from tests.faults.ground import new_directory
from tests.faults.schedule import Amounts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    default = Amounts()
    add = parser.add_argument
    add("--seed", type=int, default=None, help="of the load and the schedule; default: by chance")
    add("--disputes", type=int, default=20_000, help="at least so many")
    add("--rate", type=float, default=50.0, help="messages a second while faults happen")
    add("--kills-at-each-point", type=int, default=default.kills_at_each_point)
    add("--points", type=int, default=None, help="of how many crash points; default: all")
    add("--kills-at-random", type=int, default=default.kills_at_random)
    add("--broker-restarts", type=int, default=default.broker_restarts, help="clean, and hard")
    add("--database-restarts", type=int, default=default.database_restarts, help="fast, and hard")
    add("--members", type=int, default=default.members, help="that join and leave")
    add("--hangs", type=int, default=default.hangs, help="of each kind: locks, stalls, ...")
    add("--cuts", type=int, default=default.cuts, help="of connections to each part")
    add("--long-outages", type=int, default=default.long_outages, help="of 45 s, of each part")
    add("--session-timeout", type=float, default=6.0, help="seconds")
    add("--replicas", type=int, default=2, help="standing members of each kind")
    return parser.parse_args()


def main() -> int:
    """Run it, and say what came out."""
    said = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that was started ends
    seed = SystemRandom().randrange(1_000_000) if said.seed is None else said.seed
    directory = new_directory()
    to_stdout(f"seed {seed}; everything is kept in {directory}")
    report = run(
        directory,
        seed=seed,
        amounts=Amounts(
            kills_at_each_point=said.kills_at_each_point,
            points=said.points,
            kills_at_random=said.kills_at_random,
            broker_restarts=said.broker_restarts,
            database_restarts=said.database_restarts,
            members=said.members,
            hangs=said.hangs,
            cuts=said.cuts,
            long_outages=said.long_outages,
        ),
        disputes=said.disputes,
        per_second=said.rate,
        session_timeout=said.session_timeout,
        replicas=said.replicas,
    )
    report.write(directory / "report.json")
    for line in report.lines():
        to_stdout(line)
    to_stdout(f"\nthe report: {directory / 'report.json'}")
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
