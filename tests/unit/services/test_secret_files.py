"""Are secrets read from files, and is nothing of a file told that cannot be used?"""

from pathlib import Path

import pytest

from consumers.cli.config import unknown_settings
from services.errors import SettingsError
from services.settings import SECRETS, load_settings

MARK = "a-marked-secret-of-the-tests"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("MEDIATION_"):
            monkeypatch.delenv(name)


def test_every_secret_may_stand_in_a_file() -> None:
    assert set(SECRETS) == {
        *("database_url", "kafka_sasl_password", "schema_registry_password", "ops_token")
    }


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_is_what_stands_in_the_file_without_the_end_of_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str
) -> None:
    file = tmp_path / "token"
    file.write_bytes(f" {MARK} {end}".encode())
    monkeypatch.setenv("MEDIATION_OPS_TOKEN_FILE", str(file))

    settings = load_settings()

    assert settings.ops_token is not None
    assert settings.ops_token.get_secret_value() == f" {MARK} "
    assert unknown_settings() == {}


def test_an_address_in_a_file_is_checked_like_another_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "url"
    file.write_text(f"mysql://root:{MARK}@db/x\n")
    monkeypatch.setenv("MEDIATION_DATABASE_URL_FILE", str(file))

    with pytest.raises(SettingsError, match=r"MEDIATION_DATABASE_URL: .*only postgresql") as error:
        load_settings()

    assert MARK not in str(error.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff" + MARK.encode(), "is not text in UTF-8"),
        (MARK.encode() * 3000, "is too large"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("MEDIATION_KAFKA_SASL_PASSWORD_FILE", str(file))
    monkeypatch.setenv("MEDIATION_BATCH_SIZE", "none")

    with pytest.raises(SettingsError) as error:
        load_settings()

    first, second = str(error.value).splitlines()
    assert first.startswith("MEDIATION_KAFKA_SASL_PASSWORD_FILE: ")
    assert why in first
    assert second.startswith("MEDIATION_BATCH_SIZE: ")
    assert MARK not in str(error.value)


def test_a_secret_that_is_given_twice_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MEDIATION_OPS_TOKEN_FILE", str(tmp_path))
    monkeypatch.setenv("MEDIATION_OPS_TOKEN", MARK)

    with pytest.raises(SettingsError, match="set one of the two") as error:
        load_settings()

    assert MARK not in str(error.value)
