"""The figures of the disputes, as sums of what each statement that wrote disputes has added.

Rule: a sum is exact whenever it is read, folded or not. Triggers of the database add the rows
(migration 0004), in the transactions of what they count; nothing in Python does.
"""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Connection, text

Tallies = Mapping[tuple[str, ...], Decimal]
"""Amounts by figure and labels, such as `("money", "REFUND", "EUR")`; what is 0 may be left out."""

MANY = 1_000
"""Rows from which on folding is worth its while."""

_MOST = 50_000  # in one transaction, which is to stay short

_SUMS = "SELECT figure, labels, sum(amount) AS amount FROM tallies GROUP BY figure, labels"
_ANEW = "SELECT figure, labels, amount FROM tallies_anew"
_FOLD = """
WITH gone AS (
    DELETE FROM tallies WHERE ctid = ANY(ARRAY(SELECT ctid FROM tallies LIMIT :most))
    RETURNING figure, labels, amount
)
INSERT INTO tallies SELECT figure, labels, sum(amount) FROM gone GROUP BY figure, labels
"""


def sums(connection: Connection) -> Tallies:
    """What was counted up to now."""
    return _by_labels(connection, _SUMS)


def counted_anew(connection: Connection) -> Tallies:
    """What it should be: all disputes are counted, which takes seconds where there are millions."""
    return _by_labels(connection, _ANEW)


def fold(connection: Connection, *, least: int = MANY) -> bool:
    """Put the rows of each figure into one, if there are more than `least`; returns whether so.

    Rows of transactions that are not yet committed are left alone. Of two that fold at once, one
    waits for the other and then finds those rows gone: a row is only ever folded once.
    """
    waiting = connection.execute(text("SELECT count(*) FROM tallies")).scalar_one()
    if waiting <= least:
        return False
    connection.execute(text(_FOLD), {"most": _MOST})
    return True


def _by_labels(connection: Connection, question: str) -> Tallies:
    rows = connection.execute(text(question))
    return {(row.figure, *row.labels): row.amount for row in rows if row.amount}
