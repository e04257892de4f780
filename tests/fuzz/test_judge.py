"""Would the fuzzer notice? Codecs with one fault each, against the values that are kept."""

from io import BytesIO
from time import thread_time
from typing import Any

import pytest
from fastavro import schemaless_reader

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.errors import ContractError
from schemas.events import Event, MediatorAssigned
from schemas.reasons import Reason
from schemas.topics import Topic
from tests.builders import mediator_assigned
from tests.fuzz.corpus import Entry, read_corpus
from tests.fuzz.judge import Judge, ViolationError
from tests.fuzz.memory import Memory, peak
from tests.fuzz.targets import Target, as_data, target_and_value

CORPUS = read_corpus()


class Credulous(Codec):
    """Believes what fastavro reads."""

    def decode_record(self, topic: str, value: bytes | None) -> dict[str, Any]:
        try:
            return super().decode_record(topic, value)
        except ContractError as error:
            if value is None or error.reason not in (Reason.NOT_CANONICAL, Reason.TRAILING_BYTES):
                raise
            schema = contract(Topic(topic)).current.writer.schema
            start = 10 if value.startswith(b"\xc3") else 5
            found = schemaless_reader(BytesIO(value[start:]), schema, None)
            assert isinstance(found, dict)
            return found


class Careless(Codec):
    """Lets the decoder's own errors out."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        try:
            return super().decode(topic, value)
        except ContractError as error:
            if error.reason is Reason.UNDECODABLE:
                raise EOFError from error
            raise


class Confused(Codec):
    """Takes one mediator for another."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        event = super().decode(topic, value)
        return mediator_assigned() if isinstance(event, MediatorAssigned) else event


class Squeamish(Codec):
    """Refuses what ends with a zero, as most verdicts do."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        if value and value.endswith(b"\0"):
            raise ContractError(Reason.NOT_CANONICAL, "It ends with a zero.")
        return super().decode(topic, value)


class Forgetful(Codec):
    """Digests the event before the last one."""

    _before = b""

    def digest(self, event: Event) -> bytes:
        self._before, said = super().digest(event), self._before
        return said


class Wordless(Codec):
    """Gives the right reason, and does not explain it."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        try:
            return super().decode(topic, value)
        except ContractError as error:
            raise ContractError(error.reason, "") from None


class Slow(Codec):
    """Takes its time."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        until = thread_time() + 0.051
        while thread_time() < until:
            pass
        return super().decode(topic, value)


FAULTS = {
    Credulous: "the codec says",
    Careless: "EOFError",
    Confused: "and the reference",
    Squeamish: "the codec says not_canonical, and the reference",
    Forgetful: "without its coders",
    Wordless: "without its coders",
    Slow: "decoding took 5",
}


@pytest.mark.parametrize("codec", FAULTS, ids=lambda codec: codec.__name__)
def test_the_kept_values_find_the_fault(codec: type[Codec]) -> None:
    judge = Judge(codec)

    with pytest.raises(ViolationError, match=FAULTS[codec]):
        for each in CORPUS:
            judge.judge(each.target, each.value)


def test_growing_memory_is_noticed() -> None:
    memory = Memory(warm_up=1_000)

    memory.look(1_000)
    hoard = bytearray(peak() + 100 * 2**20)

    with pytest.raises(ViolationError, match="the memory grew by"):
        memory.look(2_000)
    assert len(hoard) > 0


def test_a_line_of_the_corpus_says_all_that_is_needed_to_see_a_value_again() -> None:
    entry = Entry(Target("verdict.issued", registry=True), "undecodable", b"\xc3\x01")

    assert str(entry) == "verdict.issued registry undecodable c301"
    assert target_and_value(as_data(entry.target, entry.value)) == (entry.target, entry.value)
