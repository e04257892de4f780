"""Does a set of rows arrive as it was sent, whatever is in it, or else not at all?"""

from dataclasses import replace
from typing import Any

import pytest

from schemas.events import VerdictDecision
from services.mediation import Mediation
from services.messages import Message, flatten
from services.rules.case import Case
from services.rules.outcome import Outcome
from services.storage import binary, tables
from services.storage.database import Database
from services.storage.inbox import Entry
from services.storage.outbox import slot_of
from services.storage.postgres import PostgresStore
from services.storage.store import Loaded
from tests.builders import event_id, mediator_assigned, order_disputed, verdict_issued
from tests.contract.store_rows import (
    NOW,
    case_after,
    deferred,
    entry,
    in_mediation,
    lock,
    outgoing,
    waiting,
    write,
)
from tests.deliveries import Deliveries
from tests.integration.looking import rows_of

ODD_TEXTS = [
    "",
    "\u00fcn\u00ef\u00a2\u00f6d\u00e9",
    "\U0001f600",
    "a\tb\nc\\d",
    "'; DROP TABLE cases; --",
    '{NULL,"x"}',
    "%s %b {}",
]
ODD_HEADERS = (
    ("", b""),
    ("\udcff\udc80 not UTF-8", None),
    ("name", b"\x00\xff"),
    ("name", b"again"),
)


MANY = 1_000
"""Written by COPY; one message is written by INSERT, together with all else."""


def explained(explanation: str, number: int = 0) -> Entry:
    event = order_disputed(name=f"event {number}", order_id=f"order-{number}")
    return entry(event, explanation=explanation)


def parked(message: Message) -> Entry:
    return replace(deferred(mediator_assigned()), message=message)


@pytest.mark.parametrize("messages", [1, MANY])
def test_every_value_comes_into_its_own_column(database: Database, messages: int) -> None:
    said = deferred(mediator_assigned(dispute_id="d", order_id="o"))
    message = replace(
        said.message, partition=3, offset=2**40, timestamp_ms=-1, timestamp_type="LogAppendTime"
    )

    with PostgresStore(database).transaction() as transaction, transaction.writing(messages):
        transaction.remember([replace(said, message=message)])

    (event,), (waits,) = rows_of(database, tables.events), rows_of(database, tables.parked_events)
    place = {"topic": "mediator.assigned", "partition": 3, "offset": 2**40, "value": message.value}
    assert event == place | {
        "event_id": said.event.event_id,
        "arrival": 1,
        "order_id": "o",
        "dispute_id": "d",
        "occurred_at": said.event.occurred_at,
        "received_at": NOW,
        "digest": b"d" * 32,
        "outcome": "deferred",
        "reason": None,
        "explanation": "",
        "pruned_at": None,
    }
    assert waits == place | {
        "event_id": said.event.event_id,
        "arrival": 1,
        "order_id": "o",
        "waiting": "dispute",
        "parked_at": NOW,
        "timestamp_ms": -1,
        "timestamp_type": "LogAppendTime",
        "key": message.key,
        "headers": flatten(message.headers),
        "settled_at": None,
        "outcome": None,
        "reason": None,
        "explanation": None,
    }


@pytest.mark.parametrize("messages", [1, MANY])
def test_every_value_of_the_outbox_comes_into_its_own_column(
    database: Database, messages: int
) -> None:
    said = outgoing("a value", "an order")

    with PostgresStore(database).transaction() as transaction, transaction.writing(messages):
        transaction.publish_later([said, replace(said, key=None, value=None, headers=())], NOW)

    first, second = rows_of(database, tables.outbox)
    assert first == {
        "id": 1,
        "slot": slot_of(b"an order"),
        "topic": "topic",
        "key": b"an order",
        "value": b"a value",
        "headers": flatten(said.headers),
        "created_at": NOW,
    }
    nothing: dict[str, Any] = {"key": None, "value": None, "headers": []}
    assert second == first | {"id": 2, "slot": slot_of(None), **nothing}


@pytest.mark.parametrize("messages", [1, MANY])
def test_odd_texts_come_back_as_they_were(database: Database, messages: int) -> None:
    entries = [explained(odd, number) for number, odd in enumerate(ODD_TEXTS)]

    with PostgresStore(database).transaction() as transaction, transaction.writing(messages):
        transaction.remember(entries)

    assert [row["explanation"] for row in rows_of(database, tables.events)] == ODD_TEXTS


def test_odd_identifiers_are_found_again(database: Database) -> None:
    """In an array as well as in a row."""
    odd = [each for each in ODD_TEXTS if each]

    with PostgresStore(database).transaction() as transaction:
        locked = lock(transaction, *odd)
    with PostgresStore(database).transaction() as transaction:
        again = lock(transaction, *odd, "order-1")

    assert locked.keys() == set(odd)
    assert list(again) == sorted([*odd, "order-1"])


@pytest.mark.parametrize("messages", [1, MANY])
@pytest.mark.parametrize("headers", [(), ODD_HEADERS, (("only a name", None),)])
def test_odd_headers_come_back_as_they_were(
    database: Database, messages: int, headers: Any
) -> None:
    message = replace(deferred(mediator_assigned()).message, headers=headers)

    with PostgresStore(database).transaction() as transaction:
        lock(transaction, "order-1")
        with transaction.writing(messages):
            transaction.remember([parked(message)])
        (found,) = waiting(transaction, "order-1")

    assert found.message == message


def test_nothing_is_a_set_too(database: Database) -> None:
    with PostgresStore(database).transaction() as transaction:
        assert transaction.load((), (), ()) == Loaded({}, [], {}, {})
        assert transaction.owners([]) == {}
        assert transaction.keep_dead_letters([]) == []
        transaction.remember([])
        transaction.write_cases([(Case("order-1"), Case("order-1"))])
        transaction.request_settlements([])
        transaction.settle_parked([])
        transaction.wait_longer({})
        transaction.publish_later([], NOW)
    with database.transaction() as connection:
        binary.append(connection, "cases", {"order_id": []})
        assert binary.fetch(connection, "SELECT * FROM {rows}", {"order_id": []}) == []

    assert rows_of(database, tables.cases) == []


def test_a_set_may_be_larger_than_the_number_of_parameters_a_statement_may_have(
    database: Database,
) -> None:
    many = [f"order-{number}" for number in range(66_000)]

    with PostgresStore(database).transaction() as transaction:
        loaded = transaction.load(many, [event_id(each) for each in many], many)
        again = transaction.load(many, (), ())
        assert transaction.owners(many) == {}

    empty = {order_id: Case(order_id) for order_id in many}
    assert loaded == again == Loaded(empty, [], {}, {})


def test_the_largest_batch_is_one_transaction(mediation: Mediation, deliveries: Deliveries) -> None:
    events = [order_disputed(order_id=f"o-{n}", dispute_id=f"d-{n}") for n in range(5_000)]

    handled = mediation.handle(deliveries.all(*events))

    assert [each.outcome for each in handled] == [Outcome.APPLIED] * 5_000


@pytest.mark.parametrize("messages", [1, MANY])
def test_a_dispute_that_ends_and_the_next_one_of_its_order_are_written_at_once(
    database: Database, messages: int
) -> None:
    """An order has at most one dispute without a verdict, at every moment of the writing."""
    relaunch = verdict_issued(decision=VerdictDecision.RELAUNCH)
    again = order_disputed(dispute_id="the next")
    disputed_again = case_after(order_disputed(), mediator_assigned(), relaunch, again)
    with PostgresStore(database).transaction() as transaction:
        write(transaction, in_mediation())

    with PostgresStore(database).transaction() as transaction, transaction.writing(messages):
        write(transaction, disputed_again)

    with PostgresStore(database).transaction() as transaction:
        assert lock(transaction, "order-1") == {"order-1": disputed_again}
