"""The composition root of the operations console, and of what watches the database beside it."""

from dataclasses import replace

import structlog
from prometheus_client import CollectorRegistry

from consumers.bootstrap import (
    CONSUMERS,
    OPS,
    make_codec,
    make_database,
    make_registry,
    make_verdict_keys,
    release,
)
from consumers.broker import Admin
from consumers.observer import Observer
from consumers.ops.app import create_app
from consumers.ops.console import Console
from consumers.ops.lags import Lags
from consumers.ops.serving import bound, serve
from consumers.ops.sessions import Sessions
from consumers.stopping import StopSignal
from services.clock import system_clock
from services.metrics import tell_build
from services.settings import Settings
from services.storage import rights, schema

_PATIENCE_SECONDS = 5.0  # of who looks at a page


def run_console(settings: Settings, stop: StopSignal) -> None:
    """Run the operations console until `stop` is set, and what watches the database beside it.

    It also runs while the broker is away.

    Raises:
        DatabaseUnavailableError, SchemaVersionError: the database does not answer, or is not ready.
        RefusedError: its port is taken, or its database user lacks a right.
        SettingsError: the address of the schema registry cannot be one.
    """
    listening = bound(settings.ops_host, settings.ops_port)
    observer = make_observer(settings)
    console = make_console(settings, observer.registry)
    schema.require_needed_version(console.database)
    mends = [rights.MENDER] if settings.ops_token else []
    rights.require(console.database, [rights.CONSOLE, *mends])
    console.lags.start()
    observer.start()
    try:
        serve(create_app(console, settings.ops_url), listening, stop)
    finally:
        console.lags.stop()
        observer.stop()
    structlog.get_logger().info("stopped")


def make_observer(settings: Settings) -> Observer:
    """What reads the figures of the domain and audits the orders. Raises as `make_registry`."""
    observer = Observer(
        make_database(settings, f"{OPS}-observer"),
        make_codec(settings),
        clock=system_clock,
        collect_seconds=settings.collect_seconds,
        orders_per_second=settings.audit_orders_per_second,
    )
    tell_build(observer.registry, release(), OPS)
    return observer


def make_console(settings: Settings, metrics: CollectorRegistry) -> Console:
    """The operations console; `metrics` is what its /metrics serves. Raises as `make_registry`."""
    token = settings.ops_token
    quick = min(settings.database_statement_timeout, _PATIENCE_SECONDS)
    return Console(
        database=make_database(replace(settings, database_statement_timeout=quick), OPS),
        schemas=make_registry(settings),
        sessions=Sessions(token.get_secret_value() if token else None, system_clock),
        lags=Lags(
            lambda: Admin(settings),
            {name: (each.group, each.topic.value) for name, each in CONSUMERS.items()},
            system_clock,
        ),
        metrics=metrics,
        clock=system_clock,
        keys=make_verdict_keys(settings),
        secure=(settings.ops_url or "").startswith("https://"),
    )
