"""A release after this one, made in a directory of its own: two contracts have a newer version.

Rule: it differs from this release by what docs/contracts.md#evolution allows, and by no more: a
field with a default in `order.disputed.v2`, and a symbol of an enum in `verdict.issued.v2`.
"""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.codec import Codec
from schemas.topics import Topic
from tests.faults.load import Load
from tests.faults.stories import Letter, Story
from tests.faults.upgrade_releases import PARTS, Release, this_release

_FIELD = {"name": "opened_via", "type": "string", "doc": "Where it was opened.", "default": ""}
_KINDS_BEFORE = '"OFF_PLATFORM"'
_SYMBOL = "VIDEO_CALL"
_READS_IT = {
    '    OFF_PLATFORM = "OFF_PLATFORM"\n': f'    {_SYMBOL} = "{_SYMBOL}"\n',
    "    commission_minor: int = 0\n": '    opened_via: str = ""\n',
    '        commission_minor=fields.amount("commission_minor", default=0),\n': (
        '        opened_via=fields.text("opened_via"),\n'
    ),
}
_NEWS: dict[str, dict[str, Any]] = {
    Topic.ORDER_DISPUTED: {"opened_via": "app"},
    Topic.VERDICT_ISSUED: {"evidence": [{"kind": _SYMBOL, "reference": "call-1"}]},
}
"""What an event of a newer version says that no older one could."""


def next_release(directory: Path) -> Release:
    """This release, with newer versions of two contracts."""
    tree = directory / "next"
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(this_release().tree / part, tree / part, ignore=ignored)
    disputed = json.loads(_contract(tree, Topic.ORDER_DISPUTED, 1).read_text())
    disputed["fields"].append(_FIELD)
    _contract(tree, Topic.ORDER_DISPUTED, 2).write_text(json.dumps(disputed))
    verdict = _contract(tree, Topic.VERDICT_ISSUED, 1).read_text()
    newer = _replaced(verdict, _KINDS_BEFORE, f'{_KINDS_BEFORE}, "{_SYMBOL}"')
    _contract(tree, Topic.VERDICT_ISSUED, 2).write_text(newer)
    events = tree / "schemas" / "events.py"
    source = events.read_text()
    for before, more in _READS_IT.items():
        source = _replaced(source, before, before + more)
    events.write_text(source)
    return Release("N+1", tree)


class MovingLoad(Load):
    """A load whose publishers move on to the newer contracts: `share` of the orders, when asked.

    Only orders of which nothing must be refused, and with one dispute: a first verdict that comes
    back from the dead letters must not have been overtaken by a second one.
    """

    def __init__(self, seed: int, release: Release) -> None:
        super().__init__(seed)
        self.share = 0.0
        self.moved: set[UUID | None] = set()
        self._release = release
        self._said_newly: dict[UUID | None, bool] = {}

    def __iter__(self) -> Any:
        for letter in super().__iter__():
            yield self._as_published(letter)

    def _as_published(self, letter: Letter) -> Letter:
        story = self._story(letter)
        if story is None or letter.topic not in _NEWS:
            return letter
        moves = Random(story.order_id).random() < self.share
        anew = self._said_newly.setdefault(letter.event_id, moves)
        if not moves:
            return letter
        self.moved.add(letter.event_id)
        newer = replace(letter, value=self._newer(letter, _NEWS[letter.topic] if anew else {}))
        if anew:
            told = story.letters
            story.letters = [newer if each.event_id == letter.event_id else each for each in told]
        return newer

    def _story(self, letter: Letter) -> Story | None:
        """The story of a letter, if nothing but good comes of it."""
        if letter.refused or letter.event_id is None or letter.key is None:
            return None
        story = self.stories[int(letter.key.decode().rpartition("-")[2])]
        simple = len(story.disputes) == 1 and not any(each.refused for each in story.letters)
        return story if simple else None

    def _newer(self, letter: Letter, news: dict[str, Any]) -> bytes:
        """The same event in the newer version, with `news` in it; else it says the same."""
        schema = json.loads(_contract(self._release.tree, letter.topic, 2).read_text())
        return single_object(schema, Codec().decode_record(letter.topic, letter.value) | news)


def single_object(schema: dict[str, Any], record: dict[str, Any]) -> bytes:
    """Avro's single-object encoding, by fastavro alone."""
    crc = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
    return b"\xc3\x01" + bytes.fromhex(crc) + body_of(schema, record)


def body_of(schema: dict[str, Any], record: dict[str, Any]) -> bytes:
    """A record as Avro's body, by fastavro alone."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), record)
    return body.getvalue()


def _contract(tree: Path, topic: str, version: int) -> Path:
    return tree / "schemas" / "avro" / f"{topic}.v{version}.avsc"


def _replaced(text: str, before: str, after: str) -> str:
    assert text.count(before) == 1, f"{before!r} stands there {text.count(before)} times"
    return text.replace(before, after)
