"""`python -m bench`: what the pipeline does in a second, beside references and peers.

Names choose parts; without any, all are measured. Exits with 1 if a contestant could not be
measured or, for `smoke`, if the consumer has lost ground.
"""

import argparse
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bench.plan import Plan
from bench.report import Section, heading, server_version, write
from bench.smoke import record
from bench.stage import Stage, open_stage
from services.clock import system_clock

GROWTH = ("orders", "batches", "partitions")
PARTS = ("consumer", "relay", "latency", "memory", "together", *GROWTH, "profile")
SMOKE = "smoke"
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

_ROUNDS, _QUICK_ROUNDS, _SMOKE_ROUNDS = 5, 1, 3
_EVENTS, _QUICK_EVENTS, _SMOKE_EVENTS, _MEMORY_EVENTS = 60_000, 3_000, 15_000, 1_000_000
_USUAL = {SMOKE: (_SMOKE_ROUNDS, _SMOKE_EVENTS), "memory": (1, _MEMORY_EVENTS)}


def main() -> int:
    """Measure, tell, and write if asked to."""
    said = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that was started ends
    failed: list[str] = []
    for name in said.parts or (*PARTS, SMOKE):
        plan = _plan(name, said)
        with open_stage() as stage:  # a fresh one for each part: nothing is left of the one before
            section = _measured(name, stage, plan)
            lines = [*_heading(name, stage, plan), *section.lines]
        _say("\n" + "\n".join(lines) + "\n")
        if said.write and not said.quick:
            _keep(Section(section.name, lines, section.failed, section.ratio))
        failed += section.failed
    for each in failed:
        _say(f"failed: {each}")
    return 1 if failed else 0


def _plan(name: str, said: argparse.Namespace) -> Plan:
    usual = _USUAL.get(name, (_ROUNDS, _EVENTS))
    rounds, events = (_QUICK_ROUNDS, _QUICK_EVENTS) if said.quick else usual
    return Plan(said.rounds or rounds, said.events or events, said.quick, _say)


def _keep(section: Section) -> None:
    """On the page or, of the smoke, its ratio, unless that has fallen: a person decides then."""
    if section.name != SMOKE:
        write(PAGE, section)
    elif section.ratio is not None and not section.failed:
        record(section.ratio)


def _measured(name: str, stage: Stage, plan: Plan) -> Section:
    measure: Callable[[Stage, Plan], Section]
    if name in GROWTH:
        measure = getattr(import_module("bench.growth"), name)
    else:
        measure = import_module(f"bench.{name}").measure
    return measure(stage, plan)


def _heading(name: str, stage: Stage, plan: Plan) -> list[str]:
    quick = " --quick" if plan.quick else ""
    versions = [stage.node.description.split(" local")[0], server_version(stage.server_url)]
    command = f'make bench ARGS="{name}{quick} --rounds {plan.rounds} --events {plan.events}"'
    return heading(command, system_clock(), versions)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add(
        "parts",
        nargs="*",
        choices=[*PARTS, SMOKE, []],
        metavar="NAME",
        help=", ".join((*PARTS, SMOKE)),
    )
    add("--rounds", type=int, help="how often each contestant has its turn")
    add("--events", type=int, help="how many a contestant drains in a round")
    add("--quick", action="store_true", help="so little that only the harness is tried")
    add(
        "--write",
        action="store_true",
        help="keep the figures in docs/performance.md and bench/recorded.json; not quick ones",
    )
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
