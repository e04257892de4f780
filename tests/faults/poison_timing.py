"""How long an event took, told by the clocks of Kafka and PostgreSQL alone.

Rule: a good event is taken up when its record was produced; it is decided when the transaction with
its row was committed; it is answered when the last effect that it caused was produced. An effect
cannot come before all that its order had said until then, so its time counts from the newest of it.
"""

import io
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import fastavro
from confluent_kafka import Consumer, TopicPartition

import schemas
from schemas.topics import OUTBOUND
from tests.faults.ground import PARTITIONS, Ground
from tests.faults.poison_stream import Round

_HEADER_BYTES = 10


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of one round or several, in milliseconds."""

    decided: list[float]
    answered: list[float]


def p99(milliseconds: Sequence[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(milliseconds, n=100)[98]


def pooled(rounds: Sequence[Latencies]) -> Latencies:
    """All of them together."""
    return Latencies(
        [each for one in rounds for each in one.decided],
        [each for one in rounds for each in one.answered],
    )


class Stopwatch:
    """What was committed when, and the last effect of each event."""

    def __init__(self, ground: Ground) -> None:
        rows = ground.query(
            "SELECT event_id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8"
            " FROM events"
        )
        self._decided: dict[UUID, float] = {row[0]: row[1] for row in rows}
        self._answered = _last_effects(ground.node.address)

    def of(self, each_round: Round) -> Latencies:
        """The latencies of the good events of a round."""
        found = Latencies([], [])
        for story in each_round.stories:
            newest = 0
            for letter in story.letters:
                if letter.refused is not None or letter.event_id is None:
                    continue
                sent_at = each_round.sent_at[letter.event_id]
                newest = max(newest, sent_at)
                found.decided.append(self._decided[letter.event_id] - sent_at)
                if letter.event_id in self._answered:
                    found.answered.append(self._answered[letter.event_id] - newest)
        return found


def _last_effects(servers: str) -> dict[UUID, float]:
    last: dict[UUID, float] = {}
    settings = {"bootstrap.servers": servers, "group.id": "nobody", "enable.auto.commit": False}
    client = Consumer(settings)
    try:
        places = [
            TopicPartition(topic, each, 0) for topic in OUTBOUND for each in range(PARTITIONS)
        ]
        left = sum(client.get_watermark_offsets(place, timeout=30)[1] for place in places)
        client.assign(places)
        while left:
            for message in client.consume(500, timeout=0.2):
                left -= 1
                body = io.BytesIO((message.value() or b"")[_HEADER_BYTES:])
                said: Any = fastavro.schemaless_reader(body, _schema(message.topic()), None)
                cause, at = UUID(str(said["cause_event_id"])), message.timestamp()[1]
                last[cause] = max(last.get(cause, 0.0), float(at))
    finally:
        client.close()
    return last


@cache
def _schema(topic: str) -> Any:
    file = Path(schemas.__file__).parent / "avro" / f"{topic}.v1.avsc"
    return fastavro.parse_schema(json.loads(file.read_text()))
