"""What may reach a terminal?"""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from consumers.cli.output import moment, show_json, show_table
from consumers.cli.visible import visible


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain", "plain"),
        ("Café, 日本, €", "Café, 日本, €"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("\x7f\x00", r"\x7f\x00"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(said: str, shown: str) -> None:
    assert visible(said) == shown


def test_json_keeps_the_text_and_writes_no_control_character(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = {"reasons": "\x1b[31m\x9b\u202e\n Café \ud800", "é\u2028": [1, None]}

    show_json(said)

    written = capsys.readouterr().out
    assert json.loads(written) == said
    assert all(character == "\n" or character.isprintable() for character in written)


def test_columns_are_as_wide_as_what_is_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["id", "count"], [("日本", 1), ("a\x1b", None), ("abcdef", True)])

    assert capsys.readouterr().out == "ID      COUNT\n日本    1\na\\x1b   -\nabcdef  yes\n"


def test_a_moment_is_shown_in_utc() -> None:
    paris = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1)))

    assert (
        moment(paris) == moment(datetime(2026, 3, 2, 9, tzinfo=UTC)) == "2026-03-02T09:00:00.000Z"
    )
