"""The Avro contracts of the topics, as they stand in `avro/<topic>.v<n>.avsc`.

Rule of this file: a version that was ever published stays, so that what was written with it can
still be read; the newest one is written, and is what every other is read as.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.strict import Writer
from schemas.topics import Topic

NAMESPACE: Final = "mediation"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the contract of a topic.

    Attributes:
        schema: the schema as it stands in its file, to be registered and shown.
        fingerprint: its CRC-64-AVRO, as the eight bytes that stand on the wire.
        writer: reads and writes the bodies of this version.
    """

    schema: dict[str, Any]
    fingerprint: bytes
    writer: Writer


@dataclass(frozen=True, slots=True)
class Contract:
    """What may be said on one topic, in all its versions by fingerprint."""

    topic: Topic
    current: Version
    versions: Mapping[bytes, Version]

    @property
    def record_name(self) -> str:
        """The full name of the record, like `mediation.OrderDisputed`."""
        return f"{NAMESPACE}.{self.current.schema['name']}"

    def oldest_body(self, record: dict[str, Any]) -> bytes:
        """Encode a record with the first version that can say all of it.

        A later version changes nothing in it, so it is the same in every release that knows it.
        """
        whole = self.current.writer.write(record)
        for version in self._older():
            with suppress(ValueError):  # a symbol that this version does not have
                body = version.writer.write(record)
                read = version.writer.resolve(body, self.current.writer)
                if self.current.writer.write(read) == whole:
                    return body
        return whole

    def _older(self) -> list[Version]:
        """The versions before the current one, oldest first."""
        return [version for version in self.versions.values() if version is not self.current]


@cache
def contract(topic: Topic) -> Contract:
    """The contract of `topic`, read from its files once."""
    prefix = f"{topic}.v"
    found = [file for file in (files("schemas") / "avro").iterdir() if file.name.startswith(prefix)]
    found.sort(key=lambda file: int(file.name.removeprefix(prefix).removesuffix(".avsc")))
    versions = [_version(file) for file in found]
    return Contract(topic, versions[-1], {version.fingerprint: version for version in versions})


def topic_of_fingerprint(wanted: bytes) -> Topic | None:
    """The topic to which the schema of this fingerprint belongs, if it is one of ours."""
    return next((topic for topic in Topic if wanted in contract(topic).versions), None)


def _version(file: Traversable) -> Version:
    schema = json.loads(file.read_text(encoding="utf-8"))
    crc = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
    return Version(schema, bytes.fromhex(crc), Writer(schema))
