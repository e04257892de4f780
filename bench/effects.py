"""What the relay published: read off the topics, with the time at which the broker took it.

Rule: the topics keep the broker's own time (LogAppendTime), so the relay is not asked about itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.arithmetic import Commits
from bench.stage import PARTITIONS
from schemas.topics import OUTBOUND

Places = Mapping[tuple[str, int], int]
_PATIENCE = 30.0


def ends(servers: str) -> Places:
    """Where each partition of the effects' topics ends now."""
    with _reader(servers) as reader:
        places = [(topic.value, each) for topic in OUTBOUND for each in range(PARTITIONS)]
        return {
            place: reader.get_watermark_offsets(TopicPartition(*place), timeout=_PATIENCE)[1]
            for place in places
        }


def count(before: Places, after: Places) -> int:
    """How many effects lie between."""
    return sum(after[place] - before[place] for place in before)


def taken(servers: str, before: Places, after: Places) -> Commits:
    """When the broker took the effects between, and how many in the same millisecond."""
    found: Counter[float] = Counter()
    for record in _between(servers, before, after):
        found[record.timestamp()[1] / 1000] += 1
    return sorted(found.items())


def _between(servers: str, before: Places, after: Places) -> Iterator[Any]:
    left = count(before, after)
    with _reader(servers) as reader:
        reader.assign(
            [
                TopicPartition(*place, offset)
                for place, offset in before.items()
                if after[place] > offset
            ]
        )
        while left:
            records = reader.consume(1000, timeout=_PATIENCE)
            if not records:
                raise ValueError(f"{left} effects cannot be read")
            left -= len(records)
            yield from records


@contextmanager
def _reader(servers: str) -> Iterator[Any]:
    settings = {
        "bootstrap.servers": servers,
        "group.id": "bench-reader",
        "enable.auto.commit": False,
        "log_level": 2,
    }
    client = Consumer(settings)
    try:
        yield client
    finally:
        client.close()
