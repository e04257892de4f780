"""Who may do what to which table: the roles of the database, and the rights that each one needs.

Rule: whoever is not named here may do nothing, and no process may change or delete a row of the
timeline, of the settlements or of the audit. Rights are given where the tables are made, in the
transaction that brings the database to this release (`schema.upgrade`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.errors import RefusedError
from services.storage.access import REMEDY
from services.storage.driver import AnyConnection, Way, driver_cursor

OWNER: Final = "mediation_owner"
CONSUMER: Final = "mediation_consumer"
RELAY: Final = "mediation_relay"
CONSOLE: Final = "mediation_console"
MENDER: Final = "mediation_mender"
PRUNER: Final = "mediation_pruner"
READER: Final = "mediation_reader"

Rights = dict[str, tuple[str, ...]]
"""Of a role: by table, what it may do; after UPDATE perhaps the columns, in brackets."""

_SHOWN = 6  # as many as there are roles: a right of everybody is told of each

_VERSIONS: Final[Rights] = {"alembic_version": ("SELECT",), "schema_compatibility": ("SELECT",)}

_EVERYTHING_READ: Final[Rights] = _VERSIONS | dict.fromkeys(
    (
        "cases",
        "disputes",
        "settlements",
        "events",
        "parked_events",
        "dead_letters",
        "dead_letter_actions",
        "outbox",
        "prunings",
        "tallies",
        "tallies_anew",
    ),
    ("SELECT",),
)

_CONSUMER: Final[Rights] = _VERSIONS | {
    "cases": ("SELECT", "INSERT", "UPDATE (frozen, chat_locked, reviews_blocked, sequence)"),
    "disputes": ("SELECT", "INSERT", "UPDATE"),
    "settlements": ("SELECT", "INSERT"),
    "events": ("SELECT", "INSERT"),
    "parked_events": (
        "SELECT",
        "INSERT",
        "UPDATE (waiting, settled_at, outcome, reason, explanation)",
    ),
    "dead_letters": ("SELECT", "INSERT", "UPDATE (attempts, last_seen_at)"),
    "dead_letter_actions": ("SELECT",),  # for the trigger that opens a letter again
    "outbox": ("INSERT",),
    "tallies": ("INSERT",),  # by the triggers on disputes
}

RIGHTS: Final[Mapping[str, Rights]] = {
    CONSUMER: _CONSUMER,
    RELAY: _VERSIONS | {"outbox": ("SELECT", "DELETE")},
    CONSOLE: _EVERYTHING_READ | {"tallies": ("SELECT", "INSERT", "DELETE")},  # it folds them
    MENDER: _EVERYTHING_READ
    | _CONSUMER
    | {
        "parked_events": (
            "SELECT",
            "INSERT",
            "UPDATE (arrival, waiting, parked_at, settled_at, outcome, reason, explanation)",
        ),
        "dead_letters": (
            "SELECT",
            "INSERT",
            "UPDATE (attempts, last_seen_at, status, event_id, order_id, dispute_id)",
        ),
        "dead_letter_actions": ("SELECT", "INSERT"),
        "outbox": ("SELECT", "INSERT"),
        "tallies": ("SELECT", "INSERT"),
    },
    PRUNER: _EVERYTHING_READ
    | {
        "cases": ("SELECT", "UPDATE (order_id)"),  # for the lock; nothing of it is written
        "events": ("SELECT", "UPDATE (value, pruned_at)"),
        "parked_events": ("SELECT", "DELETE"),
        "dead_letters": ("SELECT", "UPDATE (key, value, headers, pruned_at)"),
        "prunings": ("SELECT", "INSERT"),
    },
    READER: _EVERYTHING_READ,
}
"""What each role may do. The owner is none of them: the tables are its own."""

_WHICH_ARE_THERE = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%(roles)s::text[])"

_NOT_OURS = """
SELECT name FROM unnest(%(tables)s::text[]) AS name
JOIN pg_class ON oid = to_regclass(name) WHERE NOT pg_has_role(relowner, 'USAGE')
"""

_REFUSED = """
SELECT role, name, right_, column_
FROM unnest(%(roles)s::text[], %(tables)s::text[], %(rights)s::text[],
            %(columns)s::text[]) AS needed (role, name, right_, column_)
WHERE NOT coalesce(CASE WHEN column_ = ''
    THEN has_table_privilege(role, to_regclass(name), right_)
    ELSE has_column_privilege(role, to_regclass(name), column_, right_) END, false)
"""

_GRANTED = """
SELECT role, name, right_
FROM unnest(%(roles)s::text[], %(tables)s::text[], %(rights)s::text[])
    AS never (role, name, right_)
WHERE has_table_privilege(role, to_regclass(name), right_)
"""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One right of a role to a table, or to one column of it."""

    role: str
    table: str
    privilege: str
    column: str = ""

    def __str__(self) -> str:
        """As a person says it."""
        where = f"{self.table}.{self.column}" if self.column else self.table
        return f"{self.role} {self.privilege} {where}"


def tables() -> list[str]:
    """Every table and view that somebody has a right to."""
    return sorted({name for rights in RIGHTS.values() for name in rights})


def needed(roles: Collection[str]) -> list[Right]:
    """Every right of these roles, one by one."""
    return [
        Right(role, table, privilege, column)
        for role in roles
        for table, privileges in RIGHTS[role].items()
        for privilege, column in _one_by_one(privileges)
    ]


def grant(connection: AnyConnection) -> list[str]:
    """Give the roles that exist here exactly their rights; returns those roles.

    Where no role was made, nothing is done.

    Raises:
        RefusedError: only the owner of the tables can. (The server would merely warn.)
    """
    there = existing(connection)
    if not there:
        return []
    if others := _asked(connection, _NOT_OURS, tables=tables()):
        names = ", ".join(name for (name,) in others)
        raise RefusedError(f"only the owner of {names} may upgrade and give rights")
    named = ", ".join(there)
    with driver_cursor(connection) as cursor:
        for table in tables():
            cursor.execute(f"REVOKE ALL ON {table} FROM PUBLIC, {named}".encode())
        for role in there:
            for table, privileges in RIGHTS[role].items():
                cursor.execute(f"GRANT {', '.join(privileges)} ON {table} TO {role}".encode())
    return there


def existing(connection: AnyConnection) -> list[str]:
    """The roles of `RIGHTS` that this server knows."""
    return sorted(role for (role,) in _asked(connection, _WHICH_ARE_THERE, roles=list(RIGHTS)))


def missing(connection: AnyConnection) -> list[Right]:
    """The rights that roles which exist need here and do not have."""
    return _refused(connection, needed(existing(connection)))


def missing_here(connection: AnyConnection, roles: Collection[str]) -> list[Right]:
    """What whoever is connected lacks of the rights of all these roles."""
    ((user,),) = _asked(connection, "SELECT current_user")
    return _refused(
        connection, [Right(user, each.table, each.privilege, each.column) for each in needed(roles)]
    )


def require(database: Way, roles: Collection[str]) -> None:
    """Raises `RefusedError`, with its remedy, if who connects may not do what these roles may."""
    with database.transaction() as connection:
        lacking = missing_here(connection, roles)
    if lacking:
        raise RefusedError(f"rights are missing: {in_words(lacking)}: {REMEDY}")


def in_words(found: Sequence[Right]) -> str:
    """The first of these rights, and how many more there are."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(str(each) for each in found[:_SHOWN]) + more


def excessive(connection: AnyConnection) -> list[Right]:
    """What roles which exist may do to a whole table here although they never need it."""
    never = [
        Right(role, table, privilege)
        for role in existing(connection)
        for table in tables()
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
        if privilege not in RIGHTS[role].get(table, ())
    ]
    return _among(connection, _GRANTED, never)


def _refused(connection: AnyConnection, wanted: Collection[Right]) -> list[Right]:
    return _among(connection, _REFUSED, wanted)


def _among(connection: AnyConnection, question: str, asked: Collection[Right]) -> list[Right]:
    """Those of these rights of which the answer to the question is yes."""
    rows = _asked(
        connection,
        question,
        roles=[each.role for each in asked],
        tables=[each.table for each in asked],
        rights=[each.privilege for each in asked],
        columns=[each.column for each in asked],
    )
    return sorted({Right(*row) for row in rows})


def _one_by_one(privileges: Collection[str]) -> Iterator[tuple[str, str]]:
    for each in privileges:
        privilege, _, columns = each.partition(" (")
        for column in columns.rstrip(")").split(", "):
            yield privilege, column


def _asked(
    connection: AnyConnection, question: str, **parameters: list[str]
) -> list[tuple[Any, ...]]:
    with driver_cursor(connection) as cursor:
        return cursor.execute(question.encode(), parameters).fetchall()
