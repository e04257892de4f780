"""The checks of `mediation doctor`, one function each.

Rule: a check says what it saw and, if that is not as it should be, what a person can do about it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from consumers.bootstrap import ALL_TOPICS, CONSUMERS, RELAY, make_registry
from consumers.broker import Admin
from consumers.cli.config import masked, unknown_settings
from consumers.cli.connections import opened_admin, opened_database
from consumers.endpoints import with_broker
from consumers.errors import NothingRunsError
from services.clock import system_clock
from services.errors import MediationError, SettingsError, TransientError
from services.settings import PREFIX, Settings, load_settings
from services.storage import backlog, inbox, outbox, rights, schema
from services.storage.access import REMEDY
from services.storage.database import Database

_PUBLISHED_WITHIN = timedelta(minutes=1)
_RECENT = timedelta(hours=24)
_IF_IT_STOPPED = (
    "; if it ends again with `a flood of dead letters`, most of what waits would be refused: its"
    " last words say why and what to do, and `mediation dead-letters list` shows what came before"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw; `fix` is None if that is as it should be."""

    check: str
    detail: str
    fix: str | None = None
    unreachable: bool = False

    @property
    def status(self) -> str:
        """OK or FAIL."""
        return "OK" if self.fix is None else "FAIL"


def examine() -> Iterator[Finding]:
    """Every check whose dependencies are there, in the order in which one would mend them."""
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Finding("settings", "; ".join(str(error).splitlines()), "correct these variables")
        return
    yield _settings(settings)
    with ExitStack() as opened:
        admin = None
        try:
            admin = opened.enter_context(opened_admin(settings))
            yield Finding("broker", f"{with_broker(settings).kafka_bootstrap_servers} answers")
        except TransientError as error:
            yield _unreachable("broker", error, "KAFKA_BOOTSTRAP_SERVERS")
        if admin is not None:
            yield from _topics(admin)
        if settings.schema_registry_url is not None:
            yield _registry(settings)
        try:
            database = opened.enter_context(opened_database(settings))
            yield _database(database)
        except TransientError as error:
            yield _unreachable("database", error, "DATABASE_URL")
            return
        yield from _in_database(database, admin, settings)


def _settings(settings: Settings) -> Finding:
    named = len(settings.named)
    unknown = ", ".join(unknown_settings())
    if unknown:
        return Finding("settings", f"not settings: {unknown}", "see `mediation config show`")
    return Finding("settings", f"{named} set, the others as they are by default")


def _unreachable(check: str, error: TransientError, setting: str) -> Finding:
    if isinstance(error, NothingRunsError):
        return Finding(check, error.problem, error.fix, unreachable=True)
    fix = f"start it, or correct {PREFIX}{setting} and the settings beside it"
    return Finding(check, masked(str(error)), fix, unreachable=True)


def _topics(admin: Admin) -> Iterator[Finding]:
    def look() -> Finding:
        missing = sorted(set(ALL_TOPICS) - admin.topics())
        if missing:
            return Finding(
                "topics", f"missing: {', '.join(missing)}", "run `mediation topics create`"
            )
        return Finding("topics", f"all {len(ALL_TOPICS)} exist")

    yield _tried("topics", look)


def _registry(settings: Settings) -> Finding:
    def look() -> Finding:
        registry = make_registry(settings)
        assert registry is not None
        registry.schema(1)  # whether that id exists is all the same: it answered
        registry.close()
        return Finding("registry", f"{masked(settings.schema_registry_url or '')} answers")

    return _tried("registry", look, f"start it, or correct {PREFIX}SCHEMA_REGISTRY_URL")


def _database(database: Database) -> Finding:
    version = database.ping()
    return Finding("database", f"{database.address} answers: PostgreSQL {version}")


def _in_database(database: Database, admin: Admin | None, settings: Settings) -> Iterator[Finding]:
    def version() -> Finding:
        schema.require_needed_version(database)
        return Finding("schema", f"version {schema.needed_version()}")

    found = _tried(
        "schema", version, "run `mediation db upgrade`, or the release that it belongs to"
    )
    yield found
    if found.fix is not None:
        return
    yield from _rights(database)
    with database.transaction() as connection:
        at_work = backlog.sessions(connection)
        if admin is not None:
            for name in CONSUMERS:
                topic = CONSUMERS[name].topic.value
                recent = inbox.recently_rejected(connection, topic, settings.flood_window)
                yield _consumer(name, admin, at_work.get(f"mediation-{name}", 0), recent)
        yield _relay(connection)
        now = system_clock()
        yield _outbox(connection, now)
        yield _parked(connection, now, settings.parking_limit)
        yield _dead_letters(connection, now)


def _rights(database: Database) -> Iterator[Finding]:
    """Whether each role of the database may do what it must, and nothing that it never needs."""
    with database.transaction() as connection:
        there = rights.existing(connection)
        missing, excessive = rights.missing(connection), rights.excessive(connection)
    if not there:
        return
    detail = f"of {len(there)} roles as they should be"
    if missing:
        detail = f"missing: {rights.in_words(missing)}"
    elif excessive:
        detail = f"never needed, and there: {rights.in_words(excessive)}"
    yield Finding("rights", detail, REMEDY if missing or excessive else None)


def _consumer(name: str, admin: Admin, sessions: int, recent: Sequence[bool]) -> Finding:
    """Members of the group; where the broker cannot say, those that are at the database.

    `recent` says of its newest messages which were refused.
    """
    definition = CONSUMERS[name]

    def look() -> Finding:
        members = admin.members(definition.group)
        lag = admin.lag(definition.group, definition.topic.value)
        running = sessions if members is None else members
        detail = f"members at work: {running}, {lag} messages behind"
        if running:
            return Finding(name, detail)
        fix = _how_to_start(name) + (_IF_IT_STOPPED if lag else "")
        return Finding(name, detail + _refused(recent), fix)

    return _tried(name, look)


def _refused(recent: Sequence[bool]) -> str:
    bad = sum(recent)
    return f"; of the last {len(recent)} messages {bad} are dead letters" if bad else ""


def _relay(connection: Connection) -> Finding:
    slots = backlog.relayed_slots(connection)
    detail = f"at work on {slots} of {outbox.SLOTS} slots"
    return Finding(RELAY, detail, None if slots == outbox.SLOTS else _how_to_start(RELAY))


def _outbox(connection: Connection, now: datetime) -> Finding:
    waits = backlog.unpublished(connection)
    late = waits.since is not None and now - waits.since > _PUBLISHED_WITHIN
    fix = "look at the relay's log: the broker may refuse it" if late else None
    return Finding("outbox", _since(waits, now, "to be published"), fix)


def _parked(connection: Connection, now: datetime, limit: timedelta) -> Finding:
    waits = backlog.parked(connection)
    late = waits.since is not None and now - waits.since > limit + _RECENT
    fix = "start the consumers: they expire what waited past the parking limit" if late else None
    return Finding("parked events", _since(waits, now, "waiting for another event"), fix)


def _dead_letters(connection: Connection, now: datetime) -> Finding:
    found = backlog.open_dead_letters(connection)
    if found.newest is None:
        return Finding("dead letters", "none")
    detail = f"{found.count} open, the newest {_ago(now - found.newest)} ago"
    recent = now - found.newest < _RECENT
    mend = "see `mediation dead-letters list`, mend the cause, then `replay` or `discard` them"
    fix = mend if recent else None
    return Finding("dead letters", detail, fix)


def _how_to_start(name: str) -> str:
    return f"start it: `mediation run {name}` (`mediation dev` runs all four)"


def _since(waits: backlog.Backlog, now: datetime, doing: str) -> str:
    if waits.since is None:
        return f"none {doing}"
    return f"{waits.count} {doing}, the oldest for {_ago(now - waits.since)}"


def _ago(age: timedelta) -> str:
    seconds = max(int(age.total_seconds()), 0)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"


def _tried(
    check: str, look: Callable[[], Finding], fix: str = "mend that, and run this again"
) -> Finding:
    try:
        return look()
    except MediationError as error:
        unreachable = isinstance(error, TransientError)
        return Finding(check, masked(str(error)), fix, unreachable=unreachable)
