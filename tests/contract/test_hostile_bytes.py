"""Is everything refused that no honest encoder writes, each with its own reason?"""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import MAX_BYTES, Codec
from schemas.errors import ContractError
from schemas.events import Event, Evidence, EvidenceKind, VerdictIssued
from schemas.reasons import Reason
from schemas.topics import INBOUND, Topic
from tests.wire import (
    EVENT_ID,
    FINGERPRINTS,
    SINGLE_OBJECT,
    array,
    assignment,
    blocks,
    common,
    framed,
    long,
    piece,
    text,
    varint,
    verdict,
)

PIECES = [piece(1, "m-1"), piece(2, "d-1"), piece(6, "elsewhere")]
LONG_MIN = -(2**63)
AFTER_THE_ID = 10 + 37  # the header, and an id with its length


def refusal(value: bytes | None, topic: str = "verdict.issued") -> ContractError:
    with pytest.raises(ContractError) as caught:
        Codec().decode(topic, value)
    return caught.value


def accepted(value: bytes) -> VerdictIssued:
    event = Codec().decode("verdict.issued", value)
    assert isinstance(event, VerdictIssued)
    return event


def padded(number: int) -> bytes:
    """A number in one byte more than it needs."""
    *head, last = long(number)
    return bytes([*head, last | 0x80, 0])


def test_the_honest_values_that_the_others_are_bent_from_are_accepted() -> None:
    assert accepted(verdict()).decision == "FULL_REFUND"
    assert accepted(verdict(refund=long(1) + long(40), evidence=array())).refund_minor == 40
    assert Codec().decode("mediator.assigned", assignment()).topic is Topic.MEDIATOR_ASSIGNED


NO_VALUE = {"none": None, "empty": b""}
FRAMINGS = {
    "json": b'{"order_id": "order-1"}',
    "text": b"verdict",
    "avro_file": b"Obj\x01",
    "half_a_mark": b"\xc3",
    "another_version_of_the_mark": b"\xc3\x02" + bytes(20),
    "no_framing_at_all": verdict()[10:],
}
SCHEMAS = {
    "unheard_of": SINGLE_OBJECT + bytes(range(8)) + verdict()[10:],
    "big_endian": SINGLE_OBJECT + bytes.fromhex(FINGERPRINTS["verdict.issued"])[::-1],
    "another_topic": assignment(),
}
UNDECODABLE = {
    "cut_in_the_header": verdict()[:9],
    "cut_after_the_header": verdict()[:10],
    "cut_in_the_confluent_header": b"\x00\x00\x00",
    "cut_in_the_body": verdict()[:-5],
    "cut_before_the_end_of_the_array": verdict()[:-1],
    "enum_index_too_large": verdict(decision=long(5)),
    "enum_index_huge": verdict(decision=long(2**62)),
    "enum_index_far_below_zero": verdict(decision=long(-99)),
    "union_index_too_large": verdict(refund=long(2)),
    "length_beyond_the_end": verdict(reasons=long(1_000) + b"short"),
    "length_huge": verdict(reasons=long(2**62) + b"short"),
    "length_negative": verdict(reasons=long(-4) + b"short"),
    "number_that_never_ends": verdict(refund=long(1) + b"\xff" * 500),
    "array_count_huge": verdict(evidence=long(2**62) + piece(1, "m-1")),
    "text_not_in_utf_8": verdict(reasons=text(b"\xff\xfe")),
    "text_in_overlong_utf_8": verdict(reasons=text(b"\xc0\x80")),
    "half_a_surrogate": verdict(reasons=text(b"\xed\xa0\x80")),
}
TRAILING = {
    "a_zero": verdict(after=b"\0"),
    "another_event": verdict(after=verdict()),
    "a_newline": verdict(after=b"\n"),
}
NOT_CANONICAL = {
    "enum_index_minus_one": verdict(decision=long(-1)),
    "enum_index_minus_one_in_an_array": verdict(evidence=array(piece(-1, "m-1"))),
    "union_index_minus_one": verdict(refund=long(-1) + long(40)),
    "union_index_minus_two": verdict(refund=long(-2)),
    "padded_enum_index": verdict(decision=padded(1)),
    "padded_length": verdict(reasons=padded(2) + b"No"),
    "padded_amount": verdict(refund=long(1) + padded(40)),
    "padded_array_count": verdict(evidence=padded(1) + piece(1, "m-1") + long(0)),
    "array_count_in_eleven_bytes": verdict(
        evidence=b"\x82" + b"\x80" * 9 + b"\0" + piece(1, "m-1") + long(0)
    ),
    "padded_array_end": verdict(evidence=long(1) + piece(1, "m-1") + padded(0)),
    "amount_beyond_64_bits": verdict(refund=long(1) + varint(2**64 + 80)),
    "amount_far_beyond_64_bits": verdict(refund=long(1) + varint(2**77 + 80)),
    "count_beyond_64_bits": verdict(evidence=varint(2**64 + 2) + piece(1, "m-1") + long(0)),
    "enum_index_beyond_64_bits": verdict(decision=varint(2**64 + 2)),
    "smallest_count": verdict(evidence=long(LONG_MIN) + long(0) + array(piece(1, "m-1"))),
    "block_size_too_small": verdict(evidence=long(-1) + long(1) + piece(1, "m-1") + long(0)),
    "block_size_negative": verdict(evidence=long(-1) + long(-5) + piece(1, "m-1") + long(0)),
    "block_size_padded": verdict(evidence=long(-1) + padded(5) + piece(1, "m-1") + long(0)),
    "block_size_that_skips_a_count": verdict(
        evidence=long(-1) + long(6) + piece(1, "m-1") + long(-1) + long(1) + PIECES[1] + long(0)
    ),
    "reblocked_after_a_bent_field": verdict(
        decision=long(-1), evidence=blocks([(1, True), (2, False)], PIECES)
    ),
    "reblocked_around_a_bent_item": verdict(
        evidence=blocks([(1, True), (1, True)], [piece(1, "m-1"), piece(-1, "x")])
    ),
}


@pytest.mark.parametrize("value", NO_VALUE.values(), ids=NO_VALUE)
def test_no_value_is_refused(value: bytes | None) -> None:
    assert refusal(value).reason is Reason.MISSING_VALUE


@pytest.mark.parametrize("value", FRAMINGS.values(), ids=FRAMINGS)
def test_an_unknown_framing_is_refused(value: bytes) -> None:
    assert refusal(value).reason is Reason.UNKNOWN_FRAMING


@pytest.mark.parametrize("value", SCHEMAS.values(), ids=SCHEMAS)
def test_an_unknown_fingerprint_is_refused(value: bytes) -> None:
    assert refusal(value).reason is Reason.UNKNOWN_SCHEMA


@pytest.mark.parametrize("value", UNDECODABLE.values(), ids=UNDECODABLE)
def test_bytes_that_do_not_fit_the_schema_are_refused(value: bytes) -> None:
    assert refusal(value).reason is Reason.UNDECODABLE


@pytest.mark.parametrize("value", TRAILING.values(), ids=TRAILING)
def test_bytes_after_the_event_are_refused(value: bytes) -> None:
    assert refusal(value).reason is Reason.TRAILING_BYTES


@pytest.mark.parametrize("value", NOT_CANONICAL.values(), ids=NOT_CANONICAL)
def test_bytes_that_no_correct_encoder_writes_are_refused(value: bytes) -> None:
    assert refusal(value).reason is Reason.NOT_CANONICAL


def test_a_negative_length_in_the_last_field_is_refused() -> None:
    value = assignment(mediator=long(-1) + b"mediator-1")

    assert refusal(value, "mediator.assigned").reason is Reason.UNDECODABLE


def test_the_schema_of_another_topic_is_called_by_its_name() -> None:
    explanation = refusal(assignment()).explanation

    assert "is that of mediator.assigned" in explanation
    assert "mediation.VerdictIssued" in explanation


def test_json_is_recognised_for_the_person_who_reads_the_refusal() -> None:
    assert "seems to be JSON" in refusal(b' {"a": 1}').explanation
    assert "JSON" not in refusal(b"hello").explanation


def test_the_largest_value_that_is_looked_at_has_64_kib() -> None:
    rest = len(verdict(reasons=text("x" * 10_000))) - 10_000
    largest = verdict(reasons=text("x" * (MAX_BYTES - rest)))

    assert len(largest) == MAX_BYTES
    assert len(accepted(largest).reasons) == MAX_BYTES - rest
    assert refusal(largest + b"\0").reason is Reason.OVERSIZED


def test_100_kib_are_refused_whatever_they_hold() -> None:
    caught = refusal(bytes(100 * 1024))

    assert caught.reason is Reason.OVERSIZED
    assert "102400 bytes" in caught.explanation


@pytest.mark.parametrize(
    "evidence",
    [
        blocks([(1, False), (1, False), (1, False)], PIECES),
        blocks([(2, False), (1, False)], PIECES),
        blocks([(3, True)], PIECES),
        blocks([(1, True), (2, False)], PIECES),
    ],
)
def test_another_blocking_of_the_array_is_accepted(evidence: bytes) -> None:
    plain = accepted(verdict(evidence=array(*PIECES)))

    assert accepted(verdict(evidence=evidence)) == plain
    assert len(plain.evidence) == 3


@given(st.lists(st.tuples(st.integers(0, 6), st.text("abc", min_size=1)), max_size=8), st.data())
def test_every_honest_blocking_of_every_array_is_accepted(
    said: list[tuple[int, str]], data: st.DataObject
) -> None:
    items, sizes, left = [piece(*each) for each in said], [], len(said)
    while left:
        sizes.append((data.draw(st.integers(1, left)), data.draw(st.booleans())))
        left -= sizes[-1][0]

    event = accepted(verdict(evidence=blocks(sizes, items)))

    kinds = [*EvidenceKind]
    assert event.evidence == tuple(Evidence(kind=kinds[k], reference=r) for k, r in said)


@given(st.binary(max_size=200), st.sampled_from(INBOUND))
def test_any_bytes_are_an_event_or_refused(body: bytes, topic: Topic) -> None:
    decode_or_refuse(topic, framed(topic, body))
    decode_or_refuse(topic, b"\0\0\0\0\1" + body)
    decode_or_refuse(topic, body)


@given(st.data())
def test_a_damaged_event_is_refused_or_reads_as_nothing_but_its_own_bytes(
    data: st.DataObject,
) -> None:
    honest = verdict(refund=long(1) + long(4_000))
    at = data.draw(st.integers(AFTER_THE_ID, len(honest)))
    cut = data.draw(st.integers(0, 3))
    damaged = honest[:at] + data.draw(st.binary(max_size=4)) + honest[at + cut :]

    event = decode_or_refuse(Topic.VERDICT_ISSUED, damaged)

    if event is not None and len(event.evidence) <= 1:
        assert damaged in honest_forms(event)


def honest_forms(event: VerdictIssued) -> list[bytes]:
    """All that an encoder may write for a verdict with at most one piece of evidence."""
    plain = Codec().encode(event)
    items = [piece([*EvidenceKind].index(each.kind), each.reference) for each in event.evidence]
    head = plain.removesuffix(array(*items))
    return [plain, head + blocks([(1, True)], items)] if items else [plain]


def decode_or_refuse(topic: Topic, value: bytes) -> VerdictIssued | None:
    try:
        event: Event = Codec().decode(topic, value)
    except ContractError:
        return None
    return event if isinstance(event, VerdictIssued) else None


def test_an_id_in_upper_case_is_the_same_event() -> None:
    body = common(event_id=EVENT_ID.upper()) + text("mediator-1")

    event = Codec().decode("mediator.assigned", framed("mediator.assigned", body))

    assert event == Codec().decode("mediator.assigned", assignment())


def test_a_few_bytes_never_fill_the_memory() -> None:
    Codec().decode("verdict.issued", verdict())  # whatever is read once is read before measuring

    tracemalloc.start()
    try:
        for value in (*UNDECODABLE.values(), *NOT_CANONICAL.values()):
            refusal(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5 * 1024 * 1024


def test_no_events_are_read_from_a_topic_that_carries_none() -> None:
    with pytest.raises(ValueError, match=r"no events are consumed from order\.frozen"):
        Codec().decode("order.frozen", b"")
    with pytest.raises(ValueError, match="elsewhere"):
        Codec().decode_record("elsewhere", b"")
