"""The effects, byte for byte: what was published is what this release alone makes of the messages.

Rule: the same messages are handled once more, by one process, in an empty database, topic after
topic. The rules promise that no order of delivery makes a difference, so neither may the releases.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby

from sqlalchemy import make_url, select

from consumers.bootstrap import CONSUMERS
from schemas.codec import Codec
from schemas.topics import INBOUND, OUTBOUND
from services.clock import system_clock
from services.flood import FloodGate
from services.mediation import Mediation
from services.messages import Message, pair
from services.storage import schema
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from services.storage.tables import outbox
from tests.faults.ground import Ground
from tests.faults.reading import Record, read_all

_ALONE = "alone"
_AT_ONCE = 500

Bytes = tuple[str, bytes | None, bytes | None, frozenset[tuple[str, bytes | None]]]


def other_bytes(ground: Ground) -> Iterator[str]:
    """Effects that this release alone would have published otherwise, in words."""
    with ground.connection(database="postgres") as connection:
        connection.execute(f"CREATE DATABASE {_ALONE}")
    url = make_url(ground.url).set(database=_ALONE)
    with closing(Database(url.render_as_string(hide_password=False))) as database:
        schema.upgrade(database)
        _handle(database, read_all(ground.node.address, INBOUND))
        demanded = set(_outgoing(database))
    found = {
        (each.topic, each.key, each.value, frozenset(each.headers))
        for each in read_all(ground.node.address, OUTBOUND)
    }
    if not demanded:
        yield "no effect was compared"
    for topic, key, *_ in sorted(demanded ^ found, key=repr)[:5]:
        yield f"{topic} of {key!r} is not, byte for byte, what this release alone says"


def _handle(database: Database, records: Iterable[Record]) -> None:
    groups = {each.topic.value: each.group for each in CONSUMERS.values()}
    for topic, its_records in groupby(records, key=lambda each: each.topic):
        messages = [_message(each) for each in its_records]
        mediation = Mediation(
            PostgresStore(database),
            Codec(),
            group=groups[topic],
            clock=system_clock,
            flood=FloodGate(limit=1.0),
        )
        for start in range(0, len(messages), _AT_ONCE):
            mediation.handle(messages[start : start + _AT_ONCE])


def _message(record: Record) -> Message:
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=-1,
        key=record.key,
        value=record.value,
        headers=record.headers,
    )


def _outgoing(database: Database) -> Iterator[Bytes]:
    with database.transaction() as connection:
        for row in connection.execute(select(outbox)):
            if row.topic in OUTBOUND:
                yield row.topic, row.key, row.value, frozenset(pair(row.headers))
