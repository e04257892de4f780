"""Does anything that people wrote in an event ever reach a log?"""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from consumers.logs import configure_logging
from consumers.runner import ConsumerDefinition, Runner
from consumers.stopping import StopSignal
from schemas.codec import Codec
from schemas.events import Event, VerdictDecision
from schemas.topics import Topic
from services.errors import FloodError
from services.flood import FloodGate
from services.mediation import Mediation
from services.messages import Message
from services.metrics import Metrics
from services.reading import Handled
from services.retry import Backoff
from services.rules.case import Case
from services.rules.outcome import Decision
from services.settings import load_settings
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import evidence, mediator_assigned, order_disputed, verdict_issued
from tests.integration.conftest import SetClock
from tests.simulation.broker import MemoryBroker, MemorySource

SECRET = "the seller lives at 7 Example Street"
Consume = Callable[..., list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process would write on standard error."""
    library = logging.getLogger("kafka")
    before = library.level, library.propagate, library.handlers
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr("consumers.stopping.GRACE_SECONDS", 3600)
    configure_logging(load_settings(log_level="debug"), process="verdict-issued")
    yield written
    library.level, library.propagate, library.handlers = before
    structlog.reset_defaults()


@pytest.fixture
def consume(database: Database, clock: SetClock, log: io.StringIO) -> Consume:
    """Runs a consumer over these events, or bytes, until all are handled; gives its log lines."""

    def consumed(*events: Event | bytes, flood: FloodGate | None = None) -> list[dict[str, Any]]:
        broker, codec, stop = MemoryBroker(partitions=1), Codec(), StopSignal()
        for each in events:
            value = each if isinstance(each, bytes) else codec.encode(each)
            topic = "verdict.issued" if isinstance(each, bytes) else each.topic.value
            message = broker.append("topic", 0, b"order-1", value)
            broker.log("topic")[0][-1] = replace(message, topic=topic)
        mediation = Mediation(
            PostgresStore(database), codec, group="group", clock=clock, flood=flood
        )

        def handle(mediation: Mediation, batch: Sequence[Message]) -> list[Handled]:
            stop.set()
            return mediation.handle(batch)

        Runner(
            ConsumerDefinition(Topic.VERDICT_ISSUED, "group", handle),
            MemorySource(broker, "group"),
            mediation,
            stop=stop,
            backoff=Backoff(0.01, 0.01),
            clock=clock,
            metrics=Metrics(clock),
            batch_size=100,
        ).run()
        return [parsed(line) for line in log.getvalue().splitlines()]

    return consumed


def parsed(line: str) -> dict[str, Any]:
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def rejected(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "rejected"]


def test_a_refused_event_is_told_with_every_id_and_where_it_lies(consume: Consume) -> None:
    first = verdict_issued(reasons=SECRET)
    second = verdict_issued(name="second", reasons=SECRET, decision=VerdictDecision.RELAUNCH)

    lines = consume(order_disputed(), mediator_assigned(), first, second)

    (handled,) = [line for line in lines if line["event"] == "handled"]
    assert (handled["applied"], handled["rejected"]) == (3, 1)
    assert handled["offsets"] == {"0": "0-3"}
    (line,) = rejected(lines)
    assert line["level"] == "warning"
    assert (line["topic"], line["partition"], line["offset"]) == ("verdict.issued", 0, 3)
    assert line["event_id"] == str(second.event_id)
    assert (line["order_id"], line["dispute_id"]) == ("order-1", "dispute-1")
    assert line["reason"] == "verdict_final"
    assert "dispute-1" in line["explanation"]


@pytest.mark.parametrize(
    "event",
    [
        verdict_issued(reasons=f"{SECRET}\0"),
        verdict_issued(reasons=SECRET, evidence=(evidence(reference=f"{SECRET}\0"),)),
        Codec().encode(verdict_issued(reasons=SECRET)) + b"more",
        Codec().encode(verdict_issued(reasons=SECRET))[:-3],
        Codec().encode(verdict_issued(reasons=SECRET)).replace(b"the", b"t\xffe"),
        b"\x00" + SECRET.encode(),
    ],
)
def test_what_cannot_be_read_is_told_without_its_words(
    event: Event | bytes, consume: Consume, log: io.StringIO
) -> None:
    (line,) = rejected(consume(event))

    assert line["explanation"]
    assert "seller lives" not in log.getvalue()


def test_a_failure_of_the_program_is_told_by_its_kind_and_its_place(
    consume: Consume, log: io.StringIO, database: Database
) -> None:
    with database.transaction() as connection:
        connection.execute(text("ALTER TABLE disputes ADD CONSTRAINT c CHECK (decision IS NULL)"))

    lines = consume(order_disputed(), mediator_assigned(), verdict_issued(reasons=SECRET))

    (bug,) = [line for line in lines if line["event"] == "bug"]
    assert "services.errors.StorageError" in bug["exception"]
    assert "services/mediation.py" in bug["exception"]
    assert [line["reason"] for line in rejected(lines)] == ["bug"]
    assert "seller lives" not in log.getvalue()


def test_a_failure_that_quotes_an_event_is_told_without_its_words(
    consume: Consume, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_case: Case, event: Event) -> Decision:
        raise ValueError(f"not understood: {event}")

    monkeypatch.setattr("services.docket.decide", broken)

    lines = consume(verdict_issued(reasons=SECRET))

    assert [line["reason"] for line in rejected(lines)] == ["bug"]
    assert "seller lives" not in log.getvalue()


def test_a_flood_is_told_without_the_words_of_the_message_that_made_it_one(
    consume: Consume, log: io.StringIO
) -> None:
    bad = verdict_issued(reasons=f"{SECRET}\0")

    with pytest.raises(FloodError) as raised:
        consume(bad, flood=FloodGate(window=1))

    assert "seller lives" not in log.getvalue()
    assert "seller lives" not in str(raised.value)
