"""Is PostgreSQL only talked to where it is who it must be, and does each refusal say what to do?"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from consumers.bootstrap import ALL_TOPICS
from services.errors import DatabaseAccessError, DatabaseUnavailableError
from services.storage import schema
from services.storage.database import Database
from tests.absent import absent
from tests.brokers.broker import Broker
from tests.e2e.commands import Mediation
from tests.eventually import eventually
from tests.security.running import running
from tests.security.tls_postgres import PASSWORD, NoPostgresError, TlsPostgres, tls_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[TlsPostgres]:
    """The server; skips, or fails where it is required."""
    try:
        with tls_postgres() as server:
            yield server
    except NoPostgresError as reason:
        absent(str(reason), "REQUIRE_TLS_POSTGRESQL")


def error_of(url: str) -> DatabaseUnavailableError:
    """What connecting comes to; no secret is in it."""
    with (
        closing(Database(url)) as database,
        pytest.raises(DatabaseUnavailableError) as raised,
    ):
        database.ping()
    assert PASSWORD not in str(raised.value)
    return raised.value


def test_what_is_said_goes_through_tls(server: TlsPostgres) -> None:
    with closing(Database(server.url())) as database, database.transaction() as connection:
        shown = connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
        assert shown.scalar_one() is True


REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "untrusted CA": ({"sslrootcert": "STRANGER"}, "certificate verify failed", "name the CA"),
    "another host": ({"host": "127.0.0.1"}, "does not match host name", "never lower sslmode"),
    "no such CA file": ({"sslrootcert": "/none/ca.crt"}, "root certificate file", "sslrootcert"),
    "no TLS": ({"sslmode": "disable"}, "no pg_hba.conf entry", "pg_hba.conf"),
    "wrong password": ({"password": "wrong"}, "password authentication failed", "correct the"),
    "no password": ({"password": None}, "no password supplied", "give MEDIATION_DATABASE_URL"),
    "unknown user": ({"user": "nobody"}, "password authentication failed", "correct the user"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_its_cause_and_what_to_do(server: TlsPostgres, refusal: str) -> None:
    changed, cause, remedy = REFUSALS[refusal]
    asked: dict[str, Any] = {
        k: server.stranger.file if v == "STRANGER" else v for k, v in changed.items()
    }

    error = error_of(server.url(**asked))

    assert isinstance(error, DatabaseAccessError)
    assert cause in str(error)
    assert remedy in str(error)


def test_an_expired_certificate_is_refused_and_a_renewed_one_is_taken(server: TlsPostgres) -> None:
    with closing(Database(server.url())) as before:
        before.ping()
        server.present(server.expired)
        server.administer("SELECT pg_reload_conf()")
        try:
            error = eventually(lambda: refusal_of(server.url()), 20, "the certificate is shown")
            assert error is not None
            assert "certificate verify failed" in error
            assert "has expired" in error
            assert "renew it" in error
            assert before.ping()  # who is in stays in
        finally:
            server.present(server.good)
            server.administer("SELECT pg_reload_conf()")
    eventually(lambda: refusal_of(server.url()) is None, 20, "the good one is shown")


def refusal_of(url: str) -> str | None:
    with closing(Database(url)) as database:
        try:
            database.ping()
        except DatabaseAccessError as error:
            return str(error)
        return None


def test_a_server_that_is_away_is_no_refusal(server: TlsPostgres) -> None:
    error = error_of(server.url().replace(f":{server.port}/", ":1/"))

    assert not isinstance(error, DatabaseAccessError)


@pytest.mark.parametrize("command", [("db", "upgrade"), ("verify",), ("run", "relay")])
def test_a_command_ends_at_once_with_its_code_and_without_the_password(
    server: TlsPostgres, tmp_path: Path, command: tuple[str, ...]
) -> None:
    settings = {
        "database_url": server.url(password="wrong-" + PASSWORD),
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "log_level": "debug",
    }
    ended = Mediation(tmp_path, settings)(*command)

    assert ended.code == 4
    assert "password authentication failed" in ended.err
    assert "correct the user or the password" in ended.err
    assert ended.err.count("\n") == 1  # nothing was tried again, and nothing else is said
    assert PASSWORD not in ended.err + ended.out


def test_a_process_at_work_outlives_a_password_that_is_being_renewed_and_says_so(
    server: TlsPostgres, embedded_kafka: Broker, tmp_path: Path
) -> None:
    embedded_kafka.create_topics(*ALL_TOPICS)
    server.administer(f"CREATE ROLE worker LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    with closing(Database(server.url("worker"))) as database:
        schema.upgrade(database)
    with running(
        "relay",
        tmp_path,
        database_url=server.url("worker"),
        kafka_bootstrap_servers=embedded_kafka.bootstrap_servers,
        kafka_api_version="2.1",
    ) as relay:
        relay.until_ready()
        server.administer(
            "ALTER ROLE worker PASSWORD 'another'",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'",
        )
        said = relay.until_it_says("password authentication failed")
        server.administer(f"ALTER ROLE worker PASSWORD '{PASSWORD}'")
        eventually(lambda: relay.said.count('"relaying"') == 2, 30, "it relays again")
        assert relay.stop() == 0
    assert '"retrying"' in said
    assert "correct the user or the password" in said
    assert PASSWORD not in relay.said
