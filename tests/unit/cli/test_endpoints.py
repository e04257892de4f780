"""Is a running `mediation dev` found, and one that is gone not?"""

import os
from pathlib import Path

import pytest

from consumers.endpoints import (
    FILE_NAME,
    Endpoints,
    announced,
    find,
    with_broker,
    with_database,
)
from consumers.errors import NothingRunsError
from services.fields import SecretStr
from services.settings import load_settings

HERE = Endpoints(
    pid=os.getpid(),
    bootstrap_servers="127.0.0.1:9092",
    kafka_api_version="2.1",
    database_url="postgresql://u:secret@h/db",
)


def test_what_is_announced_is_found_until_the_end_of_the_block(tmp_path: Path) -> None:
    with announced(HERE, tmp_path):
        found = find(tmp_path)

    assert found == HERE
    assert find(tmp_path) is None


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with announced(HERE, tmp_path):
        mode = (tmp_path / FILE_NAME).stat().st_mode & 0o777

    assert mode == 0o600


def test_a_file_that_a_killed_process_left_is_not_believed(tmp_path: Path) -> None:
    with announced(HERE, tmp_path):
        left = (tmp_path / FILE_NAME).read_text()
    (tmp_path / FILE_NAME).write_text(left)

    assert find(tmp_path) is None


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"pid": 1}'])
def test_a_file_that_makes_no_sense_is_not_believed(tmp_path: Path, nonsense: str) -> None:
    (tmp_path / FILE_NAME).write_text(nonsense)

    assert find(tmp_path) is None


def test_what_is_not_configured_is_taken_from_what_runs(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, kafka_bootstrap_servers=None, database_url=None)

    with announced(HERE, tmp_path):
        broker, database = with_broker(settings), with_database(settings)

    assert broker.kafka_bootstrap_servers == "127.0.0.1:9092"
    assert broker.kafka_api_version == "2.1"
    assert broker.members == 1
    assert database.database_url is not None
    assert database.database_url.get_secret_value() == HERE.database_url


def test_what_is_configured_is_used(tmp_path: Path) -> None:
    url = SecretStr("postgresql://mine/db")
    settings = load_settings(
        data_dir=tmp_path, kafka_bootstrap_servers="mine:9092", database_url=url
    )

    with announced(HERE, tmp_path):
        assert with_broker(settings) == with_database(settings) == settings


def test_where_nothing_is_configured_or_runs_both_ways_out_are_named(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, kafka_bootstrap_servers=None, database_url=None)

    with pytest.raises(NothingRunsError) as refused:
        with_broker(settings)

    assert "start `mediation dev`" in str(refused.value)
    assert "MEDIATION_KAFKA_BOOTSTRAP_SERVERS" in str(refused.value)
