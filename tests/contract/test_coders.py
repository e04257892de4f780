"""Do the generated coders read and write what fastavro does, and leave the rest to it?"""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.effects import DisputeResolved, Effect, MediationOpened, RefundRequested
from schemas.events import Event, Evidence, EvidenceKind
from schemas.readers import reader
from schemas.records import record_from
from schemas.topics import INBOUND, Topic
from schemas.writers import writer
from tests.builders import (
    DECIDED_AT,
    event_id,
    mediator_assigned,
    order_disputed,
    verdict_issued,
)
from tests.contract.facts import EFFECTS, EVENTS
from tests.fuzz.judge import Judge
from tests.fuzz.slowly import SlowCodec
from tests.fuzz.targets import Target

EVIDENCE = (
    Evidence(kind=EvidenceKind.FILE, reference="file-1"),
    Evidence(kind=EvidenceKind.REQUEST, reference="request-1"),
)
VERDICT = verdict_issued(evidence=EVIDENCE)
STAMP: dict[str, Any] = {
    "effect_id": event_id("effect"),
    "sequence": 4,
    "occurred_at": DECIDED_AT,
    "order_id": "order-1",
    "dispute_id": "dispute-1",
    "cause_event_id": VERDICT.event_id,
}
OPENED = MediationOpened(
    **STAMP, mediator_id="m", replaced_mediator_id=None, buyer_id="b", seller_id="s"
)
REFUND = RefundRequested(
    **STAMP, settlement_id=event_id("settlement"), amount_minor=1, currency="EUR", payee_id="b"
)
RESOLVED = DisputeResolved(
    **STAMP,
    decision=VERDICT.decision,
    ground=VERDICT.ground,
    reasons="No.",
    refund_minor=1,
    payout_minor=0,
    currency="EUR",
    buyer_id="b",
    seller_id="s",
)
FACTS: list[Event | Effect] = [
    *(order_disputed(), mediator_assigned(), VERDICT),
    *(OPENED, REFUND, RESOLVED),
]


def slowly(fact: Event | Effect) -> bytes:
    """The body of a fact, by fastavro."""
    return contract(fact.topic).current.writer.write(record_from(fact))


@given(EVENTS)
def test_a_reader_reads_every_event_that_fastavro_wrote(event: Event) -> None:
    read = reader(event.topic)(slowly(event))

    assert read == event
    assert repr(read) == repr(event)  # StrEnum and str are equal, and are not the same


@given(st.one_of(EVENTS, *EFFECTS.values()))
def test_a_writer_writes_every_fact_as_fastavro_does(fact: Event | Effect) -> None:
    assert writer(fact.topic)(fact) == slowly(fact)


@given(EVENTS)
def test_an_event_that_was_just_read_has_the_digest_of_what_would_be_written(event: Event) -> None:
    codec = Codec()
    header = codec.encode(event)[:10]
    upper = slowly(event)[:1] + slowly(event)[1:37].upper() + slowly(event)[37:]

    for body in (slowly(event), upper):
        read = codec.decode(event.topic, header + body)
        assert codec.digest(read) == SlowCodec().digest(event)


def test_a_digest_is_of_the_event_that_is_asked_for_whichever_was_read_last() -> None:
    codec = Codec()
    one, other = (codec.decode(each.topic, codec.encode(each)) for each in FACTS[1:3])

    assert codec.digest(one) == SlowCodec().digest(one)
    assert codec.digest(other) == SlowCodec().digest(other)
    assert codec.digest(replace(other, order_id="order-2")) != codec.digest(other)


def flipped(body: bytes, at: int, by: int) -> bytes:
    return body[:at] + bytes([body[at] ^ by]) + body[at + 1 :]


BENT: dict[str, Callable[[bytes, int, int], bytes]] = {
    "a_bit": flipped,
    "a_byte_more": lambda body, at, byte: body[:at] + bytes([byte]) + body[at:],
    "a_byte_less": lambda body, at, _: body[:at] + body[at + 1 :],
    "a_padded_byte": lambda body, at, _: body[:at] + bytes([body[at] | 0x80, 0]) + body[at + 1 :],
    "cut": lambda body, at, _: body[:at],
}
SOME_BYTES = (0x00, 0x01, 0x02, 0x03, 0x7F, 0x80, 0xFF)


@pytest.mark.parametrize("event", FACTS[:3], ids=INBOUND)
@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_an_event_bent_at_any_byte_is_what_it_is_without_coders(
    event: Event, bend: Callable[[bytes, int, int], bytes]
) -> None:
    judge, header, body = Judge(), Codec().encode(event)[:10], slowly(event)

    for at in range(len(body)):
        for byte in SOME_BYTES:
            judge.judge(Target(event.topic.value, registry=False), header + bend(body, at, byte))

    assert judge.counts.total() == len(body) * len(SOME_BYTES)


@pytest.mark.parametrize("text", [f"{1 << 128:_x}", "f" * 36, f"{VERDICT.event_id}0", "-" * 36])
def test_an_id_of_another_number_or_length_is_refused_as_it_is_without_coders(text: str) -> None:
    header, body = Codec().encode(VERDICT)[:10], slowly(VERDICT)
    judge = Judge()

    for id_ in (text, text.replace("_", "-")):
        bent = bytes([len(id_) << 1]) + id_.encode() + body[37:]
        judge.judge(Target(VERDICT.topic.value, registry=False), header + bent)
        assert reader(VERDICT.topic)(bent) is None


STRANGE = [
    *(None, True, 0, -1, 63, 64, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 1.0, b"bytes", (), []),
    *("", "text", "\0", "é", "half a surrogate \ud800", "x" * 100_000, "UNKNOWN", "FILE"),
    *(EvidenceKind.FILE, event_id("other"), str(event_id("other")), event_id, EVIDENCE),
    *([*EVIDENCE], ("not a fact",), (EVIDENCE,), (VERDICT,), [{"kind": "FILE", "reference": "r"}]),
    DECIDED_AT.replace(tzinfo=None),
    DECIDED_AT.replace(microsecond=999_999),
    DECIDED_AT.astimezone(timezone(timedelta(hours=2))),
    datetime.fromisoformat("1969-12-31T23:59:59.9999+00:00"),
]


def outcome(write: Callable[[Any], bytes], fact: Any) -> bytes | str:
    try:
        return write(fact)
    except Exception as error:  # whatever it is, it must be the same one
        return repr(error)


def encoded(fact: Event | Effect) -> bytes:
    return Codec().encode(fact)[10:]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.topic)
def test_whatever_a_field_may_hold_is_written_or_refused_as_by_fastavro(
    fact: Event | Effect,
) -> None:
    for field in fields(fact):
        for strange in STRANGE:
            changed: dict[str, Any] = {field.name: strange}
            bent = replace(fact, **changed)
            assert outcome(encoded, bent) == outcome(slowly, bent), changed


def test_a_piece_of_evidence_is_written_or_refused_as_by_fastavro() -> None:
    for field in fields(Evidence):
        for strange in STRANGE:
            changed: dict[str, Any] = {field.name: strange}
            bent = replace(VERDICT, evidence=(EVIDENCE[0], replace(EVIDENCE[1], **changed)))
            assert outcome(encoded, bent) == outcome(slowly, bent), changed


@pytest.mark.parametrize("topic", INBOUND)
def test_no_reader_takes_nothing_or_noise_for_an_event(topic: Topic) -> None:
    for body in (b"", b"\0", b"\xff" * 100, bytes(100), b"\x02" * 100):
        assert reader(topic)(body) is None
