"""Do the small commands answer, and do all of them fail in one clear line?"""

import subprocess

import pytest

from tests.e2e.commands import COMMAND, Dev, Mediation
from tests.e2e.stories import as_lines, closed_case, partial_refund

NOWHERE = {
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "database_url": "postgresql://user:secret-password@127.0.0.1:1/db",
}

pytestmark = pytest.mark.slow


def test_the_version_is_said(alone: Mediation) -> None:
    assert alone("--version").out.startswith("mediation")


def test_a_command_that_is_none_is_a_matter_of_usage(alone: Mediation) -> None:
    assert alone("mediate").code == 2


def test_all_bad_settings_are_named_at_once(alone: Mediation) -> None:
    wrong = Mediation(alone.data_dir, {"batch_size": "many", "backoff_max": "-1"})

    ended = wrong("config", "show")

    assert ended.code == 2
    assert "MEDIATION_BATCH_SIZE" in ended.err
    assert "MEDIATION_BACKOFF_MAX" in ended.err


def test_the_configuration_is_shown_without_its_secrets(alone: Mediation) -> None:
    ended = Mediation(alone.data_dir, NOWHERE)("config", "show", "-o", "json")

    shown = {each["setting"]: each for each in ended.json}
    assert shown["MEDIATION_DATABASE_URL"]["value"] == "postgresql://user:********@127.0.0.1:1/db"
    assert shown["MEDIATION_DATABASE_URL"]["from"] == "environment"
    assert shown["MEDIATION_BATCH_SIZE"]["from"] == "default"
    assert "secret-password" not in ended.out


@pytest.mark.parametrize(
    "command",
    [
        *("case show x", "topics create", "run verdict-issued", "dev"),
    ],
)
def test_what_cannot_be_reached_is_said_in_one_line(alone: Mediation, command: str) -> None:
    ended = Mediation(alone.data_dir, NOWHERE)(*command.split())

    assert ended.code == 3
    assert ended.err.count("error: ") == 1
    assert ended.err.splitlines()[-1].startswith("error: ")
    assert "127.0.0.1" in ended.err
    assert "secret-password" not in ended.err


@pytest.mark.parametrize("command", ["case show x", "topics create", "run relay"])
def test_where_nothing_runs_it_is_said_what_to_start(alone: Mediation, command: str) -> None:
    ended = alone(*command.split())

    assert ended.code == 3
    assert ended.err.count("\n") == 1
    assert "start `mediation dev`" in ended.err


def test_a_database_without_tables_is_refused_until_it_is_upgraded(
    alone: Mediation, empty_database_url: str
) -> None:
    mediation = Mediation(alone.data_dir, {"database_url": empty_database_url})

    refused = mediation("case", "show", "x")
    first = mediation("db", "upgrade", "-o", "json")
    second = mediation("db", "upgrade", "-o", "json")
    answered = mediation("case", "show", "x")

    assert (refused.code, answered.code) == (4, 1)
    assert "run `mediation db upgrade`" in refused.err
    assert first.json["before"] is None
    assert second.json["before"] == second.json["after"] == first.json["after"]


def test_topics_that_exist_are_left_as_they_are(mediation: Mediation) -> None:
    ended = mediation("topics", "create", "-o", "json")

    assert len(ended.json) == 16
    assert {each["status"] for each in ended.json} == {"exists"}


def test_a_reader_who_leaves_early_is_no_error(dev: Dev) -> None:
    dev.mediation("publish", "-", stdin=as_lines(*partial_refund("piped")))
    closed_case(dev, "piped")

    piped = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" case show piped | head -n 1', "-", *COMMAND],
        capture_output=True,
        env=dev.mediation.environment(),
        check=False,
    )

    assert (piped.returncode, piped.stdout, piped.stderr) == (0, b"Order piped\n", b"")


def test_a_closed_standard_output_is_no_error(dev: Dev) -> None:
    closed = subprocess.run(
        ["bash", "-c", '"$@" topics create >&-', "-", *COMMAND],
        capture_output=True,
        env=dev.mediation.environment(),
        check=False,
    )

    assert (closed.returncode, closed.stderr) == (0, b"")
