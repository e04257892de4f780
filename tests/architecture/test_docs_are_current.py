"""Does the documentation say what the code does?"""

import pytest

from consumers.cli.lines import read_lines
from consumers.demo.scenarios import SCENARIOS
from schemas.codec import Codec
from schemas.contracts import contract
from schemas.events import VerdictDecision, VerdictIssued
from schemas.reasons import Reason
from schemas.topics import INBOUND, OUTBOUND, Topic, dead_letter_topic
from services.clock import system_clock
from services.envelope import MIRROR_LIMIT_BYTES, of_dead_letter, of_effect
from services.messages import Message
from services.rules.case import Case
from services.rules.contents import GROUNDS
from services.rules.decide import decide
from services.rules.diagram import rewritten, state_diagram, transition_table
from services.storage.refused import DeadLetter
from tests.architecture.documents import blocks, section, text_of
from tests.builders import order_disputed

REWRITE = "python -m services.rules.diagram docs/architecture.md docs/rules.md"
CONTRACTS = text_of("docs/contracts.md")


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/rules.md"])
def test_the_generated_parts_are_what_the_table_says(name: str) -> None:
    page = text_of(name)

    assert transition_table() in page, f"stale: run {REWRITE}"
    assert rewritten(page) == page, f"stale: run {REWRITE}"


def test_the_architecture_shows_the_life_of_a_dispute() -> None:
    assert state_diagram() in blocks(text_of("docs/architecture.md"), "mermaid")


def test_a_stale_part_is_written_anew_and_the_rest_is_left_alone() -> None:
    start, end = "<!-- generated: transition-table -->\n", "<!-- end of transition-table -->"

    page = rewritten(f"before\n{start}stale\n{end}\nafter\n")

    assert page == f"before\n{start}\n{transition_table()}\n{end}\nafter\n"


@pytest.mark.parametrize("topic", Topic)
def test_every_topic_has_its_schema_and_all_of_its_fields(topic: Topic) -> None:
    common = section(CONTRACTS, "## Outbound") if topic in OUTBOUND else ""
    said = section(CONTRACTS, f"### `{topic}`") + common
    version = contract(topic).current

    assert f"{topic}.v1.avsc" in said
    assert version.fingerprint.hex() in said
    assert [f["name"] for f in version.schema["fields"] if f"`{f['name']}`" not in said] == []


@pytest.mark.parametrize("topic", INBOUND)
def test_every_dead_letter_topic_is_named(topic: Topic) -> None:
    assert f"`{dead_letter_topic(topic)}`" in CONTRACTS


@pytest.mark.parametrize("topic", Topic)
def test_every_symbol_of_every_enum_is_named(topic: Topic) -> None:
    enums = [f["type"] for f in contract(topic).current.schema["fields"] if _is_enum(f["type"])]

    for enum in enums:
        symbols = ", ".join(f"`{symbol}`" for symbol in enum["symbols"])
        assert f"| `{enum['name']}` | {symbols} |" in CONTRACTS


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_code_is_described_with_what_to_do(reason: Reason) -> None:
    (row,) = [line for line in CONTRACTS.splitlines() if line.startswith(f"| `{reason}` |")]
    _, _, meaning, what_to_do, _ = (cell.strip() for cell in row.split("|"))

    assert meaning == reason.description
    assert what_to_do


def test_every_header_that_is_produced_is_named() -> None:
    event = order_disputed()
    cause = Message("order.disputed", 0, 0, 0, b"order-1", bytes(MIRROR_LIMIT_BYTES + 1))
    letter = DeadLetter(cause, "group", Reason.OVERSIZED, "too large", "Error", system_clock())
    (effect, *_) = decide(Case(event.order_id), event).effects

    produced = [*of_effect(effect, b"", cause).headers, *of_dead_letter(letter).headers]

    assert [name for name, _ in produced if f"| `{name}` |" not in CONTRACTS] == []


@pytest.mark.parametrize("decision", GROUNDS)
def test_every_decision_is_shown_with_its_grounds(decision: VerdictDecision) -> None:
    grounds = section(text_of("docs/rules.md"), "## Grounds")
    (row,) = [line for line in grounds.splitlines() if line.startswith(f"| `{decision}` |")]

    shown = {word.strip("` ") for word in row.split("|")[2].split(",")}

    assert shown == set(GROUNDS[decision])


def test_all_fourteen_rules_are_there_in_their_order() -> None:
    table = text_of("docs/rules.md").split("## ")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")]

    assert rows == ["| Rule", *(f"| {number}" for number in range(1, 15))]


def test_the_worked_example_is_shown_as_it_is_and_is_what_the_readme_says() -> None:
    example = text_of("docs/example.jsonl")

    events, bad = read_lines(example.encode().splitlines(), Codec())

    assert blocks(text_of("README.md"), "json") == [example]
    assert bad == []
    assert [event.topic for event in events] == [*INBOUND, VerdictIssued.topic]


def test_the_readme_knows_how_many_orders_the_demo_plays() -> None:
    assert f"`make demo` plays {len(SCENARIOS)} scripted orders" in text_of("README.md")


def _is_enum(kind: object) -> bool:
    return isinstance(kind, dict) and kind["type"] == "enum"
