"""Is everything there that the documentation names: files, commands, settings?"""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from consumers.cli.app import app
from services.settings import DESCRIPTIONS, PREFIX, SECRETS
from tests.architecture.documents import anchors, code, commands, documents, links, text_of
from tests.architecture.tree import ROOT, relative

PAGES = [pytest.param(path, id=relative(path)) for path in documents()]
EACH_PAGE = pytest.mark.parametrize("path", PAGES)

PROJECT_PATH = re.compile(r"(?:schemas|services|consumers|tests|docs|deploy)/[\w./-]*")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
OF_THE_TESTS = {f"{PREFIX}TEST_KAFKA_BOOTSTRAP_SERVERS"}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@EACH_PAGE
def test_every_link_inside_the_project_leads_to_a_file_and_its_heading(path: Path) -> None:
    inside = [link for link in links(text(path)) if "://" not in link]

    for link in inside:
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(text(target)), link


@EACH_PAGE
def test_every_path_that_is_named_exists(path: Path) -> None:
    named = [each for each in code(text(path)) if PROJECT_PATH.fullmatch(each)]

    assert [each for each in named if not (ROOT / each).exists()] == []


@EACH_PAGE
def test_every_command_that_is_shown_exists_with_its_options(path: Path) -> None:
    for arguments in commands(text(path), "mediation"):
        command, rest = _resolved(arguments)
        options = {name for each in command.params for name in each.opts} | {"-h", "--help"}
        unknown = [word for word in rest if word.startswith("-") and word not in options]
        assert unknown == [], arguments
        assert not hasattr(command, "commands") or not rest, arguments


@EACH_PAGE
def test_every_make_target_that_is_shown_exists(path: Path) -> None:
    targets = set(TARGET.findall(text_of("Makefile")))

    shown = {arguments[0] for arguments in commands(text(path), "make")}

    assert {word for word in shown if "=" not in word} - targets == set()


@EACH_PAGE
def test_every_setting_that_is_named_exists(path: Path) -> None:
    settings = {f"{PREFIX}{name.upper()}" for name in DESCRIPTIONS}
    settings |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}

    named = set(re.findall(rf"{PREFIX}[A-Z_]+", text(path)))

    assert named - settings - OF_THE_TESTS == set()


def _resolved(arguments: list[str]) -> tuple[Any, list[str]]:
    """The command that these arguments lead to, and what is left of them."""
    command: Any = get_command(app)
    rest = list(arguments)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    return command, rest
