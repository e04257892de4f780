"""Which headers does a published message carry?"""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from schemas.codec import Codec
from schemas.effects import OrderFrozen
from schemas.reasons import Reason
from services.envelope import MIRROR_LIMIT_BYTES, of_dead_letter, of_effect, traceparent
from services.messages import Headers, Message, flatten, pair
from services.storage.refused import DeadLetter

EVENT_ID = UUID("11111111-2222-4333-8444-555555555555")
EFFECT_ID = UUID("99999999-8888-4777-8666-555555555555")
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def a_message(value: bytes | None = b"value", headers: Headers = ()) -> Message:
    return Message("order.disputed", 3, 1234, 1_772_500_000_000, b"order-1", value, headers)


def a_dead_letter(message: Message) -> DeadLetter:
    return DeadLetter(
        message=message,
        consumer_group="mediation.order-disputed",
        reason=Reason.UNDECODABLE,
        explanation="It cannot be read.",
        error_class="mediation.ContractError",
        seen_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def frozen(occurred_at: datetime) -> OrderFrozen:
    return OrderFrozen(
        effect_id=EFFECT_ID,
        sequence=1,
        occurred_at=occurred_at,
        order_id="order-1",
        dispute_id="dispute-1",
        cause_event_id=EVENT_ID,
    )


def test_an_effect_carries_cloudevents_headers_and_is_keyed_by_order() -> None:
    effect = frozen(datetime(2026, 3, 2, 9, tzinfo=UTC))

    outgoing = of_effect(effect, Codec().encode(effect), a_message())

    assert (outgoing.topic, outgoing.key) == ("order.frozen", b"order-1")
    headers = dict(outgoing.headers)
    assert headers["ce_id"] == str(EFFECT_ID).encode()
    assert headers["ce_type"] == b"order.frozen"
    assert headers["ce_time"] == b"2026-03-02T09:00:00.000+00:00"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_source"] == b"/mediation"


def test_a_time_is_said_in_its_own_zone_also_after_the_same_instant_in_another() -> None:
    utc = datetime(2026, 3, 2, 9, 0, 0, 123_999, tzinfo=UTC)
    summer = utc.astimezone(timezone(timedelta(hours=2)))

    said = [
        dict(of_effect(frozen(at), b"", a_message()).headers)["ce_time"]
        for at in (utc, summer, utc)
    ]

    assert said == [
        b"2026-03-02T09:00:00.123+00:00",
        b"2026-03-02T11:00:00.123+02:00",
        b"2026-03-02T09:00:00.123+00:00",
    ]


def test_an_effect_stays_in_the_trace_of_its_cause() -> None:
    given = traceparent((("traceparent", TRACE),), EVENT_ID, EFFECT_ID)

    assert given == b"00-0af7651916cd43dd8448eb211c80319c-9999999988884777-00"


def test_a_cause_without_a_valid_trace_starts_one_of_its_own() -> None:
    own = b"00-11111111222243338444555555555555-9999999988884777-01"
    nothing_valid: list[Headers] = [
        (),
        (("traceparent", None),),
        (("traceparent", b"rubbish"),),
        (("traceparent", TRACE + b"\n"),),
        (("Traceparent", TRACE),),
        (("traceparent", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01"),),
        (("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-" + b"0" * 16 + b"-01"),),
    ]

    assert {traceparent(headers, EVENT_ID, EFFECT_ID) for headers in nothing_valid} == {own}


def test_a_dead_letter_is_mirrored_untouched_with_springs_headers() -> None:
    original = a_message(headers=(("own", b"header"), ("empty", None)))

    mirror = of_dead_letter(a_dead_letter(original))

    assert mirror.topic == "order.disputed.dead-letter"
    assert (mirror.key, mirror.value) == (original.key, original.value)
    assert mirror.headers[:2] == original.headers
    headers = dict(mirror.headers)
    assert headers["kafka_dlt-original-topic"] == b"order.disputed"
    assert headers["kafka_dlt-original-partition"] == (3).to_bytes(4, "big")
    assert headers["kafka_dlt-original-offset"] == (1234).to_bytes(8, "big")
    assert headers["kafka_dlt-original-timestamp"] == (1_772_500_000_000).to_bytes(8, "big")
    assert headers["kafka_dlt-exception-message"] == b"It cannot be read."
    assert headers["mediation_reason"] == b"undecodable"


def test_a_dead_letter_too_large_to_mirror_is_mirrored_without_its_value() -> None:
    original = a_message(value=b"x" * MIRROR_LIMIT_BYTES)

    mirror = of_dead_letter(a_dead_letter(original))

    assert mirror.value is None
    assert int(dict(mirror.headers)["mediation_value-omitted"] or 0) > MIRROR_LIMIT_BYTES


def test_the_same_message_is_the_same_dead_letter_and_any_difference_makes_another() -> None:
    message = a_message()
    others = [
        a_message(value=None),
        a_message(value=b""),
        a_message(headers=(("a", b""),)),
        a_message(headers=(("a", None),)),
        Message("order.disputed", 3, 1235, message.timestamp_ms, message.key, message.value),
        Message("order.disputed", 3, 1234, 1, message.key, message.value),
    ]

    ids = {a_dead_letter(each).dead_letter_id for each in [message, *others]}

    assert a_dead_letter(a_message()).dead_letter_id == a_dead_letter(message).dead_letter_id
    assert len(ids) == 1 + len(others)


def test_the_id_of_a_dead_letter_is_the_same_in_every_release() -> None:
    full = Message(
        "order.disputed", 3, 42, 1_700_000_000_000, b"order-1", b"\x00value",
        (("a", b"1"), ("b", None)),
    )  # fmt: skip
    empty = Message("order.disputed", 3, 42, -1, None, None)

    ids = [str(a_dead_letter(each).dead_letter_id) for each in (full, empty)]

    assert ids == ["2d77844f-0a94-5d48-8971-aeb5ac18bc5d", "f7f658fe-53f1-5de6-9621-e1a416fd7dfe"]


def test_a_header_name_that_is_not_utf8_is_kept_byte_for_byte() -> None:
    name = b"bad \xff name".decode(errors="surrogateescape")

    assert flatten(((name, b"value"),)) == [b"bad \xff name", b"value"]
    assert pair([b"bad \xff name", b"value"]) == ((name, b"value"),)
