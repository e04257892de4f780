"""Who is let in, who is obeyed, and what may run on a page?"""

import pytest
from starlette.testclient import TestClient

from consumers.ops.app import create_app
from consumers.ops.console import Console
from consumers.ops.sessions import LASTS, MOST, Sessions
from services.errors import SettingsError
from services.settings import load_settings
from tests.integration.conftest import SetClock
from tests.ops.conftest import HERE
from tests.ops.scene import TOKEN

PATHS = ("/", "/disputes", "/nowhere", "/static/console.css", "/healthz", "/sign-in")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_allows_our_own_files_and_nothing_else(visitor: TestClient, path: str) -> None:
    headers = visitor.get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9470", 200),
        ("localhost:9470", 200),
        ("[::1]:9470", 200),
        ("10.0.3.7:9470", 200),
        ("ops.example.com", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:9470", 421),
        ("x@127.0.0.1:9470", 421),
        ("127.0.0.1/..", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_it_answers_to_its_own_names_alone(console: Console, host: str, status: int) -> None:
    app = create_app(console, "https://ops.example.com")
    with TestClient(app, base_url=HERE) as client:
        for path in ("/healthz", "/metrics"):
            assert client.get(path, headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "site", "status"),
    [
        (HERE, None, 403),  # let in, and then not the token
        (HERE, "same-origin", 403),
        ("https://ops.example.com", "same-origin", 403),
    ],
)
def test_a_form_of_ours_is_read(
    console: Console, origin: str, site: str | None, status: int
) -> None:
    headers = {"Origin": origin} | ({"Sec-Fetch-Site": site} if site else {})
    app = create_app(console, "https://ops.example.com")
    with TestClient(app, base_url=HERE) as client:
        answer = client.post("/sign-in", data={"name": "a", "token": "x"}, headers=headers)

    assert answer.status_code == status
    assert "not the token" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9471"},
        {"Origin": HERE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": HERE, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_somebody_else_is_not_read(visitor: TestClient, headers: dict[str, str]) -> None:
    said = {"name": "ana", "token": TOKEN}

    answer = visitor.post("/sign-in", data=said, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_form_that_is_too_long_is_not_read(visitor: TestClient) -> None:
    said = {"name": "a" * 70_000}

    assert visitor.post("/sign-in", data=said, headers={"Origin": HERE}).status_code == 413


def test_with_a_token_nothing_is_read_without_it(visitor: TestClient) -> None:
    assert visitor.get("/case?order=a%26b").headers["location"] == (
        "/sign-in?next=%2Fcase%3Forder%3Da%2526b"
    )
    assert visitor.get("/overview.json").status_code == 401
    assert visitor.get("/search?q=x").status_code == 303
    by_program = {"Authorization": f"Bearer {TOKEN}"}
    assert visitor.get("/overview.json", headers=by_program).status_code == 200
    assert visitor.get("/", headers={"Authorization": "Bearer no"}).status_code == 303


def test_signing_in_and_out(visitor: TestClient) -> None:
    said = {"name": " ana\n ", "token": TOKEN, "next": "/audit?x=1"}
    answer = visitor.post("/sign-in", data=said, headers={"Origin": HERE})
    cookie = answer.headers["set-cookie"]

    assert answer.headers["location"] == "/audit?x=1"
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    page = visitor.get("/")
    assert page.status_code == 200
    assert ">ana<" in page.text
    key = page.text.partition('name="form_key" value="')[2].partition('"')[0]
    visitor.post("/sign-out", data={"form_key": "other"}, headers={"Origin": HERE})
    visitor.cookies.set("mediation_ops", cookie.partition("=")[2].partition(";")[0])
    assert visitor.get("/").status_code == 200, "another's form signs nobody out"
    visitor.post("/sign-out", data={"form_key": key}, headers={"Origin": HERE})
    visitor.cookies.set("mediation_ops", cookie.partition("=")[2].partition(";")[0])
    assert visitor.get("/").status_code == 303


@pytest.mark.parametrize("where", ["//evil.example", "/\\evil.example", "https://evil", "", "/\n/"])
def test_signing_in_leads_nowhere_else(visitor: TestClient, where: str) -> None:
    said = {"name": "ana", "token": TOKEN, "next": where}

    assert visitor.post("/sign-in", data=said, headers={"Origin": HERE}).headers["location"] == "/"


@pytest.mark.parametrize("name", ["", "  ", "\u202eana", "a\0b"])
def test_a_name_that_cannot_be_read_back_signs_nobody_in(visitor: TestClient, name: str) -> None:
    said = {"name": name, "token": TOKEN}

    assert visitor.post("/sign-in", data=said, headers={"Origin": HERE}).status_code == 403


def test_behind_tls_the_cookie_is_for_tls_alone(console: Console) -> None:
    from dataclasses import replace

    app = create_app(replace(console, secure=True), "https://ops.example.com")
    headers = {"Origin": "https://ops.example.com", "Host": "ops.example.com"}
    with TestClient(app, base_url=HERE, follow_redirects=False) as client:
        said = {"name": "ana", "token": TOKEN}
        cookie = client.post("/sign-in", data=said, headers=headers).headers["set-cookie"]

    assert cookie.startswith("__Host-mediation_ops=")
    assert "Secure" in cookie


def test_a_session_ends_by_itself_and_the_oldest_makes_room(clock: SetClock) -> None:
    sessions = Sessions(TOKEN, clock)
    every = [sessions.sign_in("ana", TOKEN) for _ in range(MOST + 1)]
    keys = [each.key for each in every if each is not None]

    assert sessions.find(keys[0]) is None
    assert sessions.find(keys[-1]) is every[-1]
    clock.advance(seconds=LASTS.total_seconds())
    assert sessions.find(keys[-1]) is None


def test_without_a_token_nobody_signs_in(clock: SetClock, reader: TestClient) -> None:
    assert Sessions(None, clock).sign_in("ana", "") is None
    assert "read-only" in reader.get("/").text
    assert "MEDIATION_OPS_TOKEN" in reader.get("/sign-in").text


@pytest.mark.parametrize(
    "said",
    [
        {"ops_host": "0.0.0.0"},  # noqa: S104 - this is what must be refused
        {"ops_host": "ops.internal"},
        {"ops_token": "short"},
        {"ops_url": "ops.example.com"},
        {"ops_url": "https://ops.example.com/console"},
    ],
)
def test_settings_that_are_not_safe_are_refused(said: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        load_settings(**said)


def test_it_listens_elsewhere_with_a_token() -> None:
    assert load_settings(ops_host="0.0.0.0", ops_token=TOKEN).ops_host == "0.0.0.0"  # noqa: S104
