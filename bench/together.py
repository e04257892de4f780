"""Three consumers at once, each on its own topic, beside each of them alone.

Rule: nobody waits for anybody: what is assigned was disputed before, what is decided was assigned
before. Together they are measured while all three are at work. The sum of what each keeps of its
own speed says how many consumers' work is done at once.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from bench import counting, drain, load
from bench.arithmetic import Commits, rate, rates_while_all_worked
from bench.contestants import ours
from bench.plan import Plan
from bench.report import Section, failures, spread_of, table
from bench.rounds import Result, play
from bench.stage import Stage
from consumers.bootstrap import CONSUMERS
from tests.eventually import eventually

WANTED = 1.3
PREPARED = "bench_prepared"
_TOGETHER = "all three together"


def measure(stage: Stage, plan: Plan) -> Section:
    """Each alone, then all three, in turn."""
    _prepare(stage, plan.events)
    turns = {name: partial(_alone, stage, name, plan.events) for name in CONSUMERS}
    results = play(
        {**turns, _TOGETHER: partial(_together, stage, plan.events)}, plan.rounds, plan.say
    )
    failed = failures(results)
    said = f"{plan.events:,} events on each topic:"
    return Section("together", failed or [said, "", *_table(results)], failed)


def share_sum(together: Mapping[str, float], alone: Mapping[str, float]) -> float:
    """How many consumers' work is done at once."""
    return sum(together[name] / alone[name] for name in together)


def _prepare(stage: Stage, events: int) -> None:
    """A database in which half of the story has happened, and topics with the other half."""
    stage.make_database(PREPARED)
    load.produce(stage.servers, load.disputes(events, "to-assign"))
    load.produce(stage.servers, load.disputes(events, "to-decide"))
    load.produce(stage.servers, load.assignments(events, "to-decide"))
    _run(stage, ("order-disputed", "mediator-assigned"), PREPARED, {}, (2 * events, events))
    with stage.connection(PREPARED) as connection:

        def settled() -> bool:
            rows = connection.execute("SELECT FROM parked_events WHERE settled_at IS NULL LIMIT 1")
            return rows.fetchone() is None

        eventually(settled, 60, "nothing waits")
        connection.execute("TRUNCATE outbox")
        connection.execute("VACUUM ANALYZE")
    stage.make_topics()
    load.produce(stage.servers, load.disputes(events, "to-dispute"))
    load.produce(stage.servers, load.assignments(events, "to-assign"))
    load.produce(stage.servers, load.verdicts(events, "to-decide"))


def _alone(stage: Stage, name: str, events: int) -> float:
    return rate(_played(stage, (name,), events)[name])


def _together(stage: Stage, events: int) -> dict[str, float]:
    return rates_while_all_worked(_played(stage, tuple(CONSUMERS), events))


def _played(stage: Stage, names: Sequence[str], events: int) -> dict[str, Commits]:
    with stage.database(PREPARED) as database:
        topics = {name: CONSUMERS[name].topic.value for name in names}
        with stage.connection(database) as connection:
            after = {name: counting.last_arrival(connection, topics[name]) for name in names}
        _run(stage, names, database, after, (events,) * len(names))
        with stage.connection(database) as connection:
            if counting.left_over(connection):
                raise ValueError("an event was parked or refused")
            return {name: counting.commits(connection, topics[name], after[name]) for name in names}


def _run(
    stage: Stage,
    names: Sequence[str],
    database: str,
    after: Mapping[str, int],
    events: Sequence[int],
) -> None:
    for name in names:
        stage.forget(CONSUMERS[name].group)
    with ExitStack() as parts:
        settings = stage.settings(database)
        workers = [parts.enter_context(ours(name, stage, settings)) for name in names]
        for name, worker, wanted in zip(names, workers, events, strict=True):
            topic = CONSUMERS[name].topic.value
            drain.wait_for(stage, worker, database, wanted, after.get(name, 0), topic)


def _table(results: Mapping[str, Result]) -> list[str]:
    together: list[dict[str, float]] = results[_TOGETHER].figures
    alone = {name: results[name].figures for name in CONSUMERS}
    rows = []
    for name in CONSUMERS:
        rows.append([f"{name} alone, events/s", *spread_of(alone[name]), ""])
        rows.append(
            [f"{name} beside the others, events/s", *spread_of([t[name] for t in together]), ""]
        )
    sums = [
        share_sum(each, {name: alone[name][number] for name in CONSUMERS})
        for number, each in enumerate(together)
    ]
    rows.append(["together by one (sum of the shares)", *spread_of(sums, 2), f"≥ {WANTED:g}"])
    return table(("", "least", "median", "most", "wanted"), rows)
