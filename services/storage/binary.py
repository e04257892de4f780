"""Rows to and from PostgreSQL a set at a time, in binary, by the driver underneath SQLAlchemy.

Rule: a set of rows is its columns by name, each with one value a row, and the types are those of
`tables`; so no value can come into another column than the one that is written beside it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from services.storage.database import driver_cursor

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # it has no types yet

# The last condition follows from the first. It is there so that keys are looked up in the index:
# to join thousands of rows, PostgreSQL would rather read a table of 100,000 whole.
_UPDATE = """
UPDATE {table} SET {changes} FROM {rows}
WHERE {table}.{key} = rows.{key} AND {table}.{key} = ANY({keys})
"""

Columns = Mapping[str, Sequence[Any]]


def append(connection: Connection, table: Table, columns: Columns) -> None:
    """Add rows to a table, in the given order; what is there already is refused."""
    names = tuple(columns)
    with (
        driver_cursor(connection) as cursor,
        cursor.copy(f"COPY {table.name} ({_quoted(names)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types([_type(table, name) for name in names])
        for row in zip(*columns.values(), strict=True):
            copy.write_row(row)


def fetch(
    connection: Connection, question: str, table: Table, columns: Columns
) -> list[tuple[Any, ...]]:
    """The rows that a statement over a set of rows answers.

    In a statement `{rows}` are the rows, as a table of that name, and `{<column>}` is all of a
    column, as an array. It is planned anew for each set: a plan that was made while a table was
    nearly empty would go on reading all of it.
    """
    with driver_cursor(connection) as cursor:
        cursor.execute(_over(question, table, tuple(columns)), columns, prepare=False)
        return cursor.fetchall()


def change(connection: Connection, statement: str, table: Table, columns: Columns) -> int:
    """Execute a statement over a set of rows, as in `fetch`; returns how many it changed."""
    with driver_cursor(connection) as cursor:
        cursor.execute(_over(statement, table, tuple(columns)), columns, prepare=False)
        return cursor.rowcount


def update(connection: Connection, table: Table, key: str, columns: Columns) -> int:
    """Write these columns of the rows with these keys; returns how many of them there are."""
    changes = ", ".join(f'"{name}" = rows."{name}"' for name in columns if name != key)
    given = {"keys": f"{{{key}}}", "rows": "{rows}"}  # for `_over` to fill in
    statement = _UPDATE.format(table=table.name, key=key, changes=changes, **given)
    return change(connection, statement, table, columns)


def insert_each(
    connection: Connection, statement: str, table: Table, columns: Columns
) -> list[tuple[Any, ...]]:
    """Execute an INSERT of one row for each row, and return what each of them answers.

    For an INSERT that has to say what it did with each row (ON CONFLICT … RETURNING), which COPY
    cannot. `{names}` are the columns and `{values}` those of one row; all are sent at once.
    """
    values = ", ".join(f"%b::{_type(table, name)}" for name in columns)
    with driver_cursor(connection) as cursor:
        cursor.executemany(
            statement.format(names=_quoted(tuple(columns)), values=values),
            list(zip(*columns.values(), strict=True)),
            returning=True,
        )
        return [answer for each in cursor.results() for answer in each.fetchall()]


@cache
def _over(statement: str, table: Table, names: tuple[str, ...]) -> str:
    arrays = {name: f"%({name})b::{_type(table, name)}[]" for name in names}
    rows = f"unnest({', '.join(arrays.values())}) AS rows ({_quoted(names)})"
    return statement.format(rows=rows, **arrays)


@cache
def _type(table: Table, name: str) -> str:
    """The type of a column, in PostgreSQL's words."""
    return table.c[name].type.compile(_DIALECT).lower()


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
