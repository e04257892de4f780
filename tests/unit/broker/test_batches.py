"""Are the bytes of a batch those that the library would have written?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from consumers.broker.batches import encode, filled, varint
from services.messages import Headers, Outgoing

NOW_MS = 1_772_442_000_000
ROOM = 64 * 1024 * 1024

keys = st.none() | st.binary(max_size=70)
values = st.none() | st.binary(max_size=300)
names = st.text(max_size=20)
headers = st.lists(st.tuples(names, st.binary(max_size=200)), max_size=9).map(tuple)
messages = st.builds(Outgoing, st.just("order.frozen"), keys, values, headers)


def closed(batch: Any) -> bytes:
    """The bytes of a batch as they are sent, with what the producer adds at last."""
    batch.set_producer_state(4711, 3, 2_000_000_000, is_transactional=False)
    batch.close()
    return bytes(batch.buffer())


def by_the_library(sent: list[Outgoing]) -> bytes:
    batch = MemoryRecordsBuilder(2, 0, ROOM)
    for each in sent:
        value = b"" if each.key is None and each.value is None else each.value
        batch.append(NOW_MS, each.key, value, list(each.headers))
    return closed(batch)


def by_us(sent: list[Outgoing]) -> bytes:
    return closed(filled([encode(each) for each in sent], NOW_MS))


@given(st.lists(messages, min_size=1, max_size=150))
def test_a_batch_is_the_one_that_the_library_would_have_written(sent: list[Outgoing]) -> None:
    assert by_us(sent) == by_the_library(sent)


def test_a_batch_of_many_and_of_large_messages_is_so_too() -> None:
    many = [Outgoing("order.frozen", b"%d" % number, b"") for number in range(20_000)]
    large = [
        Outgoing("order.frozen", bytes(size), bytes(1 << 17), (("name", bytes(size)),))
        for size in (63, 64, 4095, 4096, 8191, 8192, 1 << 20)
    ]

    assert by_us(many) == by_the_library(many)
    assert by_us(large) == by_the_library(large)


@given(st.lists(messages, min_size=1, max_size=20))
def test_the_library_reads_back_what_was_written(sent: list[Outgoing]) -> None:
    (batch,) = MemoryRecords(by_us(sent))

    assert batch.validate_crc()
    assert [(each.offset, each.timestamp) for each in batch] == [
        (number, NOW_MS) for number in range(len(sent))
    ]


def test_a_header_without_a_value_and_a_message_without_anything_are_written_as_empty() -> None:
    nothing = Outgoing("order.frozen", None, None, (("name", None),))

    assert encode(nothing) == encode(Outgoing("order.frozen", None, b"", (("name", b""),)))


@pytest.mark.parametrize(
    ("name", "sent"),
    [("caf\xe9", "caf\xe9"), ("caf\udce9", "caf\\xe9"), ("\udcff\udcfe", "\\xff\\xfe")],
)
def test_what_is_not_utf8_in_the_name_of_a_header_is_written_out(name: str, sent: str) -> None:
    def with_header(name: str) -> bytes:
        found: Headers = ((name, b"value"),)
        return encode(Outgoing("order.frozen", b"order-1", b"value", found))

    assert with_header(name) == with_header(sent)


@given(st.integers(min_value=0, max_value=2**31 - 1))
def test_a_length_takes_seven_bits_a_byte(number: int) -> None:
    written = varint(number)

    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(written)) == 2 * number
    assert [byte >> 7 for byte in written] == [1] * (len(written) - 1) + [0]
