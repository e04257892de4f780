"""One contestant, one database, one topic full of disputes: how many events a second?

Rule: the clock is PostgreSQL's, from the first commit to the last; the work is compared row by row
in number with what all others did.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench import counting, load
from bench.arithmetic import Commits, rate
from bench.contestants import COPY, PLAIN, Contestant, ours, peer
from bench.job import Job
from bench.stage import TEMPLATE, Stage
from bench.worker import Worker
from consumers.order_disputed import CONSUMER
from services.settings import Settings

SECONDS = 1800.0  # after which a contestant is given up
TOPIC = CONSUMER.topic.value
SOURCE = "bench_source"


@dataclass(frozen=True, slots=True)
class Track:
    """A stage whose topic holds `events` disputes, and the work that these are, if it is known."""

    stage: Stage
    events: int
    work: counting.Work | None = None


def prepare(stage: Stage, events: int) -> Track:
    """Fill the topic, and drain it once unmeasured, for what the others are compared with."""
    load.produce(stage.servers, load.disputes(events))
    stage.make_database(SOURCE)
    _let_work(stage, peer(PLAIN, _job(stage, PLAIN, SOURCE), stage.log("source")), SOURCE, events)
    with stage.connection(SOURCE) as connection:
        return Track(stage, events, counting.work(connection))


def drained_by(track: Track, contestant: Contestant) -> float:
    """Events a second of a peer, or of the COPY limit."""
    stage = track.stage
    with stage.database() as database:
        job = _job(stage, contestant, database)
        _let_work(stage, peer(contestant, job, stage.log(contestant.name)), database, track.events)
        return rate(_checked(track, database))


def drained_by_us(
    track: Track, settings: Callable[[str], Settings] | None = None, template: str = TEMPLATE
) -> float:
    """Events a second of `mediation run order-disputed`; `settings` are given the database."""
    stage = track.stage
    stage.forget(CONSUMER.group)
    with stage.database(template) as database:
        with stage.connection(database) as connection:
            after = counting.last_arrival(connection, TOPIC)
        chosen = settings(database) if settings else stage.settings(database)
        process = ours("order-disputed", stage, chosen)
        _let_work(stage, process, database, track.events, after)
        return rate(_checked(track, database, after))


def wait_for(
    stage: Stage, worker: Worker, database: str, events: int, after: int = 0, topic: str = TOPIC
) -> None:
    """Until so many events of a topic were committed since the one of number `after`.

    Raises:
        ContestantError: that will not come.
    """
    with stage.connection(database) as connection:

        def done() -> bool:  # the cheap question first: it is asked again and again
            newest = counting.last_arrival(connection, topic)
            return newest - after >= events and (
                counting.arrived(connection, topic, after) >= events
            )

        worker.wait_until(done, SECONDS)


def _let_work(stage: Stage, worker: Worker, database: str, events: int, after: int = 0) -> None:
    with worker:
        wait_for(stage, worker, database, events, after)


def _checked(track: Track, database: str, after: int = 0) -> Commits:
    with track.stage.connection(database) as connection:
        if track.work is not None:
            counting.require_same(track.work, counting.work(connection))
        return counting.commits(connection, TOPIC, after)


def _job(stage: Stage, contestant: Contestant, database: str) -> Job:
    source = stage.url(SOURCE) if contestant is COPY else ""
    group = f"{contestant.group}-{database}"  # a new one: Kafka waits long for members that died
    return Job(stage.servers, TOPIC, group, stage.url(database), source)
