"""When PostgreSQL does not let us in, or is not the one it should be: the cause and its remedy.

Rule: what a person must mend is told with what there is to do, and never with a password. A failure
to connect has no code, only the words of libpq and of the server, so it is known by those; words
that are not known here are passed on as they are, as of a server that is away.
"""

from collections.abc import Mapping
from typing import Final

_URL: Final = "MEDIATION_DATABASE_URL"

REMEDY: Final = (
    "run `mediation db upgrade` as the owner of the tables, and connect as a member of the role"
    " that docs/security.md names"
)
"""Of a right that is missing."""

_WORDS: Final[Mapping[str, str]] = {
    "password authentication failed": (
        f"correct the user or the password in {_URL} (the server does not say which is wrong)"
    ),
    "no password supplied": f"give {_URL} the password of its user",
    "no pg_hba.conf entry": "the server lets nobody in this way: add a line to its pg_hba.conf",
    "certificate verify failed": (
        f"the server's certificate has expired, or sslrootcert in {_URL} does not vouch for it:"
        " renew it, or name the CA that has signed it"
    ),
    "does not match host name": (
        f"write the host in {_URL} as the certificate has it, or give the server a certificate for"
        " this name; never lower sslmode"
    ),
    "server does not support SSL": (
        f"{_URL} demands TLS (sslmode): switch it on at the server (ssl = on), never off here"
    ),
    "root certificate file": (
        f"sslrootcert in {_URL} must name a file that can be read, with the CA's certificate"
    ),
    "certificate file": f"sslcert and sslkey in {_URL} must name files that can be read",
    "private key file": f"sslkey in {_URL} must name a file that its owner alone can read",
    "is not permitted to log in": "give that role LOGIN, or connect as a member of it",
    "permission denied for database": "grant CONNECT to the role: see deploy/postgresql/roles.sql",
}

_RIGHT_MISSING: Final = "42501"  # insufficient_privilege


def refusal(error: BaseException | None, state: str | None) -> str | None:
    """What there is to do, if it is access that was refused; else None."""
    if state is not None:
        return REMEDY if state == _RIGHT_MISSING else None
    said = str(error)
    return next((remedy for words, remedy in _WORDS.items() if words in said), None)
