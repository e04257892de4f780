"""Is an event still the same event to a release that knows newer versions of its contract?"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from schemas.codec import Codec
from schemas.contracts import Contract, Version, contract
from schemas.readers import reader
from schemas.records import record_from
from schemas.strict import Writer
from schemas.topics import Topic
from schemas.writers import writer
from tests.builders import verdict_issued

NOW = contract(Topic.VERDICT_ISSUED).current
SAID = record_from(verdict_issued())


def with_newer(*schemas: dict[str, Any]) -> Contract:
    """The contract of verdicts as a later release may have it."""
    newer = [
        Version(schema, bytes([number] * 8), Writer(schema))
        for number, schema in enumerate(schemas)
    ]
    versions = {each.fingerprint: each for each in [NOW, *newer]}
    return Contract(Topic.VERDICT_ISSUED, newer[-1], versions)


def with_a_field() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(json.dumps(NOW.schema))
    field = {"name": "language", "type": "string", "default": "en"}
    schema["fields"].insert(-1, field)  # the array stays the last one
    return schema


def with_a_symbol() -> dict[str, Any]:
    text = json.dumps(NOW.schema)
    schema: dict[str, Any] = json.loads(text.replace('"OFF_PLATFORM"]', '"OFF_PLATFORM", "CALL"]'))
    return schema


def test_an_event_that_says_nothing_new_has_the_body_it_always_had() -> None:
    always = NOW.writer.write(SAID)

    assert with_newer(with_a_symbol()).oldest_body(SAID) == always
    assert with_newer(with_a_field()).oldest_body(SAID) == always
    assert with_newer(with_a_field()).oldest_body(SAID | {"language": "en"}) == always


def test_what_only_a_newer_version_can_say_makes_another_event() -> None:
    always = NOW.writer.write(SAID)
    field, symbol = with_newer(with_a_field()), with_newer(with_a_symbol())

    assert field.oldest_body(SAID | {"language": "fr"}) != always
    evidence = [{"kind": "CALL", "reference": "message-1"}]
    assert symbol.oldest_body(SAID | {"evidence": evidence}) != always


def test_what_a_version_can_say_is_written_with_it_whatever_comes_later() -> None:
    later = with_a_field()
    later["fields"].insert(-1, {"name": "room", "type": "string", "default": ""})
    french = SAID | {"language": "fr"}

    first, then = with_newer(with_a_field()), with_newer(with_a_field(), later)

    assert then.oldest_body(french) == first.oldest_body(french)


@pytest.fixture
def reordered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Contract]:
    """The contract of a release whose newest version has its first fields in another order."""
    schema = json.loads(json.dumps(NOW.schema))
    schema["fields"] = [*schema["fields"][4::-1], *schema["fields"][5:]]
    newer = with_newer(schema)
    for module in ("codec", "readers", "writers"):
        monkeypatch.setattr(f"schemas.{module}.contract", lambda _: newer)
    forget_the_coders()
    yield newer
    forget_the_coders()


def forget_the_coders() -> None:
    reader.cache_clear()
    writer.cache_clear()


def test_an_event_has_the_digest_it_always_had_in_whatever_version_it_comes(
    reordered: Contract,
) -> None:
    event, codec = verdict_issued(), Codec()
    before, now = NOW.writer.write(SAID), reordered.current.writer.write(SAID)
    headers = [b"\xc3\x01" + print_ for print_ in (NOW.fingerprint, reordered.current.fingerprint)]

    said = [header + body for header, body in zip(headers, (before, now), strict=True)]
    digests = [codec.digest(codec.decode(event.topic, value)) for value in said]

    assert before != now
    assert codec.encode(event) == said[1]
    assert digests == [sha256(b"verdict.issued\0" + before).digest()] * 2
