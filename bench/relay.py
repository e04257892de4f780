"""The relay beside the consumer of the same run: does what is consumed also leave?

Rule: in each round the relay publishes the outbox that the consumer has just filled. Then both work
at once, on two cores that they share with Kafka and PostgreSQL.
"""

from dataclasses import dataclass, field

from bench import counting, drain, effects, load
from bench.arithmetic import rate
from bench.contestants import ours
from bench.drain import TOPIC, Track
from bench.plan import Plan
from bench.report import Section, failures, spread_of, table
from bench.rounds import Result, play
from bench.stage import Stage
from bench.worker import Worker
from consumers.order_disputed import CONSUMER

WANTED = 15_000  # rows a second
EFFECTS = 2  # of a dispute


@dataclass(slots=True)
class Figures:
    """A second's worth, in one round."""

    events: float
    rows: float
    events_at_once: float
    rows_at_once: float

    def __str__(self) -> str:
        return (
            f"{self.events:,.0f} events/s, {self.rows:,.0f} rows/s;"
            f" at once {self.events_at_once:,.0f} and {self.rows_at_once:,.0f}"
        )


@dataclass(slots=True)
class Drained:
    """A database whose outbox a relay is to empty."""

    stage: Stage
    database: str
    rows: int
    before: effects.Places = field(init=False)

    def __post_init__(self) -> None:
        self.before = effects.ends(self.stage.servers)

    def wait_for(self, relay: Worker) -> float:
        """Rows a second, once all were published and removed."""
        with self.stage.connection(self.database) as connection:

            def done() -> bool:
                row = connection.execute("SELECT EXISTS (SELECT FROM outbox)").fetchone()
                return row == (False,)

            relay.wait_until(done, drain.SECONDS)
        after = effects.ends(self.stage.servers)
        if (published := effects.count(self.before, after)) != self.rows:
            raise ValueError(f"{published} rows were published, and not {self.rows}")
        return rate(effects.taken(self.stage.servers, self.before, after))


def measure(stage: Stage, plan: Plan) -> Section:
    """Rows a second, and how they compare with the events of the same round."""
    load.produce(stage.servers, load.disputes(plan.events))
    track = Track(stage, plan.events)
    results = play({"relay": lambda: _round(track)}, plan.rounds, plan.say)
    result = results["relay"]
    lines = [] if result.failure else _lines(plan, result)
    return Section("relay", [*lines, *failures(results)], failures(results))


def _round(track: Track) -> Figures:
    stage = track.stage
    stage.forget(CONSUMER.group)
    with stage.database() as database:
        with ours("order-disputed", stage, stage.settings(database)) as consumer:
            drain.wait_for(stage, consumer, database, track.events)
        events = _events(stage, database)
        drained = Drained(stage, database, EFFECTS * track.events)
        with ours("relay", stage, stage.settings(database)) as relay:
            rows = drained.wait_for(relay)
    return Figures(events, rows, *_both_at_once(track))


def _both_at_once(track: Track) -> tuple[float, float]:
    stage = track.stage
    stage.forget(CONSUMER.group)
    with stage.database() as database:
        settings = stage.settings(database)
        drained = Drained(stage, database, EFFECTS * track.events)
        with ours("relay", stage, settings) as relay:
            with ours("order-disputed", stage, settings) as consumer:
                drain.wait_for(stage, consumer, database, track.events)
            rows = drained.wait_for(relay)
        return _events(stage, database), rows


def _events(stage: Stage, database: str) -> float:
    with stage.connection(database) as connection:
        return rate(counting.commits(connection, TOPIC))


def _lines(plan: Plan, result: Result) -> list[str]:
    rounds: list[Figures] = result.figures
    rows = {
        "consumer alone, events/s": ([each.events for each in rounds], 0, ""),
        "relay alone, rows/s": ([each.rows for each in rounds], 0, f"≥ {WANTED:,}"),
        "relay by what the consumer writes (rows/s by rows/s)": (
            [each.rows / (EFFECTS * each.events) for each in rounds],
            2,
            "≥ 1",
        ),
        "both at once: events/s": ([each.events_at_once for each in rounds], 0, ""),
        "both at once: rows/s": ([each.rows_at_once for each in rounds], 0, ""),
    }
    body = [
        [name, *spread_of(each, digits), wanted] for name, (each, digits, wanted) in rows.items()
    ]
    said = f"{plan.events:,} disputes a round, {EFFECTS} rows of the outbox each:"
    return [said, "", *table(("", "least", "median", "most", "wanted"), body)]
