"""A marketplace on a busy afternoon, for the tests of the console and for its pictures.

Rule: everything comes about as it does in production, by the consumers' own code; only the broker
is left out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry
from sqlalchemy import text

from consumers.demo.scenarios import SCENARIOS
from consumers.demo.staging import stage
from consumers.ops.console import Console
from consumers.ops.lags import Lags
from consumers.ops.sessions import Sessions
from schemas.codec import Codec
from schemas.events import Event, VerdictDecision
from services.discarding import Discarding
from services.mediation import Mediation
from services.messages import Message
from services.replay import Replay
from services.storage import outbox
from services.storage.database import Database
from services.storage.dead_letters import Choice, Status
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock

NOW = datetime(2026, 3, 5, 15, 30, tzinfo=UTC)
TOKEN = "a-token-of-the-tests-alone"
GROUPS = {
    "order-disputed": ("mediation.order-disputed", "order.disputed"),
    "mediator-assigned": ("mediation.mediator-assigned", "mediator.assigned"),
    "verdict-issued": ("mediation.verdict-issued", "verdict.issued"),
}
_WAITING_HOURS = (*(index * 0.55 for index in range(1, 42)), 25.5, 27, 31.2, 37.5, 44.1, 49.4)


class StillCluster:
    """A broker on which nothing moves: one consumer is three messages behind."""

    def positions(self, group: str, topic: str) -> dict[int, tuple[int, int]]:
        behind = 3 if topic == "verdict.issued" else 0
        return {0: (118, 118 + behind), 1: (97, 97)}

    def close(self) -> None:
        pass


class Unpublished:
    """Handles messages at the moments that it is told, without a broker."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self.database = database
        self.clock = clock
        self.deliveries = Deliveries()
        self._mediation = Mediation(
            PostgresStore(database), Codec(), group="mediation.scene", clock=clock
        )

    def handle(self, *messages: Message) -> None:
        for message in messages:
            self._mediation.handle([message])

    def happen(self, *events: Event) -> None:
        """Each event occurs, and is handled two seconds later."""
        for event in events:
            self.clock.now = event.occurred_at + timedelta(seconds=2)
            self.handle(self.deliveries.of(event))

    def publish_all(self) -> None:
        """What the relay does, for as much as is there."""
        with self.database.transaction() as connection:
            connection.execute(text("DELETE FROM outbox"))


def console_on(
    database: Database,
    clock: SetClock,
    *,
    token: str | None = TOKEN,
    groups: Mapping[str, tuple[str, str]] | None = None,
) -> Console:
    """A console on this database, with the lag of a broker that stands still."""
    lags = Lags(StillCluster, GROUPS if groups is None else groups, clock)
    lags.read()
    return Console(
        database=database,
        schemas=None,
        sessions=Sessions(token, clock),
        lags=lags,
        metrics=CollectorRegistry(),
        clock=clock,
    )


def play(database: Database, clock: SetClock) -> None:
    """The demo's orders, disputes of every age, dead letters that somebody has dealt with."""
    marketplace = Unpublished(database, clock)
    _play_the_demo(marketplace)
    _let_some_wait(marketplace)
    _deal_with_letters(marketplace)
    marketplace.publish_all()
    _decide_just_now(marketplace)
    clock.now = NOW


def _play_the_demo(marketplace: Unpublished) -> None:
    marketplace.clock.now = NOW - timedelta(hours=3)
    for order in stage(SCENARIOS, Codec(), run="5e7a1c", now=NOW - timedelta(hours=3)):
        for step in order.scenario.steps:
            outgoing = order.message(step.name)
            marketplace.clock.advance(seconds=7)
            marketplace.handle(
                marketplace.deliveries.of_bytes(
                    outgoing.topic, outgoing.value, key=outgoing.key, headers=outgoing.headers
                )
            )


def _let_some_wait(marketplace: Unpublished) -> None:
    for number, hours in enumerate(sorted(_WAITING_HOURS, reverse=True)):
        minor = 1_900 + 731 * (number % 37) * 10
        marketplace.happen(
            order_disputed(
                occurred_at=NOW - timedelta(hours=hours),
                order_id=f"ORD-2026-{41_177 + 13 * number}",
                dispute_id=f"DSP-{7_003 + number}",
                buyer_id=f"customer-{3_100 + 7 * number}",
                seller_id=f"studio-{210 + number % 19}",
                captured_minor=minor,
                fees_minor=minor // 20,
                commission_minor=minor // 10,
            )
        )


def _deal_with_letters(marketplace: Unpublished) -> None:
    database, clock = marketplace.database, marketplace.clock
    clock.now = NOW - timedelta(minutes=40)
    marketplace.handle(
        *(marketplace.deliveries.of_bytes("verdict.issued", b'{"a":"test"}') for _ in range(3))
    )
    with database.transaction() as connection:
        letters = connection.execute(
            text("SELECT dead_letter_id FROM dead_letters ORDER BY first_seen_at DESC, 1 LIMIT 2")
        )
        first, second = (row.dead_letter_id for row in letters)
    clock.now = NOW - timedelta(minutes=25)
    list(Discarding(database, "ana (console)", clock).discard([first], "a load test of today"))
    replay = Replay(database, Codec(), by="ana (console)", clock=clock, why="is it mended?")
    list(replay.replay([second]))
    list(Discarding(database, "ben", clock).discard([second], "the same load test"))
    list(Discarding(database, "ben", clock).restore([second], "not the same one after all"))


def _decide_just_now(marketplace: Unpublished) -> None:
    order = {"order_id": "ORD-2026-40912", "dispute_id": "DSP-6988"}
    marketplace.happen(
        order_disputed(**order, occurred_at=NOW - timedelta(hours=46), captured_minor=24_900),
        mediator_assigned(**order, occurred_at=NOW - timedelta(hours=21), mediator_id="marta"),
    )
    marketplace.publish_all()
    marketplace.happen(
        verdict_issued(
            **order,
            occurred_at=NOW - timedelta(seconds=9),
            mediator_id="marta",
            decision=VerdictDecision.PARTIAL_REFUND,
            refund_minor=9_900,
            reasons="Two of the five illustrations were delivered; the others never came.",
        )
    )


def pending(database: Database) -> int:
    """How many messages are still to be published."""
    with database.transaction() as connection:
        return outbox.count(connection)


OPEN = Choice(status=Status.OPEN)
