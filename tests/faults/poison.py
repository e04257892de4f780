"""`make poison`: what does poison cost the orders beside it, and does all of it end as it must?

Rule: the same stories are told clean and with poison among them, in turn and at the same steady
rate, so that whatever else this machine does meets both.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from typer import echo

from tests.faults.poison_field import Field, playing_field
from tests.faults.poison_stream import (
    Poisoner,
    Round,
    clean_round,
    past_round,
    poisoned_round,
)
from tests.faults.poison_timing import Latencies, Stopwatch, p99, pooled

_LIMIT = 1.5
_PAST_ORDERS = 300
_TRIAL_EVENTS = 8_000
_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how often, how fast; a rate of 0 is half of what the pipeline can do here."""

    events: int
    rounds: int
    share: float
    rate: float
    seed: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the figures; 0 if all requirements are met."""
    plan = _plan(arguments)
    with playing_field() as field:
        echo(f"{field.ground.node.description}; seed {plan.seed}")
        field.work()
        pairs = list(_played(field, plan))
        stopwatch = Stopwatch(field.ground)
        told = [[stopwatch.of(each) for each in pair] for pair in pairs]
        ratios = _print_latencies(told)
        field.give_up_on_the_parked()
        failures = [*_print_letters(field), *field.differences(), *field.rest()]
        echo("in the logs: " + ", ".join(f"{n} x {word}" for word, n in field.noises().items()))
    failures += [
        f"p99 {what} is {ratio:.2f} times the clean one" for what, ratio in ratios if ratio > _LIMIT
    ]
    for failure in failures[:20]:
        echo(f"FAIL {failure}")
    echo("PASS" if not failures else f"{len(failures)} failures")
    return 1 if failures else 0


def _plan(arguments: Sequence[str] | None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.poison", description=__doc__)
    parser.add_argument("--events", type=int, default=25_000, help="good events in a round")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of each sort")
    parser.add_argument("--share", type=float, default=_SHARE, help="poison for each good event")
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: find it")
    parser.add_argument("--seed", type=int, default=1)
    return Plan(**vars(parser.parse_args(arguments)))


def _played(field: Field, plan: Plan) -> Iterator[tuple[Round, Round]]:
    past = past_round(_PAST_ORDERS, plan.seed)
    field.play(past)
    rate = plan.rate or _half_of_what_it_can_do(field, plan.seed)
    poisoner = Poisoner(past.stories, plan.seed)
    for number in range(plan.rounds):
        seed = plan.seed + number
        clean = clean_round(f"clean-{number}", plan.events, seed)
        poisoned = poisoned_round(f"poison-{number}", plan.events, seed, plan.share, poisoner)
        for each in (clean, poisoned):
            seconds = field.play(each, rate)
            echo(
                f"{each.name}: {len(each.messages)} messages, {each.poison} of them poison,"
                f" in {seconds:.0f} s",
            )
        yield clean, poisoned


def _half_of_what_it_can_do(field: Field, seed: int) -> float:
    trial = clean_round("trial", _TRIAL_EVENTS, seed)
    capacity = len(trial.messages) / field.play(trial)
    echo(f"rate: {capacity / 2:.0f} messages a second, half of {capacity:.0f}")
    return capacity / 2


def _print_latencies(told: Sequence[Sequence[Latencies]]) -> list[tuple[str, float]]:
    """Each round's p99 and the pooled ones; returns what is compared, and the pooled ratio."""
    cleans, poisoneds = ([pair[side] for pair in told] for side in (0, 1))
    ratios = []
    for what, of in (
        ("to the commit", attrgetter("decided")),
        ("to the last effect", attrgetter("answered")),
    ):
        pairs = [(p99(of(one)), p99(of(other))) for one, other in told]
        echo(f"p99 of the good orders, from the record {what} (ms): clean, with poison, ratio")
        for number, (one, other) in enumerate(pairs):
            echo(f"  round {number}: {one:8.0f} {other:8.0f} {other / one:6.2f}")
        one, other = p99(of(pooled(cleans))), p99(of(pooled(poisoneds)))
        each = [second / first for first, second in pairs]
        echo(
            f"  pooled:  {one:8.0f} {other:8.0f} {other / one:6.2f}"
            f"   (of single rounds {min(each):.2f} to {max(each):.2f})"
        )
        ratios.append((what, other / one))
    return ratios


def _print_letters(field: Field) -> Iterator[str]:
    echo("dead letters by reason: expected, found")
    letters = field.letters()
    for reason, (expected, found) in letters.items():
        echo(f"  {reason:<22} {expected:6} {found:6}")
        if expected != found:
            yield f"{found} dead letters for {reason}, not {expected}"
    echo(f"  {'all':<22} {sum(e for e, _ in letters.values()):6}"
          f" {sum(f for _, f in letters.values()):6}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
