"""The composition root: the only place where parts are chosen, made and joined."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import structlog

from consumers import mediator_assigned, order_disputed, verdict_issued
from consumers.broker import Consumer, Publisher
from consumers.health import Findings, Health, served
from consumers.logs import configure_logging
from consumers.members import run_together
from consumers.outbox_relay import OutboxRelay
from consumers.required_topics import require_topics
from consumers.runner import ConsumerDefinition, Runner
from consumers.stopping import StopSignal
from consumers.tracing import Tracing, spans_of, traced_consumer, traced_sink
from schemas.topics import INBOUND, OUTBOUND, dead_letter_topic
from services.clock import system_clock
from services.errors import (
    MediationError,
    SchemaVersionError,
    SettingsError,
)
from services.flood import FloodGate
from services.mediation import Mediation
from services.metrics import Metrics, tell_build
from services.retry import Backoff
from services.settings import PREFIX, Settings
from services.storage import rights, schema
from services.storage.driver import DirectDatabase, Way
from services.storage.postgres import PostgresStore
from services.storage.store import Store
from services.timed_store import TimedStore

if TYPE_CHECKING:
    from schemas.codec import Codec
    from schemas.http_registry import HttpSchemaRegistry
    from services.signatures import VerdictKeys
    from services.storage.database import Database

CONSUMERS: dict[str, ConsumerDefinition] = {
    "order-disputed": order_disputed.CONSUMER,
    "mediator-assigned": mediator_assigned.CONSUMER,
    "verdict-issued": verdict_issued.CONSUMER,
}
RELAY = "relay"
PROCESSES = (*CONSUMERS, RELAY)
"""The pipeline itself."""

OPS = "ops"
"""The operations console, which looks on."""

ALL_TOPICS = tuple(
    [topic.value for topic in (*INBOUND, *OUTBOUND)]
    + [dead_letter_topic(topic) for topic in INBOUND]
)
"""Every topic that the pipeline reads or writes."""
_OBJECTS_UNTIL_COLLECTION = 50_000


def run_process(name: str, settings: Settings, stop: StopSignal) -> None:
    """Run one process of the pipeline, by its name in `PROCESSES`, or `OPS`, until `stop` is set.

    `settings` must name a broker and a database.

    Raises:
        BrokerUnavailableError, DatabaseUnavailableError: a dependency does not answer at the start.
        SchemaVersionError, RefusedError: the database or the topics are not ready for this release,
            or its user lacks a right.
        SettingsError: what is asked of the process cannot be served at that address.
        FloodError: too many dead letters.
    """
    configure_logging(settings, process=name)
    if name == OPS:
        from consumers.ops.bootstrap import run_console

        run_console(settings, stop)
        return
    metrics = Metrics()
    tell_build(metrics.registry, release(), name)
    with spans_of(name, release(), os.environ) as spans, _observed(settings, metrics):
        database = _direct_database(settings, name)
        schema.require_needed_version(database)
        rights.require(database, [rights.RELAY if name == RELAY else rights.CONSUMER])
        require_topics(settings, *_topics_of(name))
        runnable = _relay if name == RELAY else _consumer
        run = runnable(name, settings, make_store(database, metrics), stop, metrics, spans)
        _collect_garbage_seldom()
        run()
    structlog.get_logger().info("stopped")


def release() -> str:
    """The version of this installation."""
    try:
        return version("mediation-pipeline")
    except PackageNotFoundError:
        return "unknown"


@contextmanager
def _observed(settings: Settings, metrics: Metrics) -> Iterator[None]:
    """Answer to whoever watches this process, if the settings say where.

    `/readyz` has a connection of its own to the database: the loop's may be in a transaction.
    """
    if not settings.metrics_port:
        yield
        return
    with closing(
        DirectDatabase(
            _url(settings),
            application_name="mediation-health",
            statement_timeout=2.0,
            connect_timeout=2,
        )
    ) as database:
        health = Health(
            metrics, loop_limit=settings.loop_limit, database=lambda: _examined(database)
        )
        with served(settings, metrics.registry, health):
            yield


def _examined(database: Way) -> Findings:
    try:
        schema.require_needed_version(database)
    except SchemaVersionError as error:
        return {"database": None, "schema": str(error)}
    except MediationError:
        return {"database": "does not answer"}
    return {"database": None, "schema": None}


def _collect_garbage_seldom() -> None:
    """Look for garbage in what is new alone, and after many objects, not after each 700.

    A batch makes thousands of objects that die with it, none of them in a circle: looking for
    circles among them, and among all that was imported, cost a fifth of a consumer's time.
    """
    gc.collect()  # what starting left behind is not to be kept
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)


def make_database(settings: Settings, process: str) -> "Database":
    """The database that the settings name, for whoever reads and mends."""
    from services.storage.database import Database

    return Database(_url(settings), **_options(settings, process))


def _direct_database(settings: Settings, process: str) -> DirectDatabase:
    """The same for the consumers and the relay, without SQLAlchemy."""
    return DirectDatabase(_url(settings), **_options(settings, process))


def _url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def _options(settings: Settings, process: str) -> dict[str, Any]:
    return {
        "application_name": f"mediation-{process}",
        "statement_timeout": settings.database_statement_timeout,
    }


def make_store(database: Way, metrics: Metrics) -> Store:
    """The store in that database, its transactions timed."""
    return TimedStore(PostgresStore(database), metrics.database_time.observe)


def make_codec(settings: Settings) -> "Codec":
    """The codec, with a schema registry if the settings name one. Raises as `make_registry`."""
    from schemas.codec import Codec  # a relay needs none

    return Codec(make_registry(settings))


def make_registry(settings: Settings) -> "HttpSchemaRegistry | None":
    """The schema registry, if the settings name one; nothing is sent yet.

    Raises:
        SettingsError: its URL cannot be one.
    """
    if settings.schema_registry_url is None:
        return None
    from schemas.http_registry import HttpSchemaRegistry

    password = settings.schema_registry_password
    user = settings.schema_registry_username
    auth = (user, password.get_secret_value()) if user and password else None
    try:
        return HttpSchemaRegistry(settings.schema_registry_url, auth=auth)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}SCHEMA_REGISTRY_URL: {error}") from None


def make_verdict_keys(settings: Settings) -> "VerdictKeys | None":
    """The keys of those who may issue verdicts, if the settings name a file of them.

    Raises:
        SettingsError: the file cannot be used.
    """
    if settings.verdict_keys is None:
        return None
    from services.verdict_keys import load_verdict_keys

    keys = load_verdict_keys(settings.verdict_keys)
    revoked = sorted(each.key_id for each in keys.by_id.values() if each.revoked is not None)
    structlog.get_logger().info("verdicts_must_be_signed", keys=sorted(keys.by_id), revoked=revoked)
    return keys


def _topics_of(name: str) -> tuple[dict[str, str], str | None]:
    """The topics of a process, each to READ or to WRITE, and the group that it joins."""
    if name == RELAY:
        written = [*OUTBOUND, *map(dead_letter_topic, INBOUND)]
        return {str(topic): "WRITE" for topic in written}, None
    return {CONSUMERS[name].topic.value: "READ"}, CONSUMERS[name].group


def _consumer(
    name: str, settings: Settings, store: Store, stop: StopSignal, metrics: Metrics, spans: Tracing
) -> Callable[[], None]:
    """All members of the group that run here; the flood gate is all that they share."""
    definition = traced_consumer(CONSUMERS[name], spans, system_clock)
    flood = FloodGate(window=settings.flood_window, limit=settings.flood_limit)
    keys = make_verdict_keys(settings)

    def member(number: int) -> Runner:
        mediation = Mediation(
            store if number == 1 else make_store(_direct_database(settings, name), metrics),
            make_codec(settings),
            group=definition.group,
            clock=system_clock,
            flood=flood,
            parking_limit=settings.parking_limit,
            keys=keys,
        )
        if number == 1:
            mediation.remember_recent(definition.topic.value)
        return Runner(
            definition,
            _source(definition, settings, metrics, f"mediation-{name}-{number}"),
            mediation,
            stop=stop,
            backoff=Backoff(settings.backoff_initial, settings.backoff_max),
            clock=system_clock,
            metrics=metrics,
            batch_size=settings.batch_size,
        )

    members = {f"{name}-{number}": member(number).run for number in range(1, settings.members + 1)}
    return lambda: run_together(members, stop)


def _source(
    definition: ConsumerDefinition, settings: Settings, metrics: Metrics, client_id: str
) -> Consumer:
    topic, group = definition.topic.value, definition.group
    return Consumer(settings, topic=topic, group=group, client_id=client_id, metrics=metrics)


def _relay(
    name: str, settings: Settings, store: Store, stop: StopSignal, metrics: Metrics, spans: Tracing
) -> Callable[[], None]:
    return OutboxRelay(
        store,
        traced_sink(lambda: Publisher(settings), spans),
        stop=stop,
        backoff=Backoff(settings.backoff_initial, settings.backoff_max),
        clock=system_clock,
        metrics=metrics,
        batch_size=settings.relay_batch_size,
    ).run
