"""Rows to and from PostgreSQL a set at a time, in binary, by the driver alone.

Rule: a set of rows is its columns by name, each with one value a row, and a name has one type in
all tables (`types`); so no value can come into another column than the one that is written beside
it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.storage.arrays import Column, column
from services.storage.driver import AnyConnection, driver, driver_cursor
from services.storage.types import type_of

_INSERT = "INSERT INTO {table} ({names}) SELECT {values} FROM {rows}"

# The last condition follows from the first. It is there so that keys are looked up in the index:
# to join thousands of rows, PostgreSQL would rather read a table of 100,000 whole.
_UPDATE = """
UPDATE {table} SET {changes} FROM {rows}
WHERE {table}.{key} = rows.{key} AND {table}.{key} = ANY({keys}) RETURNING true
"""

Columns = Mapping[str, Sequence[Any]]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """A statement over a set of rows, as in `fetch`."""

    statement: str
    columns: Columns


@contextmanager
def together(connection: AnyConnection) -> Iterator[None]:
    """What is written in the block is sent at once, and has been refused by its end if it is.

    For a few rows: COPY does not go together with it.
    """
    with driver(connection) as underneath, underneath.pipeline():
        yield


def append(connection: AnyConnection, table: str, columns: Columns) -> None:
    """Add rows to a table, in the given order; what is there already is refused."""
    with driver(connection) as underneath:
        if underneath.pgconn.pipeline_status:
            _send(underneath, _appending(table, tuple(columns)), columns)
        else:
            _copy(underneath, table, columns)


def fetch(connection: AnyConnection, question: str, columns: Columns) -> Rows:
    """The rows that a statement over a set of rows answers.

    In a statement `{rows}` are the rows, as a table of that name, and `{<column>}` is all of a
    column, as an array. It is planned anew for each set: a plan that was made while a table was
    nearly empty would go on reading all of it.
    """
    with driver(connection) as underneath:
        answer: Rows = _send(underneath, question, columns).fetchall()
    return answer


def ask(connection: AnyConnection, questions: Sequence[Question]) -> list[Rows]:
    """The answers to several questions, in one journey to the server and back.

    The server takes one after another, and each sees all that was committed before its own turn. A
    question about nothing is not sent: it has no answer.
    """
    if not any(any(each.columns.values()) for each in questions):
        return [[] for _ in questions]
    with driver(connection) as underneath:
        with underneath.pipeline():
            cursors = [
                _send(underneath, each.statement, each.columns)
                if any(each.columns.values())
                else None
                for each in questions
            ]
        return [cursor.fetchall() if cursor else [] for cursor in cursors]


def change(connection: AnyConnection, statement: str, columns: Columns) -> int:
    """Execute a statement over a set of rows, as in `fetch`; returns how many rows it answers."""
    return len(fetch(connection, statement, columns))


def update(connection: AnyConnection, table: str, key: str, columns: Columns) -> int:
    """Write these columns of the rows with these keys; returns how many of them there are."""
    changes = ", ".join(f'"{name}" = rows."{name}"' for name in columns if name != key)
    given = {"keys": f"{{{key}}}", "rows": "{rows}"}  # for `_over` to fill in
    statement = _UPDATE.format(table=table, key=key, changes=changes, **given)
    return change(connection, statement, columns)


def insert_each(connection: AnyConnection, statement: str, columns: Columns) -> Rows:
    """Execute an INSERT of one row for each row, and return what each of them answers.

    For an INSERT that has to say what it did with each row (ON CONFLICT … RETURNING), which COPY
    cannot. `{names}` are the columns and `{values}` those of one row; all are sent at once.
    """
    values = ", ".join(f"%b::{type_of(name)}" for name in columns)
    with driver_cursor(connection) as cursor:
        cursor.executemany(
            statement.format(names=_quoted(tuple(columns)), values=values),
            list(zip(*columns.values(), strict=True)),
            returning=True,
        )
        return [answer for each in cursor.results() for answer in each.fetchall()]


def _copy(underneath: Any, table: str, columns: Columns) -> None:
    names = tuple(columns)
    with (
        underneath.cursor() as cursor,
        cursor.copy(f"COPY {table} ({_quoted(names)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types([type_of(name) for name in names])
        for row in zip(*columns.values(), strict=True):
            copy.write_row(row)


def _send(underneath: Any, statement: str, columns: Columns) -> Any:
    """Send a statement over a set of rows; the cursor for its answer."""
    names = tuple(columns)
    sent = {name: _sent(name, values) for name, values in columns.items()}
    cursor = underneath.cursor(binary=True)
    return cursor.execute(_over(statement, names), sent, prepare=False)


def _sent(name: str, values: Sequence[Any]) -> Column:
    kind = type_of(name)
    if kind == "bytea[]":
        return column("text", [_literal(each) for each in values])
    return column(kind, values)


def _literal(parts: Sequence[bytes | None]) -> str:
    """An array of bytes, written out: arrays of arrays would have to be of one length."""
    written = ("NULL" if part is None else f'"\\\\x{part.hex()}"' for part in parts)
    return "{" + ",".join(written) + "}"


@cache
def _appending(table: str, names: tuple[str, ...]) -> str:
    values = ", ".join(f'rows."{name}"::{type_of(name)}' for name in names)
    return _INSERT.format(
        table=table, names=_quoted(names), values=values, rows="{rows}"
    )  # `_over` fills in the rows


@cache
def _over(statement: str, names: tuple[str, ...]) -> str:
    arrays = {name: f"%({name})b" for name in names}
    rows = f"unnest({', '.join(arrays.values())}) AS rows ({_quoted(names)})"
    return statement.format(rows=rows, **arrays)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
