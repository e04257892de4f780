"""Is each class of hostile value refused for its own reason, in time, in little memory?

Rule of this file: one line a class. The judge of the fuzzer decodes each one, so that the reference
has its say too and the clock is looked at. The classes in `test_hostile_bytes.py` are not repeated
here: these are the large ones, and those that need a registry.
"""

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from schemas.codec import MAX_BYTES, Codec
from schemas.errors import ContractError
from schemas.events import VerdictIssued
from schemas.reasons import Reason
from schemas.strict import MAX_ITEMS
from tests.fuzz.honest import header_of_id, header_of_topic
from tests.fuzz.judge import LONGEST_DECODE, Judge, seconds_to_decode
from tests.fuzz.targets import CURRENT, UNUSABLE, USABLE, Target
from tests.fuzz.targets import registry as everything_registered
from tests.registries import RegistryInMemory
from tests.wire import array, assignment, blocks, common, long, piece, text, varint, verdict

ISSUED = Target("verdict.issued", registry=False)
ASSIGNED = Target("mediator.assigned", registry=False)
DISPUTED = Target("order.disputed", registry=False)
REGISTRY = Target("mediator.assigned", registry=True)
MOST_MEMORY = 50 * 2**20

PIECE = piece(1, "m")
NOBODY = common() + text("mediator-1")
PARTIES = text("dispute-1") + text("order-1") + text("mediator-1")


def filled(start: bytes, filler: bytes) -> bytes:
    """A value of the largest size that is looked at."""
    return start + filler * ((MAX_BYTES - len(start)) // len(filler))


LARGE = {
    "a_thousand_pieces_and_one": (ISSUED, verdict(evidence=array(*[PIECE] * 1_001)), "oversized"),
    "twenty_thousand_pieces": (ISSUED, verdict(evidence=array(*[PIECE] * 20_000)), "oversized"),
    "as_many_blocks": (
        ISSUED,
        verdict(evidence=blocks([(1, False)] * 15_000, [PIECE] * 15_000)),
        "oversized",
    ),
    "as_many_sized_blocks": (
        ISSUED,
        verdict(evidence=blocks([(1, True)] * 10_000, [PIECE] * 10_000)),
        "oversized",
    ),
    "pieces_of_two_bytes": (ISSUED, verdict(evidence=array(*[piece(0, "")] * 30_000)), "oversized"),
    "a_huge_count_before_many_pieces": (
        ISSUED,
        filled(verdict(evidence=long(2**62)), PIECE),
        "undecodable",
    ),
    "the_smallest_count_before_many_pieces": (
        ISSUED,
        filled(verdict(evidence=long(-(2**63)) + long(2**62)), PIECE),
        "undecodable",
    ),
    "nothing_but_ff": (ISSUED, filled(header_of_topic("verdict.issued"), b"\xff"), "undecodable"),
    "nothing_but_80": (ISSUED, filled(header_of_topic("verdict.issued"), b"\x80"), "undecodable"),
    "an_endless_number": (ISSUED, filled(verdict()[:-12], b"\x80"), "undecodable"),
    "a_text_of_NULs": (ISSUED, verdict(reasons=text(bytes(60_000))), "invalid_text"),
    "a_text_cut_in_a_letter": (
        ISSUED,
        verdict(reasons=text("é".encode() * 30_000 + b"\xc3")),
        "undecodable",
    ),
    "a_reference_of_60_000": (
        ISSUED,
        verdict(evidence=array(piece(1, "m" * 60_000))),
        "invalid_text",
    ),
    "an_id_of_60_000": (ASSIGNED, assignment(mediator=text("m" * 60_000)), "invalid_id"),
    "an_event_id_of_60_000": (
        ASSIGNED,
        header_of_topic("mediator.assigned")
        + common(event_id="0f8fad5b-" * 6_000)
        + text("mediator-1"),
        "invalid_id",
    ),
    "a_currency_of_60_000": (
        DISPUTED,
        header_of_topic("order.disputed")
        + common()
        + text("buyer-1")
        + text("seller-1")
        + long(1)
        + text("EUR" * 20_000)
        + long(0) * 3,
        "invalid_currency",
    ),
    "ten_million_bytes": (ISSUED, verdict() + bytes(10_000_000), "oversized"),
}


def id_of(chosen: Callable[[dict[str, Any]], bool]) -> bytes:
    """The header of the first usable schema in which such a field stands last."""
    fits = [at for at, schema in enumerate(USABLE, 1) if chosen(schema["fields"][-1])]
    return header_of_id(fits[0])


INTS = id_of(lambda last: last["name"] == "numbers")
FLAGS = id_of(lambda last: last["name"] == "flags")
NOTES = id_of(lambda last: last["name"] == "notes")
NULLABLE = header_of_id(next(n for n, s in enumerate(USABLE, 1) if "maybe_int" in str(s)))


def nullables(maybe_int: bytes = long(1), maybe_enum: bytes = long(0)) -> bytes:
    """An assignment in the registry's schema with fields that may be null."""
    said = text("0f8fad5b-d9cb-469f-a165-70867728950e") + long(1_772_442_000_000)
    return NULLABLE + said + maybe_int + maybe_enum + long(0) * 2 + PARTIES


FOREIGN = {
    "id_0": (header_of_id(0) + NOBODY, "unknown_schema"),
    "id_minus_one": (b"\0\xff\xff\xff\xff" + NOBODY, "unknown_schema"),
    "id_of_nothing": (header_of_id(12_345) + NOBODY, "unknown_schema"),
    "id_of_another_topic": (header_of_id(1) + NOBODY, "unknown_schema"),
    "65_000_flags": (FLAGS + NOBODY + long(65_000) + bytes(65_000) + long(0), "oversized"),
    "65_000_ints": (INTS + NOBODY + long(65_000) + bytes(65_000) + long(0), "oversized"),
    "65_000_nulls_in_a_union": (NOTES + NOBODY + long(65_000) + bytes(65_001), "oversized"),
    "32_000_blocks_of_nulls": (NOTES + NOBODY + b"\2\0" * 32_000 + long(0), "oversized"),
    "a_huge_count_of_flags": (FLAGS + NOBODY + long(2**62) + bytes(60_000), "undecodable"),
    "a_flag_that_is_two": (FLAGS + NOBODY + long(1) + b"\2" + long(0), "not_canonical"),
    "an_int_of_33_bits": (INTS + NOBODY + array(long(2**31)), "not_canonical"),
    "an_int_beyond_64_bits": (INTS + NOBODY + array(varint(2**64 + 2)), "not_canonical"),
    "a_padded_int": (INTS + NOBODY + long(1) + b"\x82\0" + long(0), "not_canonical"),
    "union_index_minus_one": (nullables(maybe_int=long(-1)), "not_canonical"),
    "union_index_huge": (nullables(maybe_int=long(2**62)), "undecodable"),
    "nullable_enum_minus_one": (nullables(maybe_enum=long(1) + long(-1)), "not_canonical"),
    "nullable_enum_huge": (nullables(maybe_enum=long(1) + long(2**62)), "undecodable"),
    "bytes_after_it": (nullables() + b"\0", "trailing_bytes"),
}


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize(("target", "value", "reason"), LARGE.values(), ids=LARGE)
def test_a_large_hostile_value_is_refused_in_time(
    target: Target, value: bytes, reason: str, judge: Judge
) -> None:
    assert judge.judge(target, value) == reason


@pytest.mark.parametrize(("value", "reason"), FOREIGN.values(), ids=FOREIGN)
def test_a_hostile_value_in_a_registrys_schema_is_refused_in_time(
    value: bytes, reason: str, judge: Judge
) -> None:
    assert judge.judge(REGISTRY, value) == reason


def test_the_honest_values_that_those_are_bent_from_are_accepted(judge: Judge) -> None:
    for value in (nullables(), FLAGS + NOBODY + array(b"\1"), INTS + NOBODY + array(long(9))):
        assert judge.judge(REGISTRY, value) == "accepted"


@pytest.mark.parametrize("sizes", [[(1_000, False)], [(1, False)] * 1_000, [(1, True)] * 1_000])
def test_a_thousand_pieces_of_evidence_are_accepted_in_any_blocks(
    sizes: list[tuple[int, bool]], judge: Judge
) -> None:
    value = verdict(evidence=blocks(sizes, [PIECE] * MAX_ITEMS))

    assert judge.judge(ISSUED, value) == "accepted"
    event = Codec().decode("verdict.issued", value)
    assert isinstance(event, VerdictIssued)
    assert len(event.evidence) == 1_000


def test_who_cites_too_much_evidence_is_told_how_much_is_allowed() -> None:
    with pytest.raises(ContractError, match="`evidence` has 1001 items, and 1000 are allowed"):
        Codec().decode("verdict.issued", LARGE["a_thousand_pieces_and_one"][1])


def deep(levels: int) -> dict[str, Any]:
    """An array in an array in an array, and so on."""
    kind: Any = "long"
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return last_field(kind)


def last_field(kind: Any) -> dict[str, Any]:
    """The schema of an assignment with one more field of this type."""
    fields = CURRENT["mediator.assigned"]["fields"]
    return CURRENT["mediator.assigned"] | {"fields": [*fields, {"name": "more", "type": kind}]}


def wide(fields: int) -> dict[str, Any]:
    """An array of records of so many fields."""
    said = [{"name": f"field_{at}", "type": ["null", "int"]} for at in range(fields)]
    return last_field({"type": "array", "items": {"type": "record", "name": "W", "fields": said}})


BOMBS = {
    **{f"unusable_{at}": schema for at, schema in enumerate(UNUSABLE)},
    "an_array_of_nulls": last_field({"type": "array", "items": "null"}),
    "an_array_of_empty_records": last_field(
        {"type": "array", "items": {"type": "record", "name": "Empty", "fields": []}}
    ),
    "itself": last_field("mediation.MediatorAssigned"),
    "itself_in_an_array": last_field({"type": "array", "items": "mediation.MediatorAssigned"}),
    "a_thousand_arrays_in_each_other": deep(1_000),
    "a_hundred_thousand_arrays_in_each_other": deep(100_000),
    "a_map_of_nulls": last_field({"type": "map", "values": "null"}),
    "a_fixed_of_nothing": last_field({"type": "fixed", "name": "None", "size": 0}),
    "a_fixed_of_two_gigabytes": last_field({"type": "fixed", "name": "Big", "size": 2**31}),
    "items_of_17_fields": wide(17),
    "a_deep_property": last_field("long") | {"note": deep(100_000)},
}


@pytest.mark.parametrize("schema", BOMBS.values(), ids=BOMBS)
def test_a_registrys_schema_that_is_a_bomb_is_never_decoded_with(schema: dict[str, Any]) -> None:
    registry = RegistryInMemory()
    registry.schemas.append(schema)
    topic = "verdict.issued" if schema["name"] == "VerdictIssued" else "mediator.assigned"

    for body in (b"", NOBODY, NOBODY + long(2**40), NOBODY + b"\2" * 60_000):
        with pytest.raises(ContractError) as caught:
            Codec(registry).decode(topic, header_of_id(1) + body)
        assert caught.value.reason is Reason.UNKNOWN_SCHEMA


def test_the_widest_items_that_are_allowed_are_read_in_time() -> None:
    registry = RegistryInMemory()
    registry.schemas.append(wide(16))
    items = [(long(1) + long(2**31 - 1)) * 16] * 600
    value = header_of_id(1) + NOBODY + blocks([(1, False)] * 600, items)

    assert MAX_BYTES * 0.8 < len(value) < MAX_BYTES
    assert Codec(registry).decode("mediator.assigned", value).order_id == "order-1"
    assert seconds_to_decode(Codec(registry), "mediator.assigned", value) < LONGEST_DECODE


def test_no_hostile_value_takes_much_memory() -> None:
    codecs = {False: Codec(), True: Codec(everything_registered())}
    values = [(target, value) for target, value, _ in LARGE.values()]
    values += [(REGISTRY, value) for value, _ in FOREIGN.values()]
    peaks = []

    for target, value in values:
        tracemalloc.start()
        with suppress(ContractError):
            codecs[target.registry].decode(target.topic, value)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert max(peaks) < MOST_MEMORY
