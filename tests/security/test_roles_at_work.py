"""Does everything work when each part may do no more than its own work?

Rule: each part is the real one, connected as the user of its role.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from starlette.testclient import TestClient

from consumers.demo.scenarios import SCENARIOS
from consumers.demo.staging import stage
from consumers.observer import Observer
from consumers.ops.app import create_app
from consumers.outbox_relay import OutboxRelay
from schemas.codec import Codec
from services.auditor import Auditor
from services.discarding import Discarding
from services.errors import DatabaseAccessError, RefusedError
from services.mediation import Mediation
from services.messages import Outgoing
from services.metrics import Metrics
from services.pruning import Pruning
from services.replay import Replay
from services.retry import Backoff
from services.storage import rights, schema, tallies
from services.storage.database import Database
from services.storage.figures import view
from services.storage.postgres import PostgresStore
from services.storage.pruning import Pruned
from services.storage.rights import CONSOLE, CONSUMER, MENDER, OWNER, PRUNER, READER, RELAY
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.eventually import eventually
from tests.integration.conftest import SetClock
from tests.integration.mending import open_letters
from tests.ops.scene import TOKEN, console_on
from tests.ops.serving import Ending
from tests.ops.test_acting import ask
from tests.security.conftest import ROLES, Guarded

HERE = "http://127.0.0.1:9470"
Open = Callable[[str], Database]


class Kept:
    """A sink that keeps what is published, and ends the relay when it has all of it."""

    def __init__(self, stop: Ending, wanted: int) -> None:
        self.published: list[Outgoing] = []
        self._stop = stop
        self._wanted = wanted

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published.extend(messages)
        if len(self.published) >= self._wanted:
            self._stop.set()

    def close(self) -> None:
        pass


@pytest.fixture
def open_as(guarded: Guarded) -> Iterator[Open]:
    """The database as the user of this role has it."""
    with ExitStack() as stack:
        yield lambda role: stack.enter_context(guarded.opened(role))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def play(consumer: Mediation, deliveries: Deliveries, clock: SetClock) -> None:
    """The whole demo, as the topics might bring it; then what waited for too long."""
    for order in stage(SCENARIOS, Codec(), run="5e7a1c", now=clock.now - timedelta(hours=3)):
        for step in order.scenario.steps:
            said = order.message(step.name)
            consumer.handle(
                [deliveries.of_bytes(said.topic, said.value, key=said.key, headers=said.headers)]
            )
    late = {"order_id": "late", "dispute_id": "late"}
    enough_for_copy = range(150)
    many = [order_disputed(order_id=f"order-{n}", dispute_id=f"d-{n}") for n in enough_for_copy]
    consumer.handle(deliveries.all(*many, verdict_issued(**late)))
    clock.advance(days=8)
    consumer.expire_parked("verdict.issued")
    consumer.handle(deliveries.all(order_disputed(**late), mediator_assigned(**late)))


def relay_everything(open_as: Open, clock: SetClock) -> list[Outgoing]:
    with view(open_as(READER)) as connection:
        waiting = len(connection.exec_driver_sql("SELECT id FROM outbox").all())
    stop = Ending()
    kept = Kept(stop, waiting)
    store = PostgresStore(open_as(RELAY))
    OutboxRelay(
        store,
        lambda: kept,
        stop=stop,
        backoff=Backoff(0.01, 0.01),
        clock=clock,
        metrics=Metrics(),
        batch_size=2000,
    ).run()
    return kept.published


def test_a_whole_story_is_told_with_each_in_its_role(
    guarded: Guarded, open_as: Open, clock: SetClock
) -> None:
    deliveries = Deliveries()
    consumer = Mediation(
        PostgresStore(open_as(CONSUMER)), Codec(), group="mediation.test", clock=clock
    )
    play(consumer, deliveries, clock)
    auditor = Auditor(open_as(READER), Codec())
    violations = [each for chunk in auditor.walk() for each in chunk.violations]
    assert [*violations, *auditor.tallies()] == []

    mender = open_as(MENDER)
    letters = open_letters(open_as(READER))
    replay = Replay(mender, Codec(), by="ana", clock=clock, why="mended")
    assert {r.fate.value for r in replay.rehearse(letters)} == {
        r.fate.value for r in replay.replay(letters)
    }
    with guarded.administered() as connection:
        done = connection.execute(
            "SELECT action, count(*) FROM dead_letter_actions GROUP BY 1"
        ).fetchall()
    assert {action for action, _ in done} == {"REPLAYED", "REPLAY_FAILED"}
    first, *_ = open_letters(open_as(READER))
    discarding = Discarding(mender, "ana", clock)
    assert [r.fate.value for r in discarding.discard([first], "a test")] == ["discarded"]
    assert [r.fate.value for r in discarding.restore([first], None)] == ["restored"]

    assert len(relay_everything(open_as, clock)) > 300
    with open_as(CONSOLE).transaction() as connection:
        assert tallies.fold(connection, least=0)
    prune_everything(open_as, clock)
    violations = [each for chunk in auditor.walk() for each in chunk.violations]
    assert [*violations, *auditor.tallies()] == []
    the_past_stays(guarded)


def prune_everything(open_as: Open, clock: SetClock) -> None:
    clock.advance(days=400)
    pruning = Pruning(open_as(PRUNER), "ana", clock)
    gone = sum(pruning.prune(clock.now - timedelta(days=1), dry_run=False), Pruned())
    assert gone.orders > 0 < gone.parked_events


def the_past_stays(guarded: Guarded) -> None:
    """Triggers hold the owner, and a superuser, to what grants hold all others to."""
    for user in (OWNER, "postgres"):
        with guarded.connected(user) as connection:
            for table in ("events", "settlements", "dead_letter_actions"):
                for verb in ("DELETE FROM {}", "UPDATE {} SET event_id = event_id"):
                    with pytest.raises(psycopg.errors.RestrictViolation):
                        connection.execute(verb.format(table).encode())


def test_the_console_shows_and_mends_with_its_two_roles(
    guarded: Guarded, open_as: Open, clock: SetClock
) -> None:
    with guarded.administered() as connection:
        connection.execute("CREATE ROLE console_that_mends LOGIN")
        connection.execute("GRANT mediation_console, mediation_mender TO console_that_mends")
    try:
        consumer = Mediation(
            PostgresStore(open_as(CONSUMER)), Codec(), group="mediation.test", clock=clock
        )
        consumer.handle([Deliveries().of_bytes("verdict.issued", b"not Avro")])
        (letter,) = open_letters(open_as(READER))
        form = {"deed": "discard", "id": str(letter), "why": "a test"}
        url = {True: "console_that_mends", False: CONSOLE}
        answers = {}
        for mends, user in sorted(url.items()):
            app = create_app(console_on(open_as(user), clock))
            with TestClient(app, base_url=HERE, headers={"Origin": HERE}) as client:
                client.post("/sign-in", data={"name": "ana", "token": TOKEN, "next": "/"})
                pages = ("/", "/disputes", "/dead-letters", "/outbox", "/audit")
                assert {client.get(page).status_code for page in pages} == {200}
                answers[mends] = ask(client, "perform", **form).status_code
        assert answers == {True: 200, False: 503}
    finally:
        with guarded.administered() as connection:
            connection.execute("DROP ROLE console_that_mends")


def is_at(observer: Observer, name: str, clock: SetClock) -> bool:
    """Whether it has done this at the moment that the clock shows."""
    shown = observer.registry.get_sample_value(f"mediation_{name}_timestamp_seconds")
    return shown == clock.now.timestamp()


def test_the_observer_counts_and_audits_in_its_role(guarded: Guarded, clock: SetClock) -> None:
    observer = Observer(
        Database(guarded.url(CONSOLE)),
        Codec(),
        clock=clock,
        collect_seconds=0.1,
        orders_per_second=1_000,
    )
    observer.start()
    try:
        for name in ("collected", "audited"):
            eventually(partial(is_at, observer, name, clock), 10, name)
    finally:
        observer.stop()


@pytest.mark.parametrize("role", ROLES)
def test_each_user_has_the_rights_of_its_role_and_of_no_other(guarded: Guarded, role: str) -> None:
    with guarded.opened(role) as database:
        rights.require(database, [role])
        lacking = [other for other in ROLES if not may(database, other)]

    contained = {MENDER: {CONSUMER, READER}, CONSOLE: {READER}, PRUNER: {READER}}.get(role, set())
    assert set(lacking) == set(ROLES) - {role} - contained


def may(database: Database, role: str) -> bool:
    try:
        rights.require(database, [role])
    except RefusedError:
        return False
    return True


def test_a_missing_right_is_named_where_it_is_missed_and_given_back_by_an_upgrade(
    guarded: Guarded, open_as: Open, clock: SetClock
) -> None:
    consumer = open_as(CONSUMER)
    with guarded.administered() as connection:
        connection.execute("REVOKE INSERT ON events FROM mediation_consumer")
        connection.execute("GRANT TRUNCATE, DELETE ON outbox TO mediation_reader")

    with pytest.raises(RefusedError, match="INSERT events: run `mediation db upgrade`"):
        rights.require(consumer, [CONSUMER])
    with pytest.raises(DatabaseAccessError, match="permission denied for table events: run `med"):
        Mediation(PostgresStore(consumer), Codec(), group="g", clock=clock).handle(
            Deliveries().all(order_disputed())
        )
    with view(open_as(READER)) as connection:
        assert rights.in_words(rights.missing(connection)) == "mediation_consumer INSERT events"
        assert len(rights.excessive(connection)) == 2

    schema.upgrade(open_as(OWNER))
    with view(open_as(READER)) as connection:
        assert (rights.missing(connection), rights.excessive(connection)) == ([], [])


def test_where_no_role_was_made_an_upgrade_gives_no_rights(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.transaction() as connection:
        assert rights.grant(connection) == []
    database.close()


def test_the_owner_may_upgrade_as_often_as_it_likes_and_nobody_else_may(
    guarded: Guarded, open_as: Open
) -> None:
    before, after = schema.upgrade(open_as(OWNER))
    assert before == after
    for role in ROLES:
        with pytest.raises((DatabaseAccessError, RefusedError)):
            schema.upgrade(open_as(role))
