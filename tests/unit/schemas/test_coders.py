"""The parts that the generated coders are made of."""

from inspect import getsource
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.coders import Schema
from schemas.readers import reader, reader_of
from schemas.topics import Topic
from schemas.uuids import uuid_text
from schemas.varints import long_bytes, read_raw
from schemas.writers import writer, writer_of
from tests.wire import long, varint

LONGS = st.integers(-(2**63), 2**63 - 1)
CORNERS = [0, 63, 64, 8_191, 8_192, 2**31, 2**62, 2**63 - 1, -1, -64, -65, -(2**63)]
NOT_NUMBERS = {
    "padded": b"\x82\x00",
    "padded_twice": b"\x82\x80\x00",
    "padded_zero": b"\x80\x00",
    "endless": b"\xff" * 100,
    "of_eleven_bytes": varint(2**70),
    "of_65_bits": varint(2**64),
    "cut_after_two": b"\x80\x80",
}


def a_record(kind: str) -> Schema:
    return {"type": "record", "name": "Evidence", "fields": [{"name": "a", "type": kind}]}


@pytest.mark.parametrize("number", CORNERS)
def test_a_number_at_a_corner_is_written_in_its_shortest_form(number: int) -> None:
    assert long_bytes(number) == long(number)


@given(LONGS)
def test_any_number_is_written_in_its_shortest_form(number: int) -> None:
    assert long_bytes(number) == long(number)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, -(2**64), 2**200, -(2**200)])
def test_a_number_of_more_than_64_bits_is_not_written(number: int) -> None:
    with pytest.raises(ValueError, match="more than 64 bits"):
        long_bytes(number)


@given(st.integers(0x80, 2**64 - 1), st.binary(max_size=3))
def test_a_number_of_several_bytes_is_read_to_where_it_ends(raw: int, more: bytes) -> None:
    written = varint(raw)

    assert read_raw(b"\0" + written + more, 1) == (raw, 1 + len(written))


@pytest.mark.parametrize("body", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_what_is_no_shortest_form_is_not_read(body: bytes) -> None:
    with pytest.raises(ValueError, match="shortest form"):
        read_raw(body, 0)


def test_a_number_that_is_cut_is_not_read() -> None:
    with pytest.raises(IndexError):
        read_raw(b"\x80", 0)


@given(st.uuids() | st.sampled_from([UUID(int=0), UUID(int=1), UUID(int=2**128 - 1)]))
def test_the_text_of_an_id_is_what_str_says(id_: UUID) -> None:
    assert uuid_text(id_) == str(id_)


def test_the_text_of_a_coder_can_be_looked_at() -> None:
    assert getsource(reader(Topic.VERDICT_ISSUED)).startswith("def read(body):\n")
    assert getsource(writer(Topic.VERDICT_ISSUED)).startswith("def write(fact):\n")


def test_no_coder_is_made_of_a_schema_with_a_type_that_no_contract_has_yet() -> None:
    for kind in ("int", "double", "bytes", "boolean"):
        with pytest.raises(NotImplementedError, match=kind):
            reader_of(a_record(kind))
        with pytest.raises(NotImplementedError, match=kind):
            writer_of(a_record(kind))
