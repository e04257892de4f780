"""Does everyone install the same bytes, from wherever they get them?"""

import re
import tomllib

import pytest

from tests.architecture.tree import ROOT

FILES = ("requirements.txt", "requirements-dev.txt")
PEERS = ("bench/requirements.txt", "bench/requirements-quix.txt")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;]+)")


def pins(file: str) -> dict[str, str]:
    """Name to version of every requirement of a file."""
    found = (PIN.match(line) for line in (ROOT / file).read_text().splitlines())
    return {normal(match["name"]): match["version"] for match in found if match}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*lists: list[str]) -> set[str]:
    """The names in lists of requirements as pyproject.toml writes them."""
    return {normal(re.split(r"[\[><=!~; ]", word)[0]) for words in lists for word in words}


@pytest.mark.parametrize("file", [*FILES, *PEERS])
def test_every_requirement_is_pinned_with_hashes(file: str) -> None:
    words = (ROOT / file).read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", words)

    assert all(PIN.match(entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("file", [*FILES, *PEERS])
def test_no_requirement_comes_with_an_address(file: str) -> None:
    words = (ROOT / file).read_text()

    assert not re.search(r"https?:|file:|--index|--extra-index|--find-links| @ ", words)


def test_the_pins_cover_what_pyproject_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = declared(
        project["project"]["dependencies"], project["project"]["optional-dependencies"]["embedded"]
    )

    assert runtime - set(pins("requirements.txt")) == set()
    development = declared(
        project["dependency-groups"]["dev"], project["project"]["optional-dependencies"]["otel"]
    )
    assert development - set(pins("requirements-dev.txt")) == set()


def test_what_traces_is_shipped_to_nobody_who_did_not_ask_for_it() -> None:
    shipped = set(pins("requirements.txt"))

    assert not {name for name in shipped if name.startswith("opentelemetry")}


@pytest.mark.parametrize(("group", "file"), [("bench", PEERS[0]), ("bench-quix", PEERS[1])])
def test_the_pins_of_the_peers_cover_their_group_and_what_we_need_ourselves(
    group: str, file: str
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = declared(project["project"]["dependencies"], project["dependency-groups"][group])

    assert needed - set(pins(file)) == set()


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    development = pins("requirements-dev.txt")

    assert {
        name: (version, development.get(name))
        for name, version in pins("requirements.txt").items()
        if development.get(name) != version
    } == {}
