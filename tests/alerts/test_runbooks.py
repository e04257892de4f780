"""Can somebody who is woken at three do what the runbooks say?"""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from services.storage import schema
from services.storage.database import Database
from tests.alerts import rulebook
from tests.alerts.naming import strangers
from tests.alerts.rulebook import RUNBOOKS
from tests.architecture.documents import blocks, links

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "What not to do"]
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.stem != "README")
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
WORDS = {"page": "*Pages.*", "ticket": "*A ticket.*"}


def lines_of(page: Path) -> list[str]:
    return page.read_text(encoding="utf-8").splitlines()


def test_every_runbook_is_of_an_alert() -> None:
    assert {page.stem for page in PAGES} == {alert.name for alert in rulebook.alerts()}


@EACH_PAGE
def test_every_runbook_has_the_same_five_parts(page: Path) -> None:
    headings = [line.removeprefix("## ") for line in lines_of(page) if line.startswith("## ")]

    assert lines_of(page)[0] == f"# {page.stem}"
    assert headings == SECTIONS


def test_the_index_and_the_pages_say_what_pages() -> None:
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    paging, tickets = re.split(r"\| Tickets", index.split("## ")[0])
    severity = {alert.name: alert.severity for alert in rulebook.alerts()}

    assert {link.removesuffix(".md") for link in links(paging)} - {
        "../../deploy/prometheus/alerts.yml"
    } == {name for name, how in severity.items() if how == "page"}
    assert {link.removesuffix(".md") for link in links(tickets)} == {
        name for name, how in severity.items() if how == "ticket"
    }
    assert {page.stem: lines_of(page)[2] for page in PAGES} == {
        name: WORDS[how] for name, how in severity.items()
    }


@EACH_PAGE
def test_every_query_names_what_is_declared(page: Path) -> None:
    queries = blocks(page.read_text(encoding="utf-8"), "promql")

    assert [strange for query in queries for strange in strangers(query)] == []


def test_every_statement_of_sql_runs_on_the_schema(empty_database_url: str) -> None:
    statements = [sql for page in PAGES for sql in blocks(page.read_text("utf-8"), "sql")]
    database = Database(empty_database_url)
    schema.upgrade(database)

    with database.transaction() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))
    database.close()

    assert statements
