"""The composition root: the only place where parts are chosen, made and joined."""

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, start_http_server

from consumers import mediator_assigned, order_disputed, verdict_issued
from consumers.broker import Admin, Consumer, Publisher
from consumers.logs import configure_logging
from consumers.outbox_relay import OutboxRelay
from consumers.runner import ConsumerDefinition, Runner
from consumers.stopping import StopSignal
from schemas.codec import Codec
from schemas.registry import HttpSchemaRegistry
from schemas.topics import INBOUND, OUTBOUND, dead_letter_topic
from services.clock import system_clock
from services.errors import RefusedError, SettingsError
from services.flood import FloodGate
from services.mediation import Mediation
from services.metrics import Metrics
from services.retry import Backoff
from services.settings import PREFIX, Settings
from services.storage import schema
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from services.storage.store import Store

if TYPE_CHECKING:
    from consumers.ops.console import Console

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
_PATIENCE_SECONDS = 5.0  # of who looks at a page


def run_process(name: str, settings: Settings, stop: StopSignal) -> None:
    """Run one process of the pipeline, by its name in `PROCESSES`, or `OPS`, until `stop` is set.

    `settings` must name a broker and a database.

    Raises:
        BrokerUnavailableError, DatabaseUnavailableError: a dependency does not answer at the start.
        SchemaVersionError, RefusedError: the database or the topics are not ready for this release.
        FloodError: too many dead letters.
    """
    configure_logging(settings, process=name)
    database = make_database(settings, name)
    schema.require_needed_version(database)
    if name == OPS:
        run_console(settings, stop)
        return
    require_topics(settings)
    metrics = Metrics()
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1", registry=metrics.registry)
    runnable = _relay if name == RELAY else _consumer
    run = runnable(name, settings, PostgresStore(database), stop, metrics)
    _collect_garbage_seldom()
    run()
    structlog.get_logger().info("stopped")


def run_console(settings: Settings, stop: StopSignal) -> None:
    """Run the operations console until `stop` is set. It also runs while the broker is away.

    Raises:
        RefusedError: its port is taken.
        SettingsError: the address of the schema registry cannot be one.
    """
    from consumers.ops.app import create_app
    from consumers.ops.serving import bound, serve

    listening = bound(settings.ops_host, settings.ops_port)
    console = make_console(settings, CollectorRegistry())
    console.lags.start()
    try:
        serve(create_app(console, settings.ops_url), listening, stop)
    finally:
        console.lags.stop()
    structlog.get_logger().info("stopped")


def make_console(settings: Settings, metrics: CollectorRegistry) -> "Console":
    """The operations console; `metrics` is what its /metrics serves. Raises as `make_registry`."""
    from consumers.ops.console import Console
    from consumers.ops.lags import Lags
    from consumers.ops.sessions import Sessions

    token = settings.ops_token
    quick = min(settings.database_statement_timeout, _PATIENCE_SECONDS)
    return Console(
        database=make_database(
            settings.model_copy(update={"database_statement_timeout": quick}), OPS
        ),
        schemas=make_registry(settings),
        sessions=Sessions(token.get_secret_value() if token else None, system_clock),
        lags=Lags(
            lambda: Admin(settings),
            {name: (each.group, each.topic.value) for name, each in CONSUMERS.items()},
            system_clock,
        ),
        metrics=metrics,
        clock=system_clock,
        secure=(settings.ops_url or "").startswith("https://"),
    )


def _collect_garbage_seldom() -> None:
    """Look for garbage in what is new alone, and after many objects, not after each 700.

    A batch makes thousands of objects that die with it, none of them in a circle: looking for
    circles among them, and among all that was imported, cost a fifth of a consumer's time.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)


def make_database(settings: Settings, process: str) -> Database:
    """The database that the settings name."""
    assert settings.database_url is not None
    return Database(
        settings.database_url.get_secret_value(),
        application_name=f"mediation-{process}",
        statement_timeout=settings.database_statement_timeout,
    )


def make_codec(settings: Settings) -> Codec:
    """The codec, with a schema registry if the settings name one. Raises as `make_registry`."""
    return Codec(make_registry(settings))


def make_registry(settings: Settings) -> HttpSchemaRegistry | None:
    """The schema registry, if the settings name one; nothing is sent yet.

    Raises:
        SettingsError: its URL cannot be one.
    """
    if settings.schema_registry_url is None:
        return None
    password = settings.schema_registry_password
    user = settings.schema_registry_username
    auth = (user, password.get_secret_value()) if user and password else None
    try:
        return HttpSchemaRegistry(settings.schema_registry_url, auth=auth)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}SCHEMA_REGISTRY_URL: {error}") from None


def require_topics(settings: Settings) -> None:
    """Raises `RefusedError`, with its remedy, if a topic of the pipeline does not exist."""
    admin = Admin(settings)
    try:
        missing = sorted(set(ALL_TOPICS) - admin.topics())
    finally:
        admin.close()
    if missing:
        raise RefusedError(
            f"topics do not exist: {', '.join(missing)}: run `mediation topics create`"
        )


def _consumer(
    name: str, settings: Settings, store: Store, stop: StopSignal, metrics: Metrics
) -> Callable[[], None]:
    definition = CONSUMERS[name]
    mediation = Mediation(
        store,
        make_codec(settings),
        group=definition.group,
        clock=system_clock,
        flood=FloodGate(window=settings.flood_window, limit=settings.flood_limit),
        parking_limit=settings.parking_limit,
    )
    mediation.remember_recent(definition.topic.value)
    return Runner(
        definition,
        Consumer(settings, topic=definition.topic.value, group=definition.group),
        mediation,
        stop=stop,
        backoff=Backoff(settings.backoff_initial, settings.backoff_max),
        clock=system_clock,
        metrics=metrics,
        batch_size=settings.batch_size,
    ).run


def _relay(
    name: str, settings: Settings, store: Store, stop: StopSignal, metrics: Metrics
) -> Callable[[], None]:
    return OutboxRelay(
        store,
        lambda: Publisher(settings),
        stop=stop,
        backoff=Backoff(settings.backoff_initial, settings.backoff_max),
        clock=system_clock,
        metrics=metrics,
        batch_size=settings.relay_batch_size,
    ).run
