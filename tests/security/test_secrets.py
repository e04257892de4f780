"""Does a secret ever appear where people look, also when things fail?

Rule: every secret has a mark, and everything that a process says is searched for it.
"""

from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import make_url

from consumers.bootstrap import ALL_TOPICS
from consumers.stack import free_port
from services.storage import schema
from services.storage.database import Database
from tests.brokers.broker import Broker
from tests.e2e.commands import Mediation
from tests.security.running import running

MARK = "m4rked-s3cret"
TOKEN = f"{MARK}-token-of-the-console"

pytestmark = pytest.mark.slow


@pytest.fixture
def secrets(tmp_path: Path, empty_database_url: str) -> dict[str, str]:
    """Settings whose secrets all stand in files, and all have the mark."""
    database = Database(empty_database_url)
    schema.upgrade(database)
    database.close()
    url = make_url(empty_database_url).set(password=MARK).render_as_string(hide_password=False)
    contents = {
        "database_url": url + f"&sslpassword={MARK}",
        "kafka_sasl_password": MARK,
        "schema_registry_password": MARK,
        "ops_token": TOKEN,
    }
    settings = {}
    for name, content in contents.items():
        file = tmp_path / f"{name}.secret"
        file.write_text(content + "\n")
        settings[f"{name}_file"] = str(file)
    return settings | {
        "kafka_sasl_username": "somebody",
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "schema_registry_username": "somebody",
        "log_level": "debug",
    }


@pytest.mark.parametrize("form", ["table", "json"])
def test_what_is_configured_is_shown_without_secrets(
    secrets: dict[str, str], tmp_path: Path, form: str
) -> None:
    ended = Mediation(tmp_path, secrets)("config", "show", "-o", form)

    assert ended.code == 0, ended.err
    assert MARK not in ended.out + ended.err
    assert ended.out.count("********") >= 4
    assert "warning" not in ended.err
    if form == "json":
        sources = {each["setting"]: each["from"] for each in ended.json}
        assert sources["MEDIATION_OPS_TOKEN"] == "file"
        assert sources["MEDIATION_LOG_LEVEL"] == "environment"


def test_a_process_at_work_never_says_a_secret(
    secrets: dict[str, str], embedded_kafka: Broker, tmp_path: Path
) -> None:
    embedded_kafka.create_topics(*ALL_TOPICS)
    port = free_port("127.0.0.1", 0)
    settings = secrets | {
        "kafka_bootstrap_servers": embedded_kafka.bootstrap_servers,
        "kafka_api_version": "2.1",
        "metrics_port": str(port),
    }
    with running("relay", tmp_path, **settings) as relay:
        relay.until_ready()
        for page in ("metrics", "healthz", "readyz"):
            with urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10) as answer:
                assert MARK.encode() not in answer.read()
        examined = Mediation(tmp_path, settings)("doctor", "-o", "json")
        assert relay.stop() == 0
    assert {each["check"]: each["status"] for each in examined.json}["database"] == "OK"
    assert MARK not in examined.out + examined.err
    assert MARK not in relay.said


FAILING: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "no broker": (("run", "relay"), {}),
    "no database": (
        ("db", "upgrade"),
        {"database_url_file": f"postgresql://u:{MARK}@127.0.0.1:1/x?sslpassword={MARK}"},
    ),
    "an address that is none": (
        ("doctor",),
        {"database_url_file": f"postgresql://u:{MARK}@[::1/x"},
    ),
    "an option that is none": (
        ("verify",),
        {"database_url_file": f"postgresql://u:{MARK}@127.0.0.1:1/x?sslmode={MARK[:2]}"},
    ),
    "no registry": (("doctor",), {"schema_registry_url": f"http://u:{MARK}@127.0.0.1:1"}),
    "a broker that has no SASL": (("run", "relay"), {"kafka_security_protocol": "SASL_PLAINTEXT"}),
}


@pytest.mark.parametrize("failure", FAILING)
def test_what_fails_is_told_without_secrets(
    secrets: dict[str, str], embedded_kafka: Broker, tmp_path: Path, failure: str
) -> None:
    command, changed = FAILING[failure]
    settings = dict(secrets, kafka_bootstrap_servers="127.0.0.1:1")
    if "kafka_security_protocol" in changed:
        settings["kafka_bootstrap_servers"] = embedded_kafka.bootstrap_servers
    for name, value in changed.items():
        if name.endswith("_file"):
            Path(settings[name]).write_text(value)
        else:
            settings[name] = value

    ended = Mediation(tmp_path, settings)(*command)

    assert ended.code != 0
    assert (ended.err + ended.out).strip()
    assert MARK not in ended.err + ended.out
