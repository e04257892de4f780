"""Does everything that can be said come back as it was said?"""

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.effects import Effect
from schemas.events import Event
from schemas.records import record_from
from schemas.topics import OUTBOUND
from tests.contract.facts import EFFECTS, EVENTS
from tests.registries import RegistryInMemory


@given(EVENTS)
def test_an_event_comes_back_from_single_object_encoding(event: Event) -> None:
    codec = Codec()

    assert codec.decode(event.topic, codec.encode(event)) == event


@given(EVENTS)
def test_an_event_comes_back_from_confluent_framing(event: Event) -> None:
    codec = Codec(RegistryInMemory())

    assert codec.decode(event.topic, codec.encode(event)) == event


@given(EVENTS)
def test_the_record_of_an_event_has_the_fields_of_its_schema(event: Event) -> None:
    record = record_from(event)

    assert [*record] == [field["name"] for field in contract(event.topic).current.schema["fields"]]


@given(st.one_of([*EFFECTS.values()]))
def test_an_effect_comes_back_as_its_record(effect: Effect) -> None:
    codec = Codec()

    read = codec.decode_record(effect.topic, codec.encode(effect))

    assert read == record_from(effect)
    assert [*read] == [*record_from(effect)]


def test_every_effect_has_a_topic_of_its_own() -> None:
    assert {kind.topic for kind in EFFECTS} == set(OUTBOUND)
    assert len(EFFECTS) == len(OUTBOUND)


@given(EVENTS, EVENTS)
def test_two_events_have_the_same_digest_only_if_they_say_the_same(a: Event, b: Event) -> None:
    codec = Codec()

    assert (codec.digest(a) == codec.digest(b)) == (a == b)


@given(EVENTS)
def test_the_framing_changes_nothing_in_the_digest(event: Event) -> None:
    codecs = [Codec(), Codec(RegistryInMemory())]

    digests = {codec.digest(codec.decode(event.topic, codec.encode(event))) for codec in codecs}

    assert digests == {Codec().digest(event)}
