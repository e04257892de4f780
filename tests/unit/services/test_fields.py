"""How is a text read as a setting, and what is said of one that cannot be?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from services.fields import Field, SecretStr, descriptions, read


def _even(value: int) -> None:
    if value % 2:
        raise ValueError("expected an even number")


@dataclass(frozen=True)
class Model:
    plain: str = Field("said nowhere", description="any text")
    path: Path | None = Field(None, description="a file")
    number: int = Field(7, ge=1, le=9, description="a whole number")
    even: int | None = Field(None, description="an even number", check=_even)
    share: float = Field(0.5, gt=0, le=1, description="a share")
    choice: Literal["this", "that"] | None = Field(None, description="one of two")
    secret: SecretStr | None = Field(None, min_length=4, description="a password")
    told: str = "no setting"


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("plain", " any text ", " any text "),
        ("path", "/a/b", Path("/a/b")),
        ("path", None, None),
        ("number", "9", 9),
        ("number", 1, 1),
        ("even", "4", 4),
        ("share", "1", 1.0),
        ("share", "1e-3", 0.001),
        ("choice", "that", "that"),
        ("secret", "four", SecretStr("four")),
        ("secret", SecretStr("four"), SecretStr("four")),
    ],
)
def test_a_text_is_read_as_the_type_of_its_setting(name: str, said: object, meant: object) -> None:
    values, wrong = read(Model, {name: said})

    assert (values, wrong) == ({name: meant}, {})
    assert type(values[name]) is type(meant)


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("number", "seven", "expected a whole number"),
        ("number", "7.5", "expected a whole number"),
        ("number", "0", "must be at least 1"),
        ("number", 10, "must be at most 9"),
        ("even", "3", "expected an even number"),
        ("share", "half", "expected a number"),
        ("share", "0", "must be above 0"),
        ("share", "inf", "must be at most 1"),
        ("share", "nan", "must be above 0 and at most 1"),
        ("choice", "other", "expected one of this, that"),
        ("secret", "odd", "must be of at least 4 characters"),
    ],
)
def test_what_is_wrong_is_said_without_the_value(name: str, said: object, why: str) -> None:
    assert read(Model, {name: said}) == ({}, {name: why})


def test_all_that_is_wrong_is_said_at_once_beside_what_is_right() -> None:
    said = {"number": "0", "share": "2", "plain": "good"}

    values, wrong = read(Model, said)

    assert values == {"plain": "good"}
    assert set(wrong) == {"number", "share"}


def test_what_is_no_setting_is_not_read_or_described() -> None:
    assert read(Model, {"told": "x", "unknown": "y"}) == ({}, {})
    assert "told" not in descriptions(Model)
    assert descriptions(Model)["path"] == "a file"


def test_a_secret_shows_itself_only_when_asked_by_name() -> None:
    secret = SecretStr("hunter2")

    assert "hunter2" not in f"{secret} {secret!r} {Model(secret=secret)}"
    assert secret.get_secret_value() == "hunter2"
    assert secret == SecretStr("hunter2")
    assert secret != SecretStr("hunter3")
    assert len({secret, SecretStr("hunter2")}) == 1
