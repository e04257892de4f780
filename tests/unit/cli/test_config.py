"""Are secrets kept, and is a mistyped setting noticed?"""

import pytest

from consumers.cli.config import masked, shown, unknown_settings
from services.fields import SecretStr


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("postgresql://user:secret@host:5432/db", "postgresql://user:********@host:5432/db"),
        (
            "postgresql://host/db?user=u&password=secret",
            "postgresql://host/db?user=u&password=********",
        ),
        ("https://:secret@registry:8081/x", "https://:********@registry:8081/x"),
        ("postgresql://user:se@cret@host/db", "postgresql://user:********@host/db"),
        ("https://registry:8081", "https://registry:8081"),
        ("postgresql://user@host/db?host=/a&port=1", "postgresql://user@host/db?host=/a&port=1"),
    ],
)
def test_a_password_in_an_address_is_masked(address: str, safe: str) -> None:
    assert masked(address) == safe


def test_a_secret_that_is_no_address_is_masked_whole() -> None:
    assert shown(SecretStr("hunter2")) == "********"


def test_a_secret_address_shows_all_but_its_password() -> None:
    assert shown(SecretStr("postgresql://u:secret@h/db")) == "postgresql://u:********@h/db"


def test_a_mistyped_setting_is_named_with_the_one_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIATION_DATABSE_URL", "x")

    assert unknown_settings()["MEDIATION_DATABSE_URL"] == "MEDIATION_DATABASE_URL"
