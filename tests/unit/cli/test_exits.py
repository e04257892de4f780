"""With which code, and which words, does a command end?"""

import pytest
import typer

from consumers.cli.exits import code_of, translated
from consumers.errors import EmbeddedPartFailedError, EmbeddedPartMissingError, ProblemFoundError
from services.errors import (
    BrokerAccessError,
    BrokerUnavailableError,
    DatabaseAccessError,
    DatabaseUnavailableError,
    FloodError,
    MediationError,
    RefusedError,
    RegistryUnavailableError,
    SchemaVersionError,
    SettingsError,
    StorageError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProblemFoundError("x"), 1),
        (FloodError("x"), 1),
        (StorageError("x"), 1),
        (SettingsError("x"), 2),
        (DatabaseUnavailableError("x"), 3),
        (BrokerUnavailableError("x"), 3),
        (RegistryUnavailableError("x"), 3),
        (EmbeddedPartMissingError("embedded broker", ImportError("x")), 3),
        (EmbeddedPartFailedError("x"), 3),
        (RefusedError("x"), 4),
        (DatabaseAccessError("x"), 4),
        (BrokerAccessError("x"), 4),
        (SchemaVersionError("x"), 4),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_every_branch_of_the_error_tree_has_its_code(error: MediationError, code: int) -> None:
    assert code_of(error) == code


def ended_by(error: BaseException) -> object:
    with pytest.raises(SystemExit) as ended, translated():
        raise error
    return ended.value.code


def test_an_error_of_ours_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = ended_by(RefusedError("that is forbidden"))

    assert code == 4
    assert capsys.readouterr().err == "error: that is forbidden\n"


def test_every_bad_setting_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    ended_by(SettingsError("A: wrong\nB: wrong too"))

    assert capsys.readouterr().err == "error: A: wrong\n       B: wrong too\n"


def test_a_bug_is_one_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEDIATION_LOG_LEVEL", raising=False)

    code = ended_by(KeyError("surprise"))

    said = capsys.readouterr().err
    assert code == 1
    assert said.startswith("error: this is a bug: KeyError: 'surprise'")
    assert said.count("\n") == 1


def test_debugging_shows_where_a_bug_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIATION_LOG_LEVEL", "debug")

    ended_by(KeyError("surprise"))

    assert "Traceback" in capsys.readouterr().err


def test_escape_sequences_in_an_error_are_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    ended_by(ProblemFoundError("order \x1b[31mred\x1b[0m"))

    assert capsys.readouterr().err == "error: order \\x1b[31mred\\x1b[0m\n"


def test_what_typer_says_itself_is_left_to_typer() -> None:
    with pytest.raises(typer.BadParameter), translated():
        raise typer.BadParameter("no such thing")


def test_a_file_that_cannot_be_written_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    code = ended_by(OSError(5, "Input/output error"))

    assert code == 1
    assert capsys.readouterr().err == "error: [Errno 5] Input/output error\n"
