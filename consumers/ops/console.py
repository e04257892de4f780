"""What every page is made from: the database, the codec's registry, the clock, who has signed in.

Rule: a page reads in one unchanging view of the database, which it cannot write to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, text
from starlette.requests import Request

from consumers.ops.lags import Lags
from consumers.ops.sessions import Session, Sessions
from schemas.codec import Codec
from schemas.registry import SchemaRegistry
from services.clock import Clock
from services.signatures import VerdictKeys
from services.storage.database import Database

COOKIE = "mediation_ops"
_BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class Console:
    """The parts of a console. `metrics` is what `/metrics` serves; `secure` when behind TLS.

    `keys` are those of who may issue verdicts.
    """

    database: Database
    schemas: SchemaRegistry | None
    sessions: Sessions
    lags: Lags
    metrics: CollectorRegistry
    clock: Clock
    secure: bool = False
    keys: VerdictKeys | None = None

    @property
    def cookie(self) -> str:
        """The name of the cookie; browsers hold one of this prefix to TLS and to this host."""
        return f"__Host-{COOKIE}" if self.secure else COOKIE

    def codec(self) -> Codec:
        """A codec for one request: it remembers what it read last, so threads do not share it."""
        return Codec(self.schemas)

    def session(self, request: Request) -> Session | None:
        """Who sends this request, if that person has signed in."""
        return self.sessions.find(request.cookies.get(self.cookie))

    def may_read(self, request: Request) -> bool:
        """Whether pages are shown: to everyone without a token, else to who knows it."""
        if not self.sessions.possible or self.session(request) is not None:
            return True
        said = request.headers.get("authorization", "")
        return said.startswith(_BEARER) and self.sessions.knows(said.removeprefix(_BEARER))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One unchanging view of the database."""
        with self.database.transaction() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield connection


def console_of(request: Request) -> Console:
    """The console that a request came to."""
    console: Console = request.app.state.console
    return console
