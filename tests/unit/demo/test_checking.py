"""Is every difference found, and does its sentence name it?"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from consumers.demo.checking import differences
from consumers.demo.observing import EffectSeen, Seen
from consumers.demo.scenarios.money import FULL_REFUND, HALF_UP
from consumers.demo.scenarios.refusals import CUT_MESSAGE, SECOND_VERDICT
from consumers.demo.story import Scenario
from tests.unit.demo.rehearsal import rehearse

_ANOTHER = "5d2a3c8e-0b1f-5c5d-9a31-1f0e6b1c2d3e"


def said_of(scenario: Scenario, spoil: Callable[[Seen], object]) -> list[str]:
    """The differences after `spoil` has changed what was seen."""
    order, seen = rehearse(scenario)
    spoil(seen)
    return differences([order], [seen])


def effect(seen: Seen, topic: str) -> int:
    """Where the first effect of this topic stands."""
    return next(at for at, each in enumerate(seen.effects) if each.message.topic == topic)


def changed(seen: Seen, topic: str, **fields: object) -> EffectSeen:
    """The first effect of this topic, saying something else."""
    found = seen.effects[effect(seen, topic)]
    headers = dict(found.message.headers)
    if "effect_id" in fields:
        headers["ce_id"] = str(fields["effect_id"]).encode()
    message = replace(found.message, headers=tuple(headers.items()))
    return EffectSeen(message, {**found.said, **fields})


def spoil_effect(topic: str, **fields: object) -> Callable[[Seen], None]:
    def spoil(seen: Seen) -> None:
        seen.effects[effect(seen, topic)] = changed(seen, topic, **fields)

    return spoil


def test_a_missing_effect_is_named() -> None:
    said = said_of(FULL_REFUND, lambda seen: seen.effects.pop(effect(seen, "refund.requested")))

    assert "full-refund: effect refund.requested caused by 'verdict' is missing" in said
    assert (
        "full-refund: the sequences of its effects are [1, 2, 3, 4, 5, 7], and must run from 1 "
        "without a gap" in said
    )


def test_an_effect_under_a_second_id_is_named() -> None:
    said = said_of(
        FULL_REFUND,
        lambda seen: seen.effects.append(
            changed(seen, "refund.requested", effect_id=_ANOTHER, sequence=8)
        ),
    )

    (only,) = said
    assert only.startswith("full-refund: effect refund.requested caused by 'verdict', number 2")
    assert only.endswith("under another id was not to be there")


def test_an_effect_that_was_published_twice_is_one_effect() -> None:
    said = said_of(FULL_REFUND, lambda seen: seen.effects.extend(seen.effects[2:]))

    assert said == []


@pytest.mark.parametrize(
    ("topic", "field", "value", "sentence"),
    [
        ("refund.requested", "amount_minor", 4_999, "amount_minor is 4999 and must be 5000"),
        ("payout.requested", "payee_id", "buyer-anna", "is 'buyer-anna' and must be 'seller-ben'"),
        ("dispute.resolved", "reasons", "", "reasons is '' and must be 'Both agreed"),
        ("order.closed", "decision", "FULL_REFUND", "must be 'PARTIAL_REFUND'"),
        ("chat.locked", "dispute_id", "another", "dispute_id is 'another' and must be 'half-up/1."),
        ("payout.requested", "settlement_id", _ANOTHER, "must be 'that of the settlement'"),
        ("order.frozen", "sequence", 9, "sequence is 9 and must be 1"),
    ],
)
def test_a_wrong_field_of_an_effect_is_named(
    topic: str, field: str, value: object, sentence: str
) -> None:
    said = said_of(HALF_UP, spoil_effect(topic, **{field: value}))

    assert any(line.startswith(f"half-up: effect {topic} caused by") for line in said)
    assert any(sentence in line for line in said)


def test_an_effect_that_cannot_be_read_is_named() -> None:
    def spoil(seen: Seen) -> None:
        at = effect(seen, "order.closed")
        seen.effects[at] = EffectSeen(seen.effects[at].message, None, "cut")

    said = said_of(FULL_REFUND, spoil)

    assert "full-refund: effect order.closed caused by 'verdict' is missing" in said
    assert "full-refund: unreadable message on order.closed was not to be there" in said


def test_an_effect_under_a_wrong_key_is_named() -> None:
    def spoil(seen: Seen) -> None:
        found = seen.effects[0]
        seen.effects[0] = replace(found, message=replace(found.message, key=b"another"))

    said = said_of(FULL_REFUND, spoil)

    (only,) = said
    assert only.startswith("full-refund: effect order.frozen caused by 'opened': key is b'another'")


def test_a_wrong_restriction_is_named() -> None:
    def spoil(seen: Seen) -> None:
        assert seen.case is not None
        seen.case = replace(seen.case, chat_locked=False)

    said = said_of(FULL_REFUND, spoil)

    assert said == ["full-refund: the case: chat_locked is False and must be True"]


def test_money_that_is_not_conserved_is_named() -> None:
    def spoil(seen: Seen) -> None:
        assert seen.case is not None
        (dispute,) = seen.case.disputes
        assert dispute.resolution is not None
        spoilt = replace(dispute, resolution=replace(dispute.resolution, platform_minor=1_001))
        seen.case = replace(seen.case, disputes=(spoilt,))

    said = said_of(HALF_UP, spoil)

    wrong_field, wrong_sum = said
    assert wrong_field == "half-up: dispute 1: platform_minor is 1001 and must be 1002"
    assert wrong_sum.startswith("half-up: the money of half-up/1.run is not conserved")
    assert wrong_sum.endswith("are 10499 together, and must be 10500")


def test_a_missing_settlement_is_named() -> None:
    def spoil(seen: Seen) -> None:
        seen.settlements = [row for row in seen.settlements if row["kind"] != "PAYOUT"]

    said = said_of(HALF_UP, spoil)

    assert "half-up: settlement PAYOUT of dispute 1 is missing" in said


def test_a_missing_dead_letter_is_named() -> None:
    def spoil(seen: Seen) -> None:
        seen.letters = [row for row in seen.letters if row["reason"] != "verdict_final"]

    said = said_of(SECOND_VERDICT, spoil)

    assert "second-verdict: dead letter of 'second verdict' is missing" in said


def test_a_missing_mirror_is_named() -> None:
    said = said_of(CUT_MESSAGE, lambda seen: seen.mirrors.clear())

    assert said == ["cut-message: mirror of 'cut verdict' is missing"]


def test_a_dead_letter_whose_bytes_were_touched_is_named() -> None:
    def spoil(seen: Seen) -> None:
        seen.mirrors[0] = replace(seen.mirrors[0], value=b"mended")

    (said,) = said_of(CUT_MESSAGE, spoil)

    assert said.startswith(
        "cut-message: mirror of 'cut verdict': value is b'mended' and must be c3"
    )


def test_a_wrong_reason_is_named() -> None:
    def spoil(seen: Seen) -> None:
        seen.letters = [{**row, "reason": "bug"} for row in seen.letters]

    said = said_of(CUT_MESSAGE, spoil)

    assert said == [
        "cut-message: dead letter of 'cut verdict': reason is 'bug' and must be 'undecodable'"
    ]


def test_a_message_that_was_never_handled_is_named() -> None:
    said = said_of(FULL_REFUND, lambda seen: seen.handled.discard("verdict"))

    assert said == ["full-refund: message 'verdict' was never handled: its offset is not committed"]


def test_two_orders_that_share_an_effect_id_are_named() -> None:
    first, seen = rehearse(FULL_REFUND)
    second, other = rehearse(HALF_UP)
    shared = seen.effects[0].said["effect_id"]
    spoil_effect("order.frozen", effect_id=shared)(other)

    said = differences([first, second], [seen, other])

    assert said == [f"effect_id {shared} stands for 2 different effects"]


def test_nothing_seen_at_all_is_many_differences() -> None:
    order, _ = rehearse(FULL_REFUND)

    said = differences([order], [Seen()])

    assert "full-refund: the case is missing" in said
    assert "full-refund: message 'opened' was not read back from order.disputed" in said
