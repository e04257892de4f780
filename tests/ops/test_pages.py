"""Does each page tell what is so, to people and to programs?"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from consumers.bootstrap import release
from consumers.ops.app import create_app
from consumers.ops.bootstrap import make_console, make_observer
from services.settings import load_settings
from services.storage.database import Database
from tests.builders import event_id, mediator_assigned, order_disputed, verdict_issued
from tests.integration.conftest import SetClock
from tests.ops.scene import Unpublished, pending

PAGES = ("/", "/disputes", "/dead-letters", "/outbox", "/audit")
TWINS = {page: f"{page}.json" for page in PAGES} | {"/": "/overview.json"}
LINK = re.compile(r'(?:href|action)="([^"]+)"')


def json_of(client: TestClient, path: str, **parameters: str) -> Any:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_database_says_so(reader: TestClient, page: str) -> None:
    answer = reader.get(page)

    assert answer.status_code == 200
    assert "<h1>" in answer.text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("busy")
def test_a_page_and_its_twin_are_the_same_data(reader: TestClient, page: str) -> None:
    by_name = json_of(reader, TWINS[page])
    by_header = reader.get(page, headers={"Accept": "application/json"}).json()

    assert by_name == by_header


@pytest.mark.usefixtures("busy")
def test_the_overview_tells_who_waits_how_long(reader: TestClient) -> None:
    said = json_of(reader, "/overview.json")

    waiting = said["waiting"]
    assert waiting["disputes"] == sum(waiting["by_age"].values())
    assert (waiting["broken"], waiting["by_age"]["36h_48h"]) == (1, 2)
    assert waiting["at_risk"] == 6
    longest = said["waiting_longest"]
    assert longest[0]["promise"]["standing"] == "broken"
    assert [each["opened_at"] for each in longest] == sorted(e["opened_at"] for e in longest)
    assert said["consumers"][2]["lag"]["messages"] == 3
    assert said["outbox"]["count"] > 0
    assert said["newest"][0]["order_id"] == "ORD-2026-40912"


@pytest.mark.usefixtures("busy")
def test_what_the_broker_has_not_said_is_unknown(reader: TestClient, clock: SetClock) -> None:
    clock.advance(seconds=1)
    assert "for" in reader.get("/").text
    clock.advance(minutes=5)

    assert {each["lag"] for each in json_of(reader, "/overview.json")["consumers"]} == {None}
    assert "unknown" in reader.get("/").text


@pytest.mark.parametrize("show", ["waiting", "at-risk", "in-mediation", "resolved"])
@pytest.mark.usefixtures("busy")
def test_every_list_is_read_to_its_end_a_page_at_a_time(reader: TestClient, show: str) -> None:
    seen: list[str] = []
    for page in pages(reader, "/disputes.json", show=show):
        seen += [each["dispute_id"] for each in page["disputes"]]

    assert len(seen) == len(set(seen))
    states = {"in-mediation": "IN_MEDIATION", "resolved": "RESOLVED"}
    assert seen
    first = json_of(reader, "/disputes.json", show=show)["disputes"]
    assert {each["state"] for each in first} == {states.get(show, "OPEN")}


def test_a_long_list_has_a_next_page(reader: TestClient, marketplace: Unpublished) -> None:
    marketplace.happen(
        *(order_disputed(order_id=f"order-{n}", dispute_id=f"dispute-{n}") for n in range(120))
    )

    lengths = [len(page["disputes"]) for page in pages(reader, "/disputes.json")]

    assert lengths == [50, 50, 20]


def test_an_order_is_found_by_any_of_its_ids(reader: TestClient, marketplace: Unpublished) -> None:
    dispute = order_disputed(order_id="order/1 2", dispute_id="d?1")
    assigned = mediator_assigned(order_id="order/1 2", dispute_id="d?1")
    verdict = verdict_issued(order_id="order/1 2", dispute_id="d?1")
    marketplace.happen(dispute, assigned, verdict)
    case = json_of(reader, "/case.json", order="order/1 2")

    for asked in (
        *("order/1 2", "d?1", str(verdict.event_id)),
        case["disputes"][0]["settlements"]["refund"],
    ):
        answer = reader.get("/search", params={"q": f" {asked} "})
        assert answer.headers["location"] == "/case?order=order%2F1+2"

    assert reader.get("/search", params={"q": "order"}).headers["location"] == "/disputes?q=order"
    (found,) = json_of(reader, "/disputes.json", q="order")["found"]
    assert (found["id"], found["exact"]) == ("order/1 2", False)
    assert json_of(reader, "/disputes.json", q=str(event_id("of nobody")))["found"] == []


def test_a_case_is_the_whole_story(
    reader: TestClient, marketplace: Unpublished, database: Database
) -> None:
    marketplace.happen(order_disputed())
    marketplace.publish_all()
    marketplace.happen(mediator_assigned(), verdict_issued(), verdict_issued(name="again"))

    said = json_of(reader, "/case.json", order="order-1")
    shown = reader.get("/case", params={"order": "order-1"}).text

    assert [each["outcome"] for each in said["timeline"]] == ["applied"] * 3 + ["rejected"]
    assert [each["offset"] for each in said["timeline"]] == [0, 0, 0, 1]
    assert said["promises"]["dispute-1"]["standing"] == "met within 48 h"
    assert len(said["unpublished"]) == pending(database)
    *effects, mirror = said["unpublished"]
    assert (mirror["topic"], mirror["effect_id"]) == ("verdict.issued.dead-letter", None)
    told = [each["effect_id"] for each in said["effects"]]
    assert [each["effect_id"] for each in effects] == told[2:]
    for words in ("100.00 EUR", "partition 0, offset 1", "verdict_final", "not published yet"):
        assert words in shown


def test_what_is_not_there_is_not_found(reader: TestClient) -> None:
    for path in (
        "/case?order=nobody",
        "/case?order=%00",
        "/case",
        f"/dead-letters/{event_id('x')}",
    ):
        assert reader.get(path).status_code == 404
    assert reader.get("/nowhere").status_code == 404
    assert reader.get("/dead-letters/not-an-id").status_code == 404


@pytest.mark.usefixtures("busy")
def test_a_link_that_names_no_place_is_the_first_page(reader: TestClient) -> None:
    for after in ("x", "2026-01-01_d", "2026-01-01T00:00:00+00:00_", "_", "9" * 400, "\0", "-1"):
        for path in ("/disputes", "/dead-letters", "/outbox", "/audit?before=" + "7" * 30):
            assert reader.get(path, params={"after": after}).status_code == 200


@pytest.mark.usefixtures("busy")
def test_letters_are_told_by_reason_and_one_by_one(reader: TestClient) -> None:
    groups = json_of(reader, "/dead-letters.json")["groups"]

    for group in groups:
        chosen = {"topic": group["topic"], "reason": group["reason"]}
        listed = json_of(reader, "/dead-letters.json", **chosen)["letters"]
        assert len(listed) == group["count"]
        assert {each["reason"] for each in listed} == {group["reason"]}
        for each in listed:
            one = json_of(reader, f"/dead-letters/{each['dead_letter_id']}.json")
            assert (one["fields"] is None) != (one["why_not_decoded"] is None)
            shown = reader.get(f"/dead-letters/{each['dead_letter_id']}").text
            assert "00000" in shown
    assert json_of(reader, "/dead-letters.json", status="DISCARDED")["groups"][0]["count"] == 1


@pytest.mark.usefixtures("busy")
def test_money_that_is_not_published_is_told_first(reader: TestClient) -> None:
    money = json_of(reader, "/outbox.json")["money"]

    assert [each["topic"] for each in money] == ["refund.requested", "payout.requested"]
    assert money[0]["amount"] == "99.00 EUR"
    assert "99.00 EUR" in reader.get("/outbox").text


@pytest.mark.usefixtures("busy")
def test_the_audit_says_who_did_what_and_why(reader: TestClient) -> None:
    done = json_of(reader, "/audit.json")["actions"]

    assert [each["action"] for each in done] == [
        *("RESTORED", "DISCARDED", "REPLAY_FAILED", "DISCARDED"),
    ]
    assert done[2]["why"] == "is it mended?"


@pytest.mark.usefixtures("busy")
def test_every_link_of_every_page_leads_somewhere(reader: TestClient) -> None:
    seen, todo = set[str](), ["/"]
    while todo and len(seen) < 150:
        path = todo.pop()
        if path in seen or path.startswith("#"):
            continue
        seen.add(path)
        answer = reader.get(path)
        assert answer.status_code in {200, 303}, path
        if "html" in answer.headers.get("content-type", ""):
            todo += [each.replace("&amp;", "&") for each in LINK.findall(answer.text)]

    assert len(seen) > 60


def test_a_database_that_is_away_is_a_page(reader: TestClient, database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO events_elsewhere")

    answer = reader.get("/")

    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_health_and_readiness_and_metrics(visitor: TestClient, database: Database) -> None:
    assert visitor.get("/healthz").text == "ok\n"
    assert visitor.get("/readyz").status_code == 200
    assert visitor.get("/metrics").status_code == 200
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    assert visitor.get("/readyz").status_code == 503


def test_the_metrics_say_which_version_the_console_is(empty_database_url: str) -> None:
    settings = load_settings(
        database_url=empty_database_url, kafka_bootstrap_servers="127.0.0.1:1", ops_token=None
    )
    console = make_console(settings, make_observer(settings).registry)

    with TestClient(create_app(console), base_url="http://127.0.0.1") as client:
        text = client.get("/metrics").text

    assert f'mediation_build_info{{process="ops",version="{release()}"}} 1.0' in text


def pages(client: TestClient, path: str, **parameters: str) -> Iterator[Any]:
    """Each page of a list, up to the last one."""
    page = json_of(client, path, **parameters)
    yield page
    while page["next"] is not None:
        page = json_of(client, path, **parameters, after=page["next"])
        yield page
