"""What does a process answer to who asks whether it lives, and whether it would work?"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, cast

import pytest

from consumers.bootstrap import _examined
from consumers.health import Findings, Health, served
from consumers.runner import ConsumerDefinition, Runner
from consumers.stopping import StopSignal
from schemas.topics import Topic
from services.clock import system_clock
from services.errors import BrokerUnavailableError, SettingsError
from services.mediation import Mediation
from services.messages import Message
from services.metrics import Metrics, tell_build
from services.retry import Backoff
from services.settings import load_settings
from services.storage.database import Database
from tests.eventually import eventually
from tests.simulation.broker import MemoryBroker, MemorySource

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
FINE: Findings = {"database": None, "schema": None}


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.body))


Ask = Callable[[str], Answer]


@contextmanager
def asking(
    metrics: Metrics,
    database: Callable[[], Findings] = lambda: FINE,
    loop_limit: float = 60,
    host: str = "127.0.0.1",
) -> Iterator[Ask]:
    settings = load_settings(metrics_host=host, metrics_port=0)
    health = Health(metrics, loop_limit=loop_limit, database=database)
    with served(settings, metrics.registry, health) as port:

        def ask(path: str) -> Answer:
            with closing(HTTPConnection(host, port, timeout=10)) as connection:
                connection.request("GET", path)
                response = connection.getresponse()
                return Answer(response.status, response.read())

        yield ask


def test_the_metrics_are_served() -> None:
    metrics = Metrics()
    tell_build(metrics.registry, "1.2.3", "relay")

    with asking(metrics) as ask:
        answer = ask("/metrics")

    assert answer.status == 200
    assert b'mediation_build_info{process="relay",version="1.2.3"} 1.0\n' in answer.body


def test_any_other_path_is_told_which_there_are() -> None:
    with asking(Metrics()) as ask:
        answer = ask("/")

    assert (answer.status, answer.said) == (404, {"paths": ["/healthz", "/metrics", "/readyz"]})


def test_a_process_whose_loops_turn_is_alive() -> None:
    metrics = Metrics()
    metrics.loop(system_clock)

    with asking(metrics) as ask:
        answer = ask("/healthz")

    assert (answer.status, answer.said["checks"]) == (200, {"loops": "ok"})


def test_one_loop_that_hangs_is_enough_not_to_be_alive() -> None:
    metrics = Metrics()
    turning, _hanging = metrics.loop(system_clock), metrics.loop(system_clock)

    with asking(metrics, loop_limit=0.05) as ask:

        def is_dead() -> bool:
            turning.turned()
            return ask("/healthz").status == 503

        eventually(is_dead)
        turning.turned(rest=3600)
        said = ask("/healthz").said

    assert said["missing"] == {"loops": "silent for 0 s"}


def test_a_loop_that_rests_on_purpose_is_alive() -> None:
    metrics = Metrics()
    metrics.loop(system_clock).turned(rest=3600)

    with asking(metrics, loop_limit=0) as ask:
        assert ask("/healthz").status == 200


class AwayBroker(MemorySource):
    """Answers nobody, and so nobody can be held as a member either."""

    def poll(self, limit: int, timeout: float) -> list[Message]:
        raise BrokerUnavailableError("away")

    def hold(self, seconds: float, stopping: Callable[[], bool]) -> None:
        raise BrokerUnavailableError("away")


def test_a_consumer_that_waits_for_its_broker_is_alive_and_paused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("consumers.stopping.GRACE_SECONDS", 3600)
    metrics, stop = Metrics(), StopSignal()
    runner = Runner(
        ConsumerDefinition(Topic.ORDER_DISPUTED, "group", Mediation.handle),
        AwayBroker(MemoryBroker(), "group"),
        cast(Mediation, None),
        stop=stop,
        backoff=Backoff(30, 30),
        clock=system_clock,
        metrics=metrics,
        batch_size=1,
    )
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        with asking(metrics, loop_limit=0.2) as ask:
            eventually(lambda: b"mediation_paused 1.0" in ask("/metrics").body)
            long_after = time.monotonic() + 0.5
            answers: list[int] = []

            def asked_long_after() -> bool:
                answers.append(ask("/healthz").status)
                return time.monotonic() > long_after

            eventually(asked_long_after)
    finally:
        stop.set()
        thread.join()

    assert set(answers) == {200}


def test_a_process_is_ready_once_its_share_is_known_and_the_database_fits() -> None:
    metrics = Metrics()
    share = metrics.share("slots", system_clock)

    with asking(metrics) as ask:
        before = ask("/readyz")
        share.numbers = []
        after = ask("/readyz")

    assert (before.status, before.said["missing"]) == (503, {"slots": "not known yet"})
    assert (after.status, after.said["checks"]) == (
        200,
        {"slots": "ok", "database": "ok", "schema": "ok"},
    )


def test_one_member_that_waits_for_its_share_is_named_though_the_other_has_its_own() -> None:
    metrics = Metrics()
    waiting, has = metrics.lag("topic"), metrics.lag("topic")
    waiting.numbers, has.numbers = None, [0, 1]

    with asking(metrics) as ask:
        assert ask("/readyz").said["missing"] == {"partitions": "not known yet"}


def test_a_process_that_has_claimed_nothing_yet_is_not_ready() -> None:
    with asking(Metrics()) as ask:
        answer = ask("/readyz")

    assert (answer.status, set(answer.said["missing"])) == (503, {"share"})


def test_a_database_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("consumers.health.ANSWER_SECONDS", 0.1)
    release, asked = threading.Event(), []

    def never() -> Findings:
        asked.append(1)
        release.wait(30)
        return FINE

    metrics = Metrics()
    metrics.share("slots", system_clock).numbers = [0]
    with asking(metrics, never) as ask:
        answers = [ask("/readyz") for _ in range(3)]
        alive, questions = ask("/healthz"), len(asked)
        release.set()
        eventually(lambda: ask("/readyz").status == 200)

    assert [each.status for each in answers] == [503] * 3
    assert answers[0].said["missing"] == {"database": "no answer within 0 s"}
    assert alive.status == 200
    assert questions == 1, "three who asked shared it"


def test_whatever_goes_wrong_in_asking_the_database_is_an_answer() -> None:
    def broken() -> Findings:
        raise RuntimeError("hunter2")

    metrics = Metrics()
    metrics.share("slots", system_clock).numbers = [0]
    with asking(metrics, broken) as ask:
        answer = ask("/readyz")

    assert answer.said["missing"] == {"database": "could not be asked: RuntimeError"}


def test_an_address_that_cannot_be_had_is_a_wrong_setting() -> None:
    settings = load_settings(metrics_host="192.0.2.1", metrics_port=9)
    metrics = Metrics()
    health = Health(metrics, loop_limit=60, database=lambda: FINE)

    with (
        pytest.raises(SettingsError, match="MEDIATION_METRICS_HOST"),
        served(settings, metrics.registry, health),
    ):
        pass


def missing(findings: Mapping[str, str | None]) -> list[str]:
    return [name for name, why in findings.items() if why is not None]


def test_a_database_that_fits_is_fine(database: Database) -> None:
    assert missing(_examined(database)) == []


def test_a_database_without_its_tables_is_told_from_one_that_is_away(
    empty_database: Database,
) -> None:
    with closing(Database("postgresql://nobody@127.0.0.1:1/nothing")) as away:
        assert missing(_examined(away)) == ["database"]

    findings = _examined(empty_database)

    assert missing(findings) == ["schema"]
    assert "mediation db upgrade" in (findings["schema"] or "")
