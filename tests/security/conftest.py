"""A PostgreSQL whose roles are those of deploy/postgresql/roles.sql, and users who are members.

Rule: a server of these tests' own, since roles belong to all databases of a server.
"""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from consumers.embedded import EmbeddedDatabase
from services.storage import rights, schema
from services.storage.database import Database
from tests.architecture.tree import ROOT
from tests.postgres import hasty_postgres

ROLES = tuple(rights.RIGHTS)
ROLES_SQL = ROOT / "deploy/postgresql/roles.sql"
_NUMBERS = itertools.count(1)


class Guarded:
    """A database with the project's tables, as each of its users reaches it."""

    def __init__(self, administrator: str) -> None:
        self.administrator = administrator

    def url(self, user: str) -> str:
        """For a user by name, or for the one who is a member of that role alone."""
        name = f"user_of_{user}" if user in ROLES else user
        return make_url(self.administrator).set(username=name).render_as_string(hide_password=False)

    @contextmanager
    def connected(self, user: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url(user), autocommit=True) as connection:
            yield connection

    @contextmanager
    def administered(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.administrator, autocommit=True) as connection:
            yield connection

    @contextmanager
    def opened(self, user: str) -> Iterator[Database]:
        with closing(Database(self.url(user))) as database:
            yield database


@pytest.fixture(scope="session")
def roles_server() -> Iterator[EmbeddedDatabase]:
    """A server with the roles, a user for each, and an owner who may log in."""
    with hasty_postgres("mediation-roles-") as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(ROLES_SQL.read_bytes())
            connection.execute("ALTER ROLE mediation_owner LOGIN")
            connection.execute("CREATE ROLE nobody_special LOGIN")
            for role in ROLES:
                connection.execute(f"CREATE ROLE user_of_{role} LOGIN IN ROLE {role}".encode())
        yield server


@contextmanager
def made(server: EmbeddedDatabase) -> Iterator[Guarded]:
    name = f"guarded_{next(_NUMBERS)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            url = make_url(server.url).set(database=name)
            guarded = Guarded(url.render_as_string(hide_password=False))
            with guarded.administered() as inside:
                inside.execute(ROLES_SQL.read_bytes())
            with guarded.opened(rights.OWNER) as database:
                schema.upgrade(database)
            yield guarded
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def guarded(roles_server: EmbeddedDatabase) -> Iterator[Guarded]:
    """A database of the test's own, as an operator would set it up."""
    with made(roles_server) as guarded:
        yield guarded


@pytest.fixture(scope="module")
def still(roles_server: EmbeddedDatabase) -> Iterator[Guarded]:
    """The same for all tests of a file; none of them may leave a change behind."""
    with made(roles_server) as guarded:
        yield guarded
