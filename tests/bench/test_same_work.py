"""Do the plain batch and the pipeline leave the same rows of the same disputes?"""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from bench import counting, load
from bench.job import Job
from bench.peers.batch import handler
from schemas.codec import Codec
from services.messages import Message
from services.storage import schema
from services.storage.database import Database


def messages(count: int) -> list[Message]:
    codec = Codec()
    return [
        Message(each.topic.value, 0, offset, 0, each.order_id.encode(), codec.encode(each))
        for offset, each in enumerate(load.disputes(count))
    ]


@pytest.fixture
def url(empty_database_url: str) -> str:
    database = Database(empty_database_url)
    schema.upgrade(database)
    database.close()
    return empty_database_url


@pytest.fixture
def other_url(url: str) -> Iterator[str]:
    """A second database, with the same schema and as empty."""
    here = make_url(url)
    name = f"{here.database}_twin"
    with psycopg.connect(url, autocommit=True, dbname="postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {here.database}".encode())
        try:
            yield here.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def handle(url: str, *, inside: bool) -> None:
    """The same twenty disputes, the one way or the other."""
    with handler(Job("", "order.disputed", "bench", url, inside=inside)) as handle_batch:
        handle_batch(messages(20))


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


CASES = "SELECT * FROM cases ORDER BY order_id"
DISPUTES = "SELECT * FROM disputes ORDER BY dispute_id"
OUTBOX = "SELECT slot, topic, key, value, headers FROM outbox ORDER BY key, topic DESC"
FACTS = (CASES, DISPUTES, OUTBOX)


def test_plain_and_inside_leave_the_same_cases_disputes_and_effects(
    url: str, other_url: str
) -> None:
    handle(url, inside=False)
    handle(other_url, inside=True)

    assert [rows(url, each) for each in FACTS] == [rows(other_url, each) for each in FACTS]


def test_plain_and_inside_count_as_the_same_work(url: str, other_url: str) -> None:
    handle(url, inside=False)
    handle(other_url, inside=True)

    with psycopg.connect(url) as plain, psycopg.connect(other_url) as inside:
        counting.require_same(counting.work(inside), counting.work(plain))


@pytest.mark.parametrize("inside", [False, True])
def test_what_is_delivered_again_leaves_nothing_more(url: str, inside: bool) -> None:
    handle(url, inside=inside)
    with psycopg.connect(url) as connection:
        once = counting.work(connection)

    handle(url, inside=inside)

    with psycopg.connect(url) as connection:
        assert counting.work(connection) == once
