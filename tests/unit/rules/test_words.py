"""Are the words that others store, count and compare the same for ever, and the tables constant?"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from services.rules.case import DisputeState
from services.rules.contents import CHECKS, GROUNDS
from services.rules.identity import SettlementKind
from services.rules.outcome import Outcome, Waiting
from services.rules.payments import MONEY
from services.rules.standing import Standing
from services.rules.table import TABLE


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (DisputeState, "OPEN IN_MEDIATION RESOLVED"),
        (Outcome, "applied ignored deferred rejected"),
        (Waiting, "dispute mediator handover resolution"),
        (SettlementKind, "REFUND PAYOUT"),
    ],
)
def test_the_words_of_a_closed_set_never_change(words: type[StrEnum], expected: str) -> None:
    assert [word.value for word in words] == expected.split()


def test_a_standing_is_called_by_its_own_name() -> None:
    assert [standing.value for standing in Standing] == [standing.name for standing in Standing]


@pytest.mark.parametrize(
    "table",
    [TABLE, TABLE[Standing.OPEN].cells, CHECKS, GROUNDS, MONEY],
    ids=["TABLE", "a row's cells", "CHECKS", "GROUNDS", "MONEY"],
)
def test_nobody_can_change_a_table_of_the_rules(table: Mapping[Any, Any]) -> None:
    with pytest.raises(TypeError, match="mappingproxy"):
        table[next(iter(table))] = None  # type: ignore[index]


def test_nobody_can_change_the_grounds_of_a_decision() -> None:
    assert all(isinstance(grounds, frozenset) for grounds in GROUNDS.values())
