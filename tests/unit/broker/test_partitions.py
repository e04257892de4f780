"""Does a key go to the partition that every other client would choose for it?"""

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as library_murmur2

from consumers.broker.partitions import murmur2, partition_of


@given(st.binary(max_size=80))
def test_the_hash_is_that_of_the_library(key: bytes) -> None:
    assert murmur2(key) == library_murmur2(key)


def test_the_hash_is_that_of_the_java_client() -> None:
    of_its_own_tests = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }

    assert {key: murmur2(key) for key in of_its_own_tests} == {
        key: hashed & 0xFFFFFFFF for key, hashed in of_its_own_tests.items()
    }


def test_the_highest_bit_of_the_hash_does_not_count() -> None:
    assert partition_of(0x80000003, [0, 1, 2, 3, 4]) == partition_of(3, [0, 1, 2, 3, 4]) == 3
