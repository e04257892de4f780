"""Does the doctor see what is well and what is not?"""

from typing import Any

import pytest

from tests.e2e.commands import Dev, Mediation

CHECKS = {
    *("settings", "broker", "topics", "database", "schema"),
    *("order-disputed", "mediator-assigned", "verdict-issued", "relay"),
    *("outbox", "parked events", "dead letters"),
}

pytestmark = pytest.mark.slow


def failing(examined: Any) -> dict[str, str]:
    """The failed checks and what fixes them."""
    return {each["check"]: each["fix"] for each in examined if each["status"] == "FAIL"}


def test_a_running_stack_is_well(dev: Dev) -> None:
    ended = dev.mediation("doctor", "-o", "json")

    assert {each["check"] for each in ended.json} == CHECKS
    assert set(failing(ended.json)) <= {"dead letters"}  # other tests may have brought some
    assert ended.code == (1 if failing(ended.json) else 0)


def test_without_a_stack_it_says_what_to_start(alone: Mediation) -> None:
    ended = alone("doctor")

    assert ended.code == 3
    assert ended.out.count("FAIL") == 2
    assert ended.out.count("fix: start `mediation dev`") == 2


def test_a_registry_that_does_not_answer_is_a_dependency_that_is_unreachable(dev: Dev) -> None:
    settings = {"schema_registry_url": "http://user:secret@127.0.0.1:1"}

    ended = Mediation(dev.mediation.data_dir, settings)("doctor", "-o", "json")

    assert ended.code == 3
    assert "registry" in failing(ended.json)
    assert "secret" not in ended.out


def test_a_database_without_tables_and_processes_is_not_well(
    dev: Dev, empty_database_url: str
) -> None:
    mediation = Mediation(dev.mediation.data_dir, {"database_url": empty_database_url})

    before = mediation("doctor", "-o", "json")
    mediation("db", "upgrade")
    after = mediation("doctor", "-o", "json")

    assert (before.code, after.code) == (1, 1)
    assert "mediation db upgrade" in failing(before.json)["schema"]
    assert set(failing(after.json)) == {
        *("order-disputed", "mediator-assigned", "verdict-issued", "relay"),
    }
    assert "`mediation run relay`" in failing(after.json)["relay"]


def test_settings_that_cannot_be_used_are_all_it_looks_at(alone: Mediation) -> None:
    ended = Mediation(alone.data_dir, {"batch_size": "0"})("doctor", "-o", "json")

    assert ended.code == 1
    assert [each["check"] for each in ended.json] == ["settings"]
