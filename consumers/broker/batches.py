"""Record batches that are filled at once, in the place of the library's record by record.

kafka-python makes a dozen objects a record: that, and not the network, was what a relay waited for.
What takes the library's place here is little: the bytes of a record, and one count of
acknowledgements in the place of a future a record. Sequence numbers, checksums, requests, retries
and the splitting of what is too large stay the library's own. Tests compare the bytes to its bytes.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecordsBuilder

from services.messages import Outgoing

HEADER_BYTES: int = DefaultRecordBatchBuilder.HEADER_STRUCT.size
RECORD_OVERHEAD: int = DefaultRecordBatchBuilder.MAX_RECORD_OVERHEAD
Batches = Sequence[Sequence[bytes]]

_MAGIC = 2
_UNCOMPRESSED = 0
_NULL = b"\x01"
_SEVEN_BITS = 0x7F


def _varint(number: int) -> bytes:
    """A length, or an offset, as Kafka writes it: zigzag, seven bits a byte, lowest first."""
    left = number << 1
    written = bytearray()
    while left > _SEVEN_BITS:
        written.append(left & _SEVEN_BITS | 0x80)
        left >>= 7
    written.append(left)
    return bytes(written)


_SHORT = tuple(map(_varint, range(4096)))


def varint(number: int) -> bytes:
    """`number` as Kafka writes it; not negative."""
    return _SHORT[number] if number < len(_SHORT) else _varint(number)


def encode(message: Outgoing) -> bytes:
    """The record of `message`, as far as it does not depend on its place in a batch.

    A header has a value, and a message has a key or a value: what is None is written as empty.
    """
    key, value = message.key, message.value
    if value is None and key is None:
        value = b""
    parts = [_NULL] if key is None else [varint(len(key)), key]
    parts += (_NULL,) if value is None else (varint(len(value)), value)
    parts.append(varint(len(message.headers)))
    for name, given in message.headers:
        named = name.encode() if name.isascii() else _utf8(name)
        content = given or b""
        parts += (varint(len(named)), named, varint(len(content)), content)
    return b"".join(parts)


def deliver(
    client: Any, placed: Mapping[TopicPartition, Batches], now_ms: int, seconds: float
) -> None:
    """Hand the batches of each partition to `client`, and return once all are acknowledged.

    Nothing of a partition follows a batch that failed. The library has one batch of a partition on
    its way at a time, and on the first failure of all it is told to give up what it has not sent.

    Raises:
        KafkaError: at least one was not acknowledged; any of them may have been.
    """
    accumulator = client._accumulator
    records = sum(len(batch) for batches in placed.values() for batch in batches)
    missing = _Missing(records, accumulator.abort_undrained_batches)
    for partition, batches in placed.items():
        for encoded in batches:
            batch = ProducerBatch(partition, filled(encoded, now_ms))
            batch._record_futures = [missing] * len(encoded)
            missing.wait_for(batch.produce_future, len(encoded))
            with accumulator._tp_lock(partition):
                accumulator._batches[partition].append(batch)
                accumulator._incomplete.add(batch)
    client._sender.wakeup()
    missing.wait(seconds)


def filled(records: Sequence[bytes], now_ms: int) -> Any:
    """The library's batch, as if each of `records` had been added to it at `now_ms`."""
    batch = MemoryRecordsBuilder(_MAGIC, _UNCOMPRESSED, HEADER_BYTES)  # no room: it is full
    builder = batch._builder
    parts: list[bytes] = []
    for offset, record in enumerate(records):
        place = b"\x00\x00" + varint(offset)  # no attributes, no time since the first record
        parts += (varint(len(place) + len(record)), place, record)
    builder._buffer += b"".join(parts)
    builder._first_timestamp = builder._max_timestamp = now_ms
    builder._num_records = batch._next_offset = len(records)
    builder._last_offset = len(records) - 1
    return batch


class _Missing:
    """How many records are not acknowledged yet; also stands in for the future of each of them.

    The library settles each batch once, in its own thread. When it splits one, it settles the
    parts in its place, and says so by `rebind`, record by record. Left to itself it would go on
    after a part that failed, with the next of the same partition: so the first failure of all
    gives up what has not been sent.
    """

    def __init__(self, records: int, give_up: Callable[[BaseException], None]) -> None:
        self._records = records
        self._give_up = give_up
        self._failure: BaseException | None = None
        self._settled = threading.Event()

    def wait_for(self, future: Any, records: int) -> None:
        """Once `future` is settled, so are so many more records."""
        future.add_callback(self._settle, records)

    def rebind(self, future: Any, _index: int) -> None:
        """One record is settled by this future now, and never by the one before."""
        self.wait_for(future, 1)

    def _settle(self, records: int, result: tuple[Any, Any, Any]) -> None:
        *_, failure_of = result
        self._records -= records
        if failure_of is not None and self._failure is None:
            self._failure = failure_of(0)
            self._give_up(self._failure)
        if self._records == 0:
            self._settled.set()

    def wait(self, seconds: float) -> None:
        """Return once all are acknowledged. Raises `KafkaError` if one is not."""
        if not self._settled.wait(seconds):
            raise KafkaTimeoutError(f"{self._records} records not acknowledged in {seconds} s")
        if self._failure is not None:
            raise self._failure


def _utf8(name: str) -> bytes:
    """A header's name as others can read it: what is not UTF-8 in it is written out."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace").encode()
