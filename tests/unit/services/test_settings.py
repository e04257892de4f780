"""How are settings read, and what is said when they cannot be used?"""

from datetime import timedelta

import pytest

from services.errors import SettingsError
from services.settings import load_settings


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("MEDIATION_"):
            monkeypatch.delenv(name)


def test_with_nothing_configured_the_embedded_parts_are_meant() -> None:
    settings = load_settings()

    assert settings.kafka_bootstrap_servers is None
    assert settings.database_url is None
    assert settings.parking_limit == timedelta(days=7)


def test_a_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIATION_BATCH_SIZE", "7")

    assert load_settings().batch_size == 7


def test_a_variable_may_be_written_small_and_says_nothing_if_it_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("mediation_members", "3")
    monkeypatch.setenv("MEDIATION_BATCH_SIZE", "")

    settings = load_settings(relay_batch_size=5)

    assert settings.members == 3
    assert settings.named == {"members", "relay_batch_size"}


def test_all_errors_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIATION_BATCH_SIZE", "none")
    monkeypatch.setenv("MEDIATION_FLOOD_LIMIT", "2")
    monkeypatch.setenv("MEDIATION_DATABASE_URL", "mysql://root:secret@db/x")

    with pytest.raises(SettingsError) as error:
        load_settings()

    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in sorted(lines)] == [
        "MEDIATION_BATCH_SIZE",
        "MEDIATION_DATABASE_URL",
        "MEDIATION_FLOOD_LIMIT",
    ]
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["mysql://root:hunter2@db/x", "no url: hunter2", "postgresql://me:hunter2@[db/x"]
)
def test_an_address_that_cannot_be_one_is_refused_without_its_words(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MEDIATION_DATABASE_URL", url)

    with pytest.raises(SettingsError, match="MEDIATION_DATABASE_URL: the database URL") as error:
        load_settings()

    assert "hunter2" not in str(error.value)


def test_sasl_without_a_user_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIATION_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")

    with pytest.raises(SettingsError, match="also needs MEDIATION_KAFKA_SASL_MECHANISM"):
        load_settings()


def test_a_contradiction_is_reported_together_with_a_setting_that_is_wrong_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDIATION_BATCH_SIZE", "0")
    monkeypatch.setenv("MEDIATION_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")

    with pytest.raises(SettingsError) as error:
        load_settings()

    first, second = str(error.value).splitlines()
    assert first.startswith("MEDIATION_BATCH_SIZE: ")
    assert "also needs MEDIATION_KAFKA_SASL_MECHANISM" in second


def test_a_secret_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIATION_DATABASE_URL", "postgresql://me:hunter2@db/x")
    monkeypatch.setenv("MEDIATION_KAFKA_SASL_PASSWORD", "hunter2")

    assert "hunter2" not in repr(load_settings())


def test_a_backoff_that_shrinks_is_an_error() -> None:
    with pytest.raises(SettingsError, match="MEDIATION_BACKOFF_MAX"):
        load_settings(backoff_initial=10, backoff_max=1)
