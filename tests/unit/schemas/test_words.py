"""Are topics, reasons and errors the words that others rely on?"""

from datetime import datetime
from pathlib import Path

import pytest

from schemas.errors import (
    ContractError,
    MediationError,
    PermanentError,
    RegistryRefusedError,
    RegistryUnavailableError,
    TransientError,
)
from schemas.reasons import Reason
from schemas.records import millis_from_instant, record_from
from schemas.topics import INBOUND, OUTBOUND, Topic, dead_letter_topic

REASONS = """
    missing_value oversized unknown_framing unknown_schema undecodable trailing_bytes not_canonical
    signature_missing signature_invalid signature_key_unknown signature_key_revoked
    invalid_id invalid_timestamp invalid_currency invalid_amount invalid_text
    event_id_reused dispute_conflict order_closed dispute_resolved verdict_final
    mediator_not_neutral unknown_decision unknown_ground ground_mismatch reasons_blank
    refund_missing refund_unexpected refund_out_of_range amounts_inconsistent off_platform_evidence
    orphaned wrong_mediator bug
"""


def test_the_reason_codes_are_a_closed_set() -> None:
    assert [*Reason] == REASONS.split()


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_described_in_a_sentence(reason: Reason) -> None:
    assert reason.description[0].isupper()
    assert reason.description.endswith(".")


def test_no_two_reasons_are_described_alike() -> None:
    assert len({reason.description for reason in Reason}) == len(Reason)


def test_three_topics_come_in_and_ten_go_out() -> None:
    assert INBOUND == ("order.disputed", "mediator.assigned", "verdict.issued")
    assert len(OUTBOUND) == 10
    assert {*INBOUND, *OUTBOUND} == {*Topic}


def test_dead_letters_are_mirrored_beside_their_topic() -> None:
    assert dead_letter_topic("order.disputed") == "order.disputed.dead-letter"


def test_a_contract_error_says_why_in_a_code_and_in_words() -> None:
    error = ContractError(Reason.INVALID_ID, "The id is empty.")

    assert (error.reason, error.explanation) == (Reason.INVALID_ID, "The id is empty.")
    assert str(error) == "The id is empty."


@pytest.mark.parametrize(
    ("kind", "branch"),
    [
        (ContractError, PermanentError),
        (RegistryRefusedError, PermanentError),
        (RegistryUnavailableError, TransientError),
    ],
)
def test_the_branch_of_an_error_decides_whether_to_try_again(
    kind: type[MediationError], branch: type[MediationError]
) -> None:
    assert kind.__mro__[1:3] == (branch, MediationError)


def test_a_naive_time_is_never_written() -> None:
    with pytest.raises(TypeError):
        millis_from_instant(datetime(2026, 3, 2))  # noqa: DTZ001 -- naive on purpose


def test_what_is_no_fact_has_no_record() -> None:
    with pytest.raises(TypeError, match="str is not a fact"):
        record_from("fact")


def test_the_package_is_typed() -> None:
    assert (Path(__file__).parents[3] / "schemas" / "py.typed").exists()
