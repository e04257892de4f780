"""How long an event takes with all four processes at work, at a steady pace.

Rule: an event counts from the moment before it is handed to the producer; it is decided when
PostgreSQL committed its row; it is answered when a reader holds the last of its effects, which
Kafka shows nobody before it has acknowledged them.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from confluent_kafka import Consumer, Producer, TopicPartition

from bench import counting, load
from bench.arithmetic import percentile
from bench.contestants import ours
from bench.drain import TOPIC
from bench.plan import Plan
from bench.report import Section, failures, spread_of, table
from bench.rounds import play
from bench.stage import PARTITIONS, Stage
from consumers.bootstrap import CONSUMERS, PROCESSES
from schemas.codec import Codec
from schemas.events import OrderDisputed
from tests.eventually import eventually

RATES = (50, 500)  # events a second
EFFECTS = ("order.frozen", "chat.locked")
WARM_UP_SECONDS = 3
_WANTED = {"decided": 30, "answered": 35}  # milliseconds at the 99th percentile
_names = count(1)


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of one round at one pace, in milliseconds."""

    decided: list[float]
    answered: list[float]

    def __str__(self) -> str:
        shown = ((name, getattr(self, name)) for name in _WANTED)
        return "; ".join(
            f"{name} p50 {percentile(each, 0.5):.1f} ms, p99 {percentile(each, 0.99):.1f} ms"
            for name, each in shown
        )


class Reader(threading.Thread):
    """Notes when the last effect of each event came into its hands."""

    def __init__(self, servers: str) -> None:
        super().__init__(name="reader", daemon=True)
        self.answered: dict[UUID, float] = {}
        self._seen: dict[UUID, int] = {}
        self._over = threading.Event()
        self._client = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "bench-reader",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
            }
        )
        places = [TopicPartition(topic, n) for topic in EFFECTS for n in range(PARTITIONS)]
        for place in places:
            place.offset = self._client.get_watermark_offsets(place, timeout=30)[1]
        self._client.assign(places)

    def run(self) -> None:
        """Until it is over."""
        while not self._over.is_set():
            record = self._client.poll(0.1)
            if record is None or record.error():
                continue
            trace = dict(record.headers() or ())["traceparent"]
            assert isinstance(trace, bytes)
            cause = UUID(trace.decode().split("-")[1])
            self._seen[cause] = self._seen.get(cause, 0) + 1
            if self._seen[cause] == len(EFFECTS):
                self.answered[cause] = time.time_ns() / 1e6
        self._client.close()

    def stop(self) -> None:
        """End it, and wait for that."""
        self._over.set()
        self.join()


def measure(stage: Stage, plan: Plan) -> Section:
    """Both paces in turn."""
    seconds = plan.scaled(20, 3)
    with ExitStack() as parts:
        database = parts.enter_context(stage.database())
        for each in CONSUMERS.values():
            stage.forget(each.group)
        for name in PROCESSES:
            parts.enter_context(ours(name, stage, stage.settings(database)))
        _answer_once(stage)
        turns = {
            f"{pace} events/s": (lambda pace=pace: _round(stage, database, pace, seconds))
            for pace in RATES
        }
        results = play(turns, plan.rounds, plan.say)
    rows = [
        [f"{name}, {what} p{share * 100:g}", *_cells(result.figures, what, share), wanted]
        for name, result in results.items()
        if not result.failure
        for what, most in _WANTED.items()
        for share, wanted in ((0.5, ""), (0.99, f"≤ {most}"))
    ]
    head = ("milliseconds", "least", "median", "most", "wanted")
    said = f"All four processes run; each pace is held for {seconds} seconds a round:"
    return Section("latency", [said, "", *table(head, rows)], failures(results))


def _answer_once(stage: Stage) -> None:
    """Wait until the processes have joined, started and answered."""
    reader = Reader(stage.servers)
    reader.start()
    sent = _send(stage.servers, load.disputes(10, f"first-{next(_names)}"), 50)
    eventually(lambda: len(reader.answered) == len(sent), 120, "the first events are answered")
    reader.stop()


def _round(stage: Stage, database: str, pace: int, seconds: int) -> Latencies:
    reader = Reader(stage.servers)
    reader.start()
    try:
        events = load.disputes(pace * (WARM_UP_SECONDS + seconds), f"paced-{next(_names)}")
        sent = _send(stage.servers, events, pace)
        eventually(lambda: len(reader.answered) >= len(sent), 120, "every event is answered")
    finally:
        reader.stop()
    with stage.connection(database) as connection:
        decided = counting.moments(connection, TOPIC)
    measured = list(sent.items())[pace * WARM_UP_SECONDS :]
    return Latencies(
        [decided[id_] - at for id_, at in measured],
        [reader.answered[id_] - at for id_, at in measured],
    )


def _send(servers: str, events: Iterable[OrderDisputed], pace: int) -> dict[UUID, float]:
    """Produce at this pace; returns when each event was handed over, in milliseconds."""
    codec = Codec()
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 0, "log_level": 2})
    ready = [(e.event_id, e.order_id.encode(), codec.encode(e)) for e in events]
    sent = {}
    for (event_id, key, value), _ in zip(ready, _ticks(pace), strict=False):
        sent[event_id] = time.time_ns() / 1e6
        producer.produce(TOPIC, value, key)
        producer.poll(0)
    producer.flush(30)
    return sent


def _ticks(pace: int) -> Iterator[None]:
    start = time.monotonic()
    for number in count():
        if (left := start + number / pace - time.monotonic()) > 0:
            time.sleep(left)
        yield


def _cells(figures: Sequence[Latencies], what: str, share: float) -> list[str]:
    return spread_of([percentile(getattr(each, what), share) for each in figures], 1)
