"""Are the derived ids what they must be for ever?"""

from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import OUTBOUND
from services.rules.identity import (
    EFFECT_NAMESPACE,
    SETTLEMENT_NAMESPACE,
    SettlementKind,
    effect_id,
    settlement_id,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def test_both_namespaces_are_the_uuid5_of_their_names() -> None:
    assert uuid5(NAMESPACE_DNS, "effects.mediation") == EFFECT_NAMESPACE
    assert uuid5(NAMESPACE_DNS, "settlements.mediation") == SETTLEMENT_NAMESPACE


@given(st.uuids(), st.sampled_from(OUTBOUND))
def test_the_id_of_an_effect_is_the_uuid5_of_its_cause_and_topic(cause: UUID, topic: str) -> None:
    assert effect_id(cause, topic) == uuid5(EFFECT_NAMESPACE, f"{cause}/{topic}")


@given(TEXTS, st.sampled_from(SettlementKind))
def test_the_id_of_a_settlement_is_the_uuid5_of_its_dispute_and_kind(
    dispute_id: str, kind: SettlementKind
) -> None:
    expected = uuid5(SETTLEMENT_NAMESPACE, f"{dispute_id}/{kind}")

    assert settlement_id(dispute_id, kind) == expected
    assert (expected.version, expected.variant) == (5, UUID(int=0x8 << 60).variant)


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (SettlementKind.REFUND, "731fc564-304f-5e60-aa90-f7c70f9c4a4e"),
        (SettlementKind.PAYOUT, "35f9a4a8-5004-552c-a802-3097854a00be"),
    ],
)
def test_a_settlement_has_the_id_that_the_readme_shows(kind: SettlementKind, known: str) -> None:
    assert str(settlement_id("dispute-1", kind)) == known
