"""Takes the pictures of the console that the documentation shows: `python -m tests.screenshots`.

Rule: the pictures are of a scene that is the same every time, so that they change when the console
does.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from consumers.bootstrap import PROCESSES
from consumers.embedded import EmbeddedDatabase
from services.storage import browsing, outbox, schema
from services.storage.database import Database
from services.storage.dead_letters import Choice, Status
from tests.integration.conftest import SetClock
from tests.ops.browser import Tab, chromium
from tests.ops.pictures import with_a_palette
from tests.ops.scene import NOW, TOKEN, console_on, play
from tests.ops.serving import served

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MOST_BYTES = 150_000


@contextmanager
def at_work(url: str) -> Iterator[None]:
    """Sessions at the database as the four processes have them."""
    with ExitStack() as sessions:
        for name in PROCESSES:
            session = sessions.enter_context(
                psycopg.connect(url, autocommit=True, application_name=f"mediation-{name}")
            )
        session.execute(
            "SELECT pg_advisory_lock(%s, slot) FROM generate_series(0, %s) AS slot",
            [outbox.LOCK_SPACE, outbox.SLOTS - 1],
        )
        yield


@contextmanager
def scene() -> Iterator[tuple[str, str]]:
    """A console with everything in it: its address, and a dead letter that is worth a look."""
    with (
        tempfile.TemporaryDirectory(prefix="mediation-") as directory,
        EmbeddedDatabase(Path(directory)) as server,
        closing(Database(server.url)) as database,
    ):
        clock = SetClock()
        schema.upgrade(database)
        play(database, clock)
        clock.now = NOW - timedelta(seconds=7)  # when the lag was read
        console = console_on(database, clock)
        clock.now = NOW
        with database.transaction() as connection:
            choice = Choice(topic="verdict.issued", status=Status.OPEN)
            letters = browsing.letters_of(connection, choice, limit=50)
        letter = next(row for row in letters if row.order_id is not None)
        with at_work(server.url), served(console) as address:
            yield address, str(letter.dead_letter_id)


def sign_in(tab: Tab, address: str) -> None:
    """As a person does."""
    tab.go(f"{address}/sign-in")
    tab.js(f"document.querySelector('#name').value = 'ana'; token.value = '{TOKEN}'")
    tab.click(".stack button")


def shots(letter: str) -> Iterator[tuple[str, str, int, int, bool]]:
    """Each picture: its name, its page, the screen's size, and whether it is dark."""
    yield "overview", "/", 1240, 1320, False
    yield "overview-dark", "/", 1240, 1080, True
    yield "overview-small", "/", 375, 1100, False
    yield "disputes", "/disputes?show=at-risk", 1280, 640, False
    yield "case", "/case?order=ORD-2026-40912", 1240, 1000, False
    yield "case-small", "/case?order=ORD-2026-40912", 375, 1100, True
    yield "dead-letters", "/dead-letters", 1240, 900, False
    yield "dead-letter", f"/dead-letters/{letter}", 1240, 1000, False
    yield "outbox", "/outbox", 1280, 900, False
    yield "audit", "/audit", 1280, 560, True


def main() -> None:
    """Take all of them."""
    IMAGES.mkdir(exist_ok=True)
    with scene() as (address, letter), chromium() as tab:
        sign_in(tab, address)
        for name, page, width, height, dark in shots(letter):
            tab.screen(width, height, dark=dark)
            tab.go(address + page)
            _keep(name, tab)
        tab.screen(1280, 760)
        tab.go(f"{address}/dead-letters/{letter}")
        tab.click("button[value=replay]")
        _keep("dry-run", tab)


def _keep(name: str, tab: Tab) -> None:
    picture = with_a_palette(tab.picture())
    assert len(picture) < MOST_BYTES, f"{name} has {len(picture)} bytes"
    (IMAGES / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
