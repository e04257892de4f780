"""Is every statement that is not theirs refused to each role, and none that is?

Rule: what is expected is what docs/security.md tells people, and every statement is really tried.
"""

import psycopg
import pytest

from services.storage import rights
from services.storage.rights import RIGHTS
from tests.architecture.documents import section, text_of
from tests.security.conftest import ROLES, Guarded

LETTERS = {"SELECT": "S", "INSERT": "I", "UPDATE": "U", "DELETE": "D"}
TRIED = {
    "S": "SELECT count(*) FROM {}",
    "I": "INSERT INTO {} DEFAULT VALUES",
    "D": "DELETE FROM {} WHERE false",
}
UPDATE = 'UPDATE {} SET "{}" = DEFAULT WHERE false'
VIEW = "tallies_anew"
KEPT = ("events", "settlements", "dead_letter_actions")

DDL = (
    "ALTER TABLE {} ADD COLUMN extra integer",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "DROP TABLE {} CASCADE",
    "TRUNCATE {} CASCADE",
    "CREATE TRIGGER mine BEFORE INSERT ON {} EXECUTE FUNCTION refuse_change('no')",
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
)
ELSEWHERE = (
    "CREATE TABLE mine (x integer)",
    "CREATE TEMPORARY TABLE mine (x integer)",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    "DROP FUNCTION refuse_change() CASCADE",
    "SET session_replication_role = replica",
    "SET ROLE mediation_owner",
    "SET SESSION AUTHORIZATION postgres",
    "CREATE ROLE mine",
    "GRANT mediation_owner TO CURRENT_USER",
    "CREATE SCHEMA mine",
    "LOCK TABLE events IN ACCESS EXCLUSIVE MODE",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY cases FROM '/etc/hostname'",
    "SELECT pg_read_file('/etc/hostname')",
)


def documented() -> dict[tuple[str, str], str]:
    """The letters of each role and table in the table of the page."""
    lines = section(text_of("docs/security.md"), "## The roles of the database").splitlines()
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]
    (_, *roles), *tables = rows
    return {
        (role, table): letters
        for table, *cells in tables
        for role, letters in zip(roles, cells, strict=True)
    }


DOCUMENTED = documented()


def refused(connection: psycopg.Connection, statement: str) -> bool:
    """Whether it is refused for want of a right; nothing of it is kept."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        return False  # it was let in, and failed as it should on an empty row
    return False


def columns_of(guarded: Guarded, table: str) -> list[str]:
    with guarded.administered() as connection:
        rows = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
            (table,),
        )
        return [name for (name,) in rows]


def tables_of(guarded: Guarded) -> list[str]:
    with guarded.administered() as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v', 'm', 'p', 'f') ORDER BY 1"
        )
        return [name for (name,) in rows]


def granted(role: str, table: str) -> dict[str, set[str]]:
    """The rights in the code: by privilege its columns, none meaning all."""
    given = (each.partition(" (") for each in RIGHTS[role].get(table, ()))
    return {name: set(rest.strip(")").split(", ")) - {""} for name, _, rest in given}


def test_every_table_is_somebodys_to_use_and_every_one_stands_in_the_page(still: Guarded) -> None:
    assert tables_of(still) == rights.tables()
    assert {table for _, table in DOCUMENTED} == set(rights.tables())
    assert {role for role, _ in DOCUMENTED} == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_page_says_and_nothing_else(still: Guarded, role: str) -> None:
    wrong = []
    with still.connected(role) as connection:
        for table in rights.tables():
            for letter, statement in TRIED.items():
                if table == VIEW and letter != "S":
                    continue  # a view that sums takes no rows from anybody
                allowed = not refused(connection, statement.format(table))
                if allowed != (letter in DOCUMENTED[role, table]):
                    wrong.append((letter, table))

    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_change_only_the_columns_that_are_its_own(still: Guarded, role: str) -> None:
    for table in rights.tables():
        if table == VIEW:
            continue
        every = set(columns_of(still, table))
        with still.connected(role) as connection:
            allowed = {
                name for name in every if not refused(connection, UPDATE.format(table, name))
            }
        given = granted(role, table).get("UPDATE")
        expected = set() if given is None else given or every
        letters = DOCUMENTED[role, table]

        assert allowed == expected, table
        assert ("U" in letters) == (allowed == every), table
        assert ("u" in letters) == (set() < allowed < every), table


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_how_things_are_kept(still: Guarded, role: str) -> None:
    with still.connected(role) as connection:
        done = [
            each.format(table)
            for table in rights.tables()
            for each in DDL
            if table != VIEW and not refused(connection, each.format(table))
        ]
        done += [each for each in ELSEWHERE if not refused(connection, each)]

    assert done == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", KEPT)
def test_the_page_lets_nobody_change_what_is_kept_for_ever(role: str, table: str) -> None:
    payloads = {"u"} if (role, table) == (rights.PRUNER, "events") else set()

    assert set(DOCUMENTED[role, table]) & set("UuD") == payloads


def test_who_is_no_member_of_a_role_does_not_even_come_in(still: Guarded) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(still.url("nobody_special"))
