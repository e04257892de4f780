"""Can a person bring dead letters back, or close them, and see later what was done?"""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import Codec
from schemas.events import VerdictDecision
from services.clock import system_clock
from services.mediation import Mediation as Consumer
from services.storage import schema
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.e2e.commands import Mediation
from tests.integration.mending import FailingCodec

pytestmark = pytest.mark.slow


@pytest.fixture
def mediation(tmp_path: Path, empty_database_url: str) -> Mediation:
    """The command line on a database with three dead letters.

    A verdict of a release with a bug, a second verdict that comes too late for the first one, and
    bytes that are no event.
    """
    deliveries = Deliveries()
    with closing(Database(empty_database_url)) as database:
        schema.upgrade(database)
        story = deliveries.all(order_disputed(), mediator_assigned())
        late = deliveries.of(verdict_issued(decision=VerdictDecision.PAY_SELLER))
        for codec, message in [
            *((Codec(), message) for message in story),
            (FailingCodec(), deliveries.of(verdict_issued())),
            (FailingCodec(), late),
            (Codec(), deliveries.of_bytes("verdict.issued", b"junk")),
        ]:
            store = PostgresStore(database)
            Consumer(store, codec, group="tests", clock=system_clock).handle([message])
    return Mediation(tmp_path, {"database_url": empty_database_url})


def listed(mediation: Mediation, *arguments: str) -> list[Any]:
    return list(mediation("dead-letters", "list", "-o", "json", *arguments).json)


def test_a_dry_run_and_then_the_replay_tell_the_same(mediation: Mediation) -> None:
    dry = mediation("dead-letters", "replay", "--dry-run", "-o", "json")
    wet = mediation("dead-letters", "replay", "-o", "json")
    again = mediation("dead-letters", "replay", "--reason", "bug", "--topic", "order.disputed")

    assert dry.json["letters"] == wet.json["letters"]
    assert wet.json["totals"] == {"applied": 1, "still failing": 1, "refused": 1}
    assert [each["reason"] for each in wet.json["letters"]] == [
        *(None, "verdict_final", "unknown_framing")
    ]
    assert wet.json["letters"][0]["money"][0]["amount"] == "100.00 EUR"
    assert (dry.code, wet.code) == (1, 1)
    assert (again.code, again.out) == (0, "no dead letters\n")


def test_one_that_is_named_is_replayed_alone_and_its_history_is_shown(
    mediation: Mediation,
) -> None:
    id_ = listed(mediation)[-1]["dead_letter_id"]

    done = mediation("dead-letters", "replay", "--id", id_)
    twice = mediation("dead-letters", "replay", "--id", id_)

    assert (done.code, twice.code) == (0, 0)
    assert done.out.startswith(f"applied        {id_}  verdict.issued  order-1")
    assert twice.out.startswith("already done")
    assert [each["dead_letter_id"] for each in listed(mediation, "--status", "replayed")] == [id_]
    (done_then,) = mediation("dead-letters", "show", id_, "-o", "json").json["history"]
    assert (done_then["action"], done_then["outcome"]) == ("REPLAYED", "applied")
    assert "REPLAYED" in mediation("dead-letters", "show", id_).out


def test_what_was_replayed_is_part_of_the_case(mediation: Mediation) -> None:
    mediation("dead-letters", "replay")

    case = mediation("case", "show", "order-1", "-o", "json").json
    page = mediation("case", "show", "order-1").out

    assert case["restrictions"]["reviews_blocked"]
    assert [each["outcome"] for each in case["replays"]] == ["applied", "rejected"]
    assert len(case["effects"]) == case["sequence"] == 7
    assert "replayed: applied" in page


def test_what_is_discarded_can_be_restored(mediation: Mediation) -> None:
    why = ("--why", "a load test")
    done = mediation("dead-letters", "discard", "--reason", "unknown_framing", *why)
    (letter,) = listed(mediation, "--status", "DISCARDED")
    named = ("--id", letter["dead_letter_id"])

    refused = mediation("dead-letters", "replay", *named)
    restored = mediation("dead-letters", "restore", *named, "-o", "json")

    assert (done.code, done.out.splitlines()[-1]) == (0, "1 discarded")
    assert (refused.code, refused.out.startswith("not open")) == (1, True)
    assert (restored.code, restored.json["totals"]) == (0, {"restored": 1})
    assert listed(mediation, "--status", "DISCARDED") == []


@pytest.mark.parametrize(
    "arguments",
    [
        *(("discard",), ("discard", "--why", "x"), ("discard", "--reason", "bug")),
        ("discard", "--reason", "bug", "--why", "  "),
        ("replay", "--id", "5b0c4f0e-6d0a-5c63-9f50-0d1c2ad0b3f7", "--reason", "bug"),
        *(("replay", "--id", "7"), ("replay", "--limit", "0"), ("restore",)),
    ],
)
def test_a_wrong_wish_is_a_matter_of_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = Mediation(tmp_path)("dead-letters", *arguments)

    assert ended.code == 2
    assert "Usage: mediation dead-letters" in ended.err


def test_a_letter_that_is_none_is_a_problem(mediation: Mediation) -> None:
    nobody = "5b0c4f0e-6d0a-5c63-9f50-0d1c2ad0b3f7"

    ended = mediation("dead-letters", "replay", "--id", nobody)

    assert (ended.code, ended.out.startswith(f"gone           {nobody}")) == (1, True)
