"""Is what a person does told first, done once, with a reason, and written down?"""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.integration.conftest import SetClock
from tests.integration.mending import FailingCodec, with_codec
from tests.ops.scene import TOKEN, Unpublished

KEY = re.compile(r'name="form_key" value="([^"]+)"')
IDS = re.compile(r'name="id" value="([^"]+)"')


@pytest.fixture
def refused(marketplace: Unpublished, clock: SetClock, database: Database) -> None:
    """A verdict that a bug has refused, and two messages that are no events."""
    marketplace.happen(order_disputed(), mediator_assigned())
    marketplace.publish_all()
    verdict = marketplace.deliveries.of(verdict_issued())
    with_codec(database, clock, FailingCodec()).handle([verdict])
    marketplace.handle(
        *(marketplace.deliveries.of_bytes("verdict.issued", junk) for junk in (b"a", b"b"))
    )


def form_key(client: TestClient) -> str:
    (key, *_) = KEY.findall(client.get("/dead-letters").text)
    return str(key)


def ask(client: TestClient, where: str, **said: Any) -> Any:
    return client.post(f"/dead-letters/{where}", data={"form_key": form_key(client), **said})


def actions(client: TestClient) -> list[Any]:
    return list(client.get("/audit.json").json()["actions"])


@pytest.mark.usefixtures("refused")
def test_a_dry_run_tells_what_comes_of_it_and_writes_nothing(ana: TestClient) -> None:
    told = ask(ana, "prepare", deed="replay", topic="verdict.issued", reason="bug")

    assert told.status_code == 200
    assert "Nothing was written" in told.text
    assert "100.00 EUR" in told.text
    assert actions(ana) == []
    assert ana.get("/outbox.json").json()["outbox"]["count"] == 3  # the mirrors alone


@pytest.mark.usefixtures("refused")
def test_what_was_shown_is_done_with_its_reason_and_by_whom(ana: TestClient) -> None:
    shown = ask(ana, "prepare", deed="replay", topic="verdict.issued", reason="bug")
    ids = IDS.findall(shown.text)

    done = ask(ana, "perform", deed="replay", id=ids, why="the bug  is mended")
    again = ask(ana, "perform", deed="replay", id=ids, why="once more")

    assert "1 applied" in done.text
    assert "1 already done" in again.text
    (action,) = actions(ana)
    assert (action["action"], action["done_by"], action["why"]) == (
        *("REPLAYED", "ana (console)", "the bug is mended"),
    )
    assert ana.get("/case.json?order=order-1").json()["closed"] is True


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("why", ["", "   "])
def test_nothing_is_done_without_a_reason(ana: TestClient, why: str) -> None:
    ids = IDS.findall(ask(ana, "prepare", deed="discard", reason="unknown_framing").text)

    answer = ask(ana, "perform", deed="discard", id=ids, why=why)

    assert answer.status_code == 422
    assert "A reason is needed" in answer.text
    assert IDS.findall(answer.text) == ids
    assert actions(ana) == []


@pytest.mark.usefixtures("refused")
def test_what_is_discarded_can_be_restored(ana: TestClient) -> None:
    ids = IDS.findall(ask(ana, "prepare", deed="discard", reason="unknown_framing").text)
    assert len(ids) == 2

    ask(ana, "perform", deed="discard", id=ids, why="a load test")
    assert ana.get("/dead-letters.json?status=DISCARDED").json()["groups"][0]["count"] == 2
    back = ask(ana, "prepare", deed="restore", reason="unknown_framing")
    assert IDS.findall(back.text) == ids
    done = ask(ana, "perform", deed="restore", id=ids, why="no, it was not")

    assert "2 restored" in done.text
    assert len(actions(ana)) == 4


@pytest.mark.usefixtures("refused")
def test_the_next_letter_that_comes_is_not_touched(
    ana: TestClient, marketplace: Unpublished
) -> None:
    ids = IDS.findall(ask(ana, "prepare", deed="discard", reason="unknown_framing").text)
    marketplace.handle(marketplace.deliveries.of_bytes("verdict.issued", b"c"))

    ask(ana, "perform", deed="discard", id=ids, why="these two")

    (group,) = [
        each
        for each in ana.get("/dead-letters.json").json()["groups"]
        if each["reason"] == "unknown_framing"
    ]
    assert group["count"] == 1


@pytest.mark.parametrize("deed", ["prepare", "perform"])
@pytest.mark.usefixtures("refused")
def test_nobody_acts_without_signing_in(visitor: TestClient, reader: TestClient, deed: str) -> None:
    said = {"deed": "replay", "reason": "bug", "why": "because"}

    for client in (visitor, reader):
        headers = {"Origin": "http://127.0.0.1:9470", "Authorization": f"Bearer {TOKEN}"}
        assert client.post(f"/dead-letters/{deed}", data=said, headers=headers).status_code == 403
    assert actions(reader) == []


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("key", ["", "x", "\u00e9"])
def test_a_form_of_another_session_does_nothing(ana: TestClient, key: str) -> None:
    said = {"form_key": key, "deed": "replay", "reason": "bug", "why": "because"}

    assert ana.post("/dead-letters/perform", data=said).status_code == 403
    assert actions(ana) == []


@pytest.mark.parametrize(
    "said",
    [
        {"deed": "drop"},
        {},
        {"deed": "replay", "id": "not-an-id"},
        {"deed": "replay", "id": [f"00000000-0000-0000-0000-{n:012}" for n in range(201)]},
    ],
    ids=["unknown", "none", "no id", "too many"],
)
def test_what_is_no_form_of_ours_is_refused(ana: TestClient, said: dict[str, Any]) -> None:
    assert ask(ana, "perform", **said).status_code == 400
