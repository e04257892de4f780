"""Does the database compare an order with its disputes wherever the two could have come apart?

Rule: whatever is done to an order, in whatever sequence, is refused at its end exactly if the order
and its disputes do not fit by then. What they must be is said here once more, in Python.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import Connection, Error, connect, errors

from schemas.events import VerdictDecision
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.contract.store_rows import case_after, in_mediation, resolved, write

_DEPTH = 3
_NEW = """
    INSERT INTO disputes (dispute_id, order_id, position, opened_at, opened_by_event_id, opened_by,
        buyer_id, seller_id, currency, captured_minor, fees_minor, commission_minor,
        state, mediator_id, assigned_at, resolved_by_event_id, decision, ground, reasons,
        resolved_at, refund_minor, payout_minor, platform_minor, set_aside)
    VALUES ('another', 'order-1', 9, now(), gen_random_uuid(), 'BUYER', 'b', 's', 'EUR', 100, 0, 0,
"""
_RESOLVE = """
    UPDATE disputes SET state = 'RESOLVED', mediator_id = 'm', assigned_at = now(),
        (resolved_by_event_id, decision, ground, reasons, resolved_at,
         refund_minor, payout_minor, platform_minor, set_aside) = ({}) WHERE state <> 'RESOLVED'
"""
_UNDECIDED = ", ".join(["NULL"] * 9)
_CLOSING = "gen_random_uuid(), 'FULL_REFUND', 'TERMS_BREACHED', 'late', now(), {}, 0, 0, '[]'"
_RELAUNCH = "gen_random_uuid(), 'RELAUNCH', 'MISUNDERSTANDING', 'why', now(), 0, 0, 0, '[]'"
_RESTRICT = "UPDATE cases SET (frozen, chat_locked, reviews_blocked) = "

STEPS = (
    "INSERT INTO cases (order_id) VALUES ('order-1')",
    "INSERT INTO cases VALUES ('order-1', true, true, false)",
    "INSERT INTO cases VALUES ('order-1', false, true, true)",
    f"{_RESTRICT} (true, true, false)",
    f"{_RESTRICT} (false, true, true)",
    f"{_RESTRICT} (false, false, false)",
    "UPDATE cases SET sequence = sequence + 1",
    "UPDATE cases SET order_id = order_id || '-renamed'",
    "DELETE FROM cases",
    f"{_NEW} 'OPEN', NULL, NULL, {_UNDECIDED})",
    f"{_NEW} 'RESOLVED', 'm', now(), {_CLOSING.format(100)})",
    f"{_NEW} 'RESOLVED', 'm', now(), {_RELAUNCH})",
    "UPDATE disputes SET state = 'IN_MEDIATION', mediator_id = 'm', assigned_at = now()",
    _RESOLVE.format(_CLOSING.format("captured_minor")),
    _RESOLVE.format(_RELAUNCH),
)

BEFORE = {
    "an order never heard of": None,
    "an order without a dispute": case_after(),
    "an open dispute": case_after(order_disputed()),
    "a mediation": in_mediation(),
    "a closed order": resolved(),
    "a relaunched order": case_after(
        order_disputed(), mediator_assigned(), verdict_issued(decision=VerdictDecision.RELAUNCH)
    ),
}


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """What is done in the block is undone at its end."""
    with connection.transaction(force_rollback=True):
        yield


def fits(connection: Connection) -> bool:
    """Whether every order is frozen while disputed, and its reviews blocked once closed."""
    disputes = connection.execute("SELECT order_id, state, decision FROM disputes").fetchall()
    unresolved = {order_id for order_id, state, _ in disputes if state != "RESOLVED"}
    closed = {order_id for order_id, _, decision in disputes if decision not in (None, "RELAUNCH")}
    cases = connection.execute("SELECT order_id, frozen, reviews_blocked FROM cases").fetchall()
    return all((f, b) == (id_ in unresolved, id_ in closed) for id_, f, b in cases)


def is_refused_at_the_end(connection: Connection) -> bool:
    try:
        with undone(connection):
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except errors.IntegrityConstraintViolation:
        return True
    return False


def histories(connection: Connection, so_far: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Do every sequence of steps that nothing refuses at once; undone after each was looked at."""
    yield so_far
    if len(so_far) == _DEPTH:
        return
    for number, step in enumerate(STEPS):
        if number in so_far:
            continue
        try:
            with undone(connection):
                connection.execute(step.encode())
                yield from histories(connection, (*so_far, number))
        except Error:
            continue


@pytest.mark.parametrize("before", BEFORE)
def test_whatever_was_done_is_refused_at_the_end_exactly_if_it_does_not_fit(
    database: Database, before: str
) -> None:
    if (case := BEFORE[before]) is not None:
        with PostgresStore(database).transaction() as transaction:
            write(transaction, case)
    unfit = wrong = 0

    with connect(database.url.set(drivername="postgresql").render_as_string(False)) as connection:
        for _ in histories(connection):
            unfit += (refused := is_refused_at_the_end(connection))
            wrong += refused is fits(connection)
        connection.rollback()

    assert wrong == 0
    assert unfit > 0
