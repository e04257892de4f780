"""Does it work for a person in front of a real browser: any id, any screen, few clicks?"""

from collections.abc import Iterator

import pytest

from services.settings import load_settings
from services.storage.database import Database
from tests.absent import absent
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.eventually import eventually
from tests.integration.conftest import SetClock
from tests.ops.browser import NoBrowserError, Tab, chromium
from tests.ops.scene import TOKEN, Unpublished, console_on
from tests.ops.serving import served

pytestmark = pytest.mark.slow

PAGES = (
    *("/", "/disputes", "/disputes?show=resolved", "/disputes?q=ORD"),
    *("/case?order=ORD-2026-40912", "/case?order=nobody", "/dead-letters"),
    *("/dead-letters?status=DISCARDED", "/outbox", "/audit", "/nowhere", "/sign-in"),
)
HOSTILE = (
    "<script>document.body.dataset.hit=1</script>",
    "\"'><img src=x onerror=document.body.dataset.hit=1>",
    "x" * 64,
    "{{7*7}}&amp;%00%0a../..",
    "javascript:document.body.dataset.hit=1",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    try:
        with chromium() as tab:
            yield tab
    except NoBrowserError as reason:
        absent(str(reason), "REQUIRE_CHROMIUM")


@pytest.fixture
def address(database: Database, clock: SetClock) -> Iterator[str]:
    with served(console_on(database, clock)) as address:
        yield address


@pytest.fixture
def tab(browser: Tab, address: str) -> Iterator[Tab]:
    """A tab in which somebody has signed in; no page may have complained by the end."""
    browser.complaints.clear()
    browser.screen(1280, 900)
    browser.go(f"{address}/sign-in")
    browser.js(f"document.querySelector('#name').value = 'ana'; token.value = '{TOKEN}'")
    browser.click(".stack button")
    yield browser
    browser.go("about:blank")
    answers = [each for each in browser.complaints if "status of 4" not in each]
    assert answers == []


def text(tab: Tab) -> str:
    return str(tab.js("document.body.innerText"))


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.usefixtures("busy")
def test_every_page_fits_its_screen_and_breaks_no_policy(
    tab: Tab, address: str, width: int
) -> None:
    wide = []
    for dark in (False, True):
        tab.screen(width, 800, dark=dark)
        for page in PAGES:
            tab.go(address + page)
            wide += [] if tab.js("document.documentElement.scrollWidth <= innerWidth") else [page]
            assert tab.js("!!document.querySelector('h1')"), page

    assert wide == []


def test_a_violation_of_the_policy_would_be_noticed(tab: Tab, address: str) -> None:
    tab.js("document.body.append(Object.assign(document.createElement('style'), {}))")
    tab.js("document.body.setAttribute('style', 'color: red')")

    assert any("style" in each for each in tab.complaints)
    tab.complaints.clear()


def test_hostile_ids_and_reasons_are_shown_and_not_executed(
    tab: Tab, address: str, marketplace: Unpublished, clock: SetClock
) -> None:
    for number, hostile in enumerate(HOSTILE):
        ids = {"order_id": hostile, "dispute_id": f"{number}{hostile}"[:64]}
        marketplace.happen(
            order_disputed(**ids, buyer_id=hostile, seller_id=f"s{hostile}"[:64]),
            mediator_assigned(**ids, mediator_id=f"m{hostile}"[:64]),
            verdict_issued(
                **ids, mediator_id=f"m{hostile}"[:64], reasons=f"{hostile} \u05d0\u202eb"
            ),
        )
    junk = marketplace.deliveries.of_bytes("verdict.issued", b"<script>", key=b"<b>")
    marketplace.handle(junk, marketplace.deliveries.of_bytes("verdict.issued", b"\0\n\r"))
    tab.screen(375, 800)
    for page in ("/", "/disputes?show=resolved", "/dead-letters", "/outbox"):
        tab.go(address + page)
        assert_harmless(tab)
    for hostile in HOSTILE:
        tab.go(f"{address}/disputes")
        tab.js(f"document.querySelector('#search').value = {hostile!r}")
        tab.click(".search button")
        assert tab.js("location.pathname") == "/case"
        assert hostile in text(tab)
        assert_harmless(tab)
        tab.go(f"{address}/disputes?q={'%3Cscript%3E' + 'y' * 20}")
        assert_harmless(tab)
    tab.go(f"{address}/case?order=x{'%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'}%E2%80%AE%0A")
    assert "\\u202e\\n" in text(tab)
    assert_harmless(tab)


def assert_harmless(tab: Tab) -> None:
    assert tab.js("document.body.dataset.hit") is None
    assert tab.js("document.querySelectorAll('main img, main script').length") == 0
    assert tab.js("document.documentElement.scrollWidth <= innerWidth"), tab.js("location.href")


@pytest.mark.usefixtures("busy")
def test_the_story_of_an_order_is_one_click_away(tab: Tab, address: str) -> None:
    tab.go(address)
    tab.js("document.querySelector('#search').value = 'DSP-6988'")
    tab.click(".search button")

    for words in ("ORD-2026-40912", "partial refund", "99.00 EUR", "met within 48 h", "offset"):
        assert words in text(tab)


@pytest.mark.usefixtures("busy")
def test_who_waits_longest_is_seen_at_once(tab: Tab, address: str) -> None:
    tab.go(address)

    first = tab.js("document.querySelector('.cards tbody tr').innerText")
    assert "ORD-2026-41177" in first
    assert "broken" in first


@pytest.mark.usefixtures("busy")
def test_a_group_is_replayed_with_three_clicks(tab: Tab, address: str) -> None:
    tab.go(address)
    tab.click("nav a[href='/dead-letters']")
    tab.click("button[value=replay]")
    assert "Nothing was written" in text(tab)
    tab.js("why.value = 'is it mended?'")
    tab.click("form[action='/dead-letters/perform'] button")

    assert "2 still failing" in text(tab)
    tab.click("main a[href='/audit']")
    assert "ana (console)" in text(tab)


@pytest.mark.usefixtures("busy")
def test_why_an_event_was_refused_is_three_clicks_away(tab: Tab, address: str) -> None:
    tab.go(address)
    tab.click("nav a[href='/dead-letters']")
    tab.click("main a[href*='reason=refund_out_of_range']")
    tab.click("main a[href^='/dead-letters/']")

    assert "must be above 0 and below the price" in text(tab)
    assert "PARTIAL_REFUND" in text(tab)


@pytest.mark.usefixtures("busy")
def test_whether_money_is_stuck_is_one_click_away(tab: Tab, address: str) -> None:
    tab.go(address)
    tab.click("main a[href='/outbox']")

    assert "99.00 EUR" in text(tab)
    assert "no relay is at work" in text(tab)


def test_the_overview_is_live_and_can_be_paused(
    tab: Tab, address: str, marketplace: Unpublished
) -> None:
    tab.go(address)
    assert "Nobody waits" in text(tab)
    tab.js("document.querySelector('[data-live] button').click()")
    assert tab.js("document.querySelector('[data-live] button').ariaPressed") == "true"
    tab.js("document.querySelector('[data-live] button').click()")

    marketplace.happen(order_disputed(order_id="just-now"))

    eventually(lambda: "just-now" in text(tab), timeout=20, message="the overview would move")
    buttons = "document.querySelectorAll('[data-live] button').length"
    eventually(lambda: tab.js(buttons) == 1, message="it would be offered again, once")


def test_a_live_page_whose_session_is_over_asks_to_sign_in(
    tab: Tab, address: str, clock: SetClock
) -> None:
    tab.go(address)

    clock.advance(hours=13)

    where = "location.pathname"
    eventually(lambda: tab.js(where) == "/sign-in", timeout=20, message="it would ask")


@pytest.mark.usefixtures("busy")
def test_what_is_typed_is_searched_at_once(tab: Tab, address: str) -> None:
    tab.go(f"{address}/disputes")
    tab.js("q.value = 'ORD-2026-4117'; q.dispatchEvent(new Event('input', {bubbles: true}))")

    eventually(lambda: "Found for" in text(tab), message="it would be searched")
    assert "ORD-2026-41177" in text(tab)
    assert "ORD-2026-41190" not in text(tab)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(tab: Tab, address: str) -> None:
    tab.go(address)
    press(tab, "Tab")
    assert tab.js("document.activeElement.className") == "skip"
    seen = "document.activeElement.getBoundingClientRect().top >= 0"
    eventually(lambda: tab.js(seen), message="the link would slide into sight")
    reached = []
    for _ in range(9):
        press(tab, "Tab")
        assert tab.js("getComputedStyle(document.activeElement).outlineStyle") != "none"
        reached.append(tab.js("document.activeElement.innerText || document.activeElement.id"))

    assert reached == [
        *("Mediation", "Overview", "Disputes", "Dead letters", "Outbox", "Audit"),
        *("search", "Find", "Sign out"),
    ]


def press(tab: Tab, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        tab.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=9)


def test_the_address_is_where_the_settings_say() -> None:
    settings = load_settings()

    assert (settings.ops_host, settings.ops_port) == ("127.0.0.1", 9470)
