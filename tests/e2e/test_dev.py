"""Does `mediation dev` live, mend itself, end when asked to, and survive being killed?"""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.e2e.commands import COMMAND, Dev, until_gone
from tests.e2e.stories import as_lines, case_of, closed_case, partial_refund
from tests.eventually import eventually

pytestmark = pytest.mark.slow


def test_the_ready_line_says_where_everything_is(dev: Dev) -> None:
    with psycopg.connect(dev.ready["database_url"]) as connection:
        tables = connection.execute("SELECT count(*) FROM cases").fetchone()

    assert tables is not None
    assert set(dev.ready["processes"]) == {
        *("order-disputed", "mediator-assigned", "verdict-issued", "relay", "ops"),
    }
    assert dev.ready["bootstrap_servers"].startswith("127.0.0.1:")
    assert dev.ready["kafka_api_version"] == "2.1"


def test_the_console_knows_that_all_are_at_work_and_nobody_is_behind(dev: Dev) -> None:
    def consumers() -> list[dict[str, Any]]:
        said = httpx2.get(f"{dev.ready['console']}overview.json").json()
        return list(said["consumers"])

    assert httpx2.get(f"{dev.ready['console']}readyz").text == "ready\n"
    eventually(
        lambda: all(each["lag"] and each["running"] for each in consumers()),
        timeout=30,
        message="the broker would be asked",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_asked_to_stop_it_ends_with_0_and_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Dev(tmp_path) as dev:
        pids = list(dev.ready["processes"].values())

        code = dev.stop(number)

    assert code == 0
    until_gone(pids)
    assert not (tmp_path / "endpoints.json").exists()
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_a_killed_consumer_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    with Dev(tmp_path) as dev:
        for pid in dev.ready["processes"].values():
            os.kill(pid, signal.SIGKILL)

        dev.mediation("publish", "-", stdin=as_lines(*partial_refund("survivor")))
        case = closed_case(dev, "survivor", timeout=60)

        assert [each["sequence"] for each in case["effects"]] == list(range(1, 9))
        assert "order-disputed ended by signal 9, restarting" in dev.said()


def test_a_killed_postgresql_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    with Dev(tmp_path) as dev:
        first_line, *_ = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
        os.kill(int(first_line), signal.SIGKILL)

        dev.mediation("publish", "-", stdin=as_lines(*partial_refund("survivor")))
        eventually(lambda: "PostgreSQL had ended and was started again" in dev.said(), 60)
        case = closed_case(dev, "survivor", timeout=60)

        assert [each["sequence"] for each in case["effects"]] == list(range(1, 9))
        assert dev.stop() == 0


def test_killed_itself_it_takes_its_processes_along_and_starts_again(tmp_path: Path) -> None:
    with Dev(tmp_path) as first:
        first.mediation("publish", "-", stdin=as_lines(*partial_refund("remembered")))
        before = closed_case(first, "remembered")
        first.kill()
        until_gone(list(first.ready["processes"].values()))
        assert first.mediation("case", "show", "remembered").code == 3

    with Dev(tmp_path) as second:
        assert case_of(second.mediation, "remembered") == before


def test_a_second_one_on_the_same_directory_is_refused(dev: Dev) -> None:
    ended = dev.mediation("dev")

    assert ended.code == 3
    assert "is in use by another process" in ended.err


def test_a_process_on_its_own_joins_the_stack_and_leaves_when_asked(dev: Dev) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "verdict-issued"],
        stderr=subprocess.PIPE,
        env=dev.mediation.environment(),
    ) as process:
        assert process.stderr is not None
        joined = next(line for line in process.stderr if b"partitions_assigned" in line)
        process.terminate()
        code = process.wait(10)

    assert joined
    assert code == 0
