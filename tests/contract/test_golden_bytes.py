"""Are the bytes on the wire still those that were agreed, to the byte?"""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest

from schemas.codec import Codec
from schemas.effects import RefundRequested
from schemas.events import (
    Event,
    Evidence,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from tests.registries import RegistryInMemory

EVENT_ID = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
OCCURRED_AT = datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC)

COMMON = """
    48 30 66 38 66 61 64 35 62 2d 64 39 63 62 2d 34 36 39 66 2d 61 31 36 35 2d
       37 30 38 36 37 37 32 38 39 35 30 65
    f6 eb b4 dc 95 67
    12 64 69 73 70 75 74 65 2d 31
    0e 6f 72 64 65 72 2d 31
"""  # event_id, occurred_at, "dispute-1", "order-1"

DISPUTED = OrderDisputed(
    event_id=EVENT_ID,
    occurred_at=OCCURRED_AT,
    dispute_id="dispute-1",
    order_id="order-1",
    buyer_id="buyer-1",
    seller_id="seller-1",
    opened_by=OpenedBy.SELLER,
    currency="EUR",
    captured_minor=10_000,
    fees_minor=500,
    commission_minor=1_000,
)
DISPUTED_BODY = f"""
    {COMMON}
    0e 62 75 79 65 72 2d 31
    10 73 65 6c 6c 65 72 2d 31
    04
    06 45 55 52
    a0 9c 01
    e8 07
    d0 0f
"""  # "buyer-1", "seller-1", SELLER = 2, "EUR", 10000, 500, 1000

ASSIGNED = MediatorAssigned(
    event_id=EVENT_ID,
    occurred_at=OCCURRED_AT,
    dispute_id="dispute-1",
    order_id="order-1",
    mediator_id="médiateur-1",
)
ASSIGNED_BODY = f"""
    {COMMON}
    18 6d c3 a9 64 69 61 74 65 75 72 2d 31
"""  # "médiateur-1", 12 bytes in UTF-8

ISSUED = VerdictIssued(
    event_id=EVENT_ID,
    occurred_at=OCCURRED_AT,
    dispute_id="dispute-1",
    order_id="order-1",
    mediator_id="mediator-1",
    decision=VerdictDecision.PARTIAL_REFUND,
    ground=Ground.PARTIES_AGREED,
    refund_minor=4_000,
    reasons="Both agree.",
    evidence=(
        Evidence(kind=EvidenceKind.MESSAGE, reference="m-1"),
        Evidence(kind=EvidenceKind.OFF_PLATFORM, reference="x"),
    ),
)
ISSUED_BODY = f"""
    {COMMON}
    14 6d 65 64 69 61 74 6f 72 2d 31
    04
    0a
    02 c0 3e
    16 42 6f 74 68 20 61 67 72 65 65 2e
    04
       02 06 6d 2d 31
       0c 02 78
    00
"""  # "mediator-1", 2, 5, branch 1: 4000, reasons, two pieces (1 "m-1", 6 "x"), end

GOLDEN = [
    pytest.param(DISPUTED, "c3 01 b3 0b 8d a5 85 cd fc 93", DISPUTED_BODY, id="order.disputed"),
    pytest.param(ASSIGNED, "c3 01 73 1a 32 e9 82 b5 9a e3", ASSIGNED_BODY, id="mediator.assigned"),
    pytest.param(ISSUED, "c3 01 c7 e7 1d 10 ff a6 d4 95", ISSUED_BODY, id="verdict.issued"),
]


@pytest.mark.parametrize(("event", "header", "body"), GOLDEN)
def test_an_event_is_written_as_agreed(event: Event, header: str, body: str) -> None:
    written = Codec().encode(event)

    assert written.hex() == bytes.fromhex(header + body).hex()


@pytest.mark.parametrize(("event", "header", "body"), GOLDEN)
def test_the_agreed_bytes_are_read_as_the_event(event: Event, header: str, body: str) -> None:
    read = Codec().decode(event.topic, bytes.fromhex(header + body))

    assert read == event


@pytest.mark.parametrize(("event", "header", "body"), GOLDEN)
def test_with_a_registry_an_event_is_written_in_confluent_framing(
    event: Event, header: str, body: str
) -> None:
    written = Codec(RegistryInMemory()).encode(event)

    assert written.hex() == bytes.fromhex("00 00 00 00 01" + body).hex()


def test_an_effect_is_written_as_agreed() -> None:
    effect = RefundRequested(
        effect_id=EVENT_ID,
        sequence=7,
        occurred_at=OCCURRED_AT,
        order_id="order-1",
        dispute_id="dispute-1",
        cause_event_id=EVENT_ID,
        settlement_id=EVENT_ID,
        amount_minor=4_000,
        currency="EUR",
        payee_id="buyer-1",
    )
    uuid = "48" + str(EVENT_ID).encode().hex()
    body = f"""
        {uuid} 0e f6 eb b4 dc 95 67
        0e 6f 72 64 65 72 2d 31
        12 64 69 73 70 75 74 65 2d 31
        {uuid} {uuid}
        c0 3e 06 45 55 52
        0e 62 75 79 65 72 2d 31
    """

    written = Codec().encode(effect)

    assert written[:2].hex() == "c301"
    assert written[10:].hex() == bytes.fromhex(body).hex()


def test_the_digest_of_an_event_never_changes() -> None:
    digest = Codec().digest(ISSUED)

    assert digest == sha256(b"verdict.issued\0" + bytes.fromhex(ISSUED_BODY)).digest()
    assert digest.hex() == "9c73f77ef4650d65ee860df867a65c78744c7dd95bead559befee9d19c878bd3"
