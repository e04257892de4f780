"""A PostgreSQL that is reached by TLS and a password alone: Debian's, as the embedded one has none.

Rule: a free loopback port, files of its own, ended by its own process id.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.eventually import eventually
from tests.security.certificates import Authority, Certificate

PASSWORD = "hunter2-is-a-secret"
_INSTALLED = Path("/usr/lib/postgresql")
_LETS_IN = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"


class NoPostgresError(Exception):
    """There is none with TLS here."""


class TlsPostgres:
    """A running server; `authority` has signed its certificate for the host `localhost`."""

    def __init__(self, directory: Path, port: int) -> None:
        self._directory = directory
        self.port = port
        self.authority = Authority(directory / "authority", "authority of the tests")
        self.stranger = Authority(directory / "stranger", "another authority")
        self.good = self.authority.issue("good", "DNS:localhost")
        self.expired = self.authority.issue("expired", "DNS:localhost", days=-1)

    def url(self, user: str = "someone", password: str | None = PASSWORD, **more: object) -> str:
        """As an operator would write it, with `more` in the place of what is usual."""
        asked = {"sslmode": "verify-full", "sslrootcert": self.authority.file} | more
        host = asked.pop("host", "localhost")
        asked["hostaddr"] = "127.0.0.1"
        query = "&".join(f"{name}={quote(str(value))}" for name, value in asked.items())
        secret = "" if password is None else f":{password}"
        return f"postgresql://{user}{secret}@{host}:{self.port}/postgres?{query}"

    def administer(self, *statements: str) -> None:
        """As the superuser, on the server's own socket."""
        with psycopg.connect(
            host=str(self._directory), port=self.port, user="postgres", autocommit=True
        ) as connection:
            for each in statements:
                connection.execute(each.encode())

    def present(self, certificate: Certificate) -> None:
        """From now on the server shows this certificate."""
        for source, name in ((certificate.file, "shown.crt"), (certificate.key, "shown.key")):
            target = self._directory / "data" / name
            target.unlink(missing_ok=True)
            shutil.copy(source, target)
            target.chmod(0o600)
            _give(target)


@contextmanager
def tls_postgres() -> Iterator[TlsPostgres]:
    """A server with a user `someone`. Raises `NoPostgresError` where none is installed."""
    programs = _programs()
    directory = Path(tempfile.mkdtemp(prefix="mediation-tls-"))
    directory.chmod(0o755)
    _give(directory)
    try:
        data = directory / "data"
        _run(programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        (data / "pg_hba.conf").write_text(_LETS_IN)
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        server = TlsPostgres(directory, port)
        server.present(server.good)
        (data / "postgresql.conf").write_text(
            f"port = {port}\nlisten_addresses = '127.0.0.1'\nfsync = off\n"
            f"unix_socket_directories = '{directory}'\nssl = on\n"
            "ssl_cert_file = 'shown.crt'\nssl_key_file = 'shown.key'\n"
        )
        yield from _serving(programs, server, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _serving(programs: Path, server: TlsPostgres, directory: Path) -> Iterator[TlsPostgres]:
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(directory / "data")],
            stdout=log,
            stderr=subprocess.STDOUT,
            user=_user(),
            cwd="/",
        )
    try:
        state = directory / "data" / "postmaster.pid"
        eventually(
            lambda: (state.exists() and "ready" in state.read_text()) or process.poll() is not None,
            30,
            "PostgreSQL starts",
        )
        assert process.poll() is None, (directory / "log").read_text()
        server.administer(f"CREATE ROLE someone LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        yield server
    finally:
        process.terminate()
        process.wait(20)


def _programs() -> Path:
    found = sorted(_INSTALLED.glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    if not found or shutil.which("openssl") is None:
        raise NoPostgresError("no PostgreSQL with TLS, or no openssl: install both from Debian")
    return found[-1].parent


def _user() -> str | None:
    """Whom it runs as: not root, which PostgreSQL refuses to be."""
    return "postgres" if os.geteuid() == 0 else None


def _give(path: Path) -> None:
    if (user := _user()) is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _run(*command: str | Path) -> None:
    subprocess.run(
        [str(each) for each in command], check=True, capture_output=True, user=_user(), cwd="/"
    )
