"""Is every log line one JSON object that says which process wrote it?"""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from consumers.logs import configure_logging
from services.settings import load_settings


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    library = logging.getLogger("kafka")
    level, propagate, handlers = library.level, library.propagate, library.handlers
    yield
    library.setLevel(level)
    library.propagate, library.handlers = propagate, handlers
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What stands on standard error, and nothing on standard output."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_a_line_is_a_json_object_that_names_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(), process="relay")

    structlog.get_logger().warning("retrying", attempt=3, error="two\nlines")

    (line,) = lines(capsys)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "process": "relay",
        "level": "warning",
        "event": "retrying",
        "attempt": 3,
        "error": "two\nlines",
    }


def test_a_line_says_which_thread_of_the_process_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(), process="order-disputed")

    member = threading.Thread(target=structlog.get_logger().warning, args=["hi"], name="member-2")
    member.start()
    member.join()

    assert [line.get("thread") for line in lines(capsys)] == ["member-2"]


class Terminal(io.StringIO):
    """Looks like one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("chosen", "is_json"), [("auto", False), ("console", False), ("json", True)]
)
def test_lines_on_a_terminal_are_for_people_unless_the_settings_say_otherwise(
    chosen: str, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    configure_logging(load_settings(log_format=chosen), process="relay")

    structlog.get_logger().warning("retrying")

    assert terminal.getvalue().startswith("{") == is_json


def test_an_exception_is_told_by_its_kind_and_its_place_and_so_is_what_caused_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(load_settings(), process="relay")
    said = "something secret"
    try:
        try:
            int(said)
        except ValueError as error:
            raise LookupError(said) from error
    except LookupError:
        structlog.get_logger().exception("bug")

    (line,) = lines(capsys)
    told = str(line["exception"])
    assert told.index("builtins.ValueError") < told.index("builtins.LookupError")
    assert "test_logs.py" in told
    assert "secret" not in told.replace('"something secret"', "")


def test_what_is_below_the_level_of_the_settings_is_not_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(load_settings(log_level="error"), process="relay")

    structlog.get_logger().warning("retrying")

    assert lines(capsys) == []


def test_a_warning_of_the_library_that_is_repeated_is_passed_on_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(load_settings(), process="relay")
    library = logging.getLogger("kafka.client")

    for port in (1, 2):
        library.warning("node %s is away", port)
    library.warning("something else")
    library.info("nothing of note")

    said = [(line["process"], line["logger"], line["said"]) for line in lines(capsys)]
    assert said == [
        ("relay", "kafka.client", "node 1 is away"),
        ("relay", "kafka.client", "something else"),
    ]
