"""Who has signed in: kept in memory, so a restart signs everybody out.

Rule: secrets are compared in constant time, and what a browser keeps is a random number that means
nothing elsewhere.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.clock import Clock

LASTS = timedelta(hours=12)
MOST = 256
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. `form_key` stands in every form that is theirs."""

    key: str
    form_key: str
    name: str
    until: datetime

    def owns(self, form_key: str) -> bool:
        """Whether a form with this key is of this session."""
        return same(form_key, self.form_key)


class Sessions:
    """The sessions of one console, signed in to with `token`; without one nobody signs in."""

    def __init__(self, token: str | None, clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    @property
    def possible(self) -> bool:
        """Whether anybody can sign in."""
        return self._token is not None

    def knows(self, token: str) -> bool:
        """Whether this is the token."""
        return self._token is not None and same(token, self._token)

    def sign_in(self, name: str, token: str) -> Session | None:
        """A new session; None if the token is another one."""
        if not self.knows(token):
            return None
        now = self._clock()
        self._sessions = {key: each for key, each in self._sessions.items() if each.until > now}
        while len(self._sessions) >= MOST:
            del self._sessions[next(iter(self._sessions))]
        key, form_key = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        session = Session(key, form_key, name, now + LASTS)
        self._sessions[key] = session
        return session

    def find(self, key: str | None) -> Session | None:
        """The session of that key, unless it is over."""
        session = self._sessions.get(key or "")
        return session if session is not None and session.until > self._clock() else None

    def sign_out(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.key, None)


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that says nothing of where they differ."""
    return secrets.compare_digest(
        one.encode(errors="surrogateescape"), other.encode(errors="surrogateescape")
    )
