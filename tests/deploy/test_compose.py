"""Does the stack do its work while its containers come and go? Nothing is lost, nothing doubled."""

import json
from collections.abc import Iterator

import pytest

from services.clock import system_clock
from tests.deploy.rewinding import rewind
from tests.deploy.stack import PIPELINE, SERVICES, ComposeStack, run
from tests.eventually import eventually
from tests.faults.checking import differences
from tests.faults.load import Feed, Load

SEED = 20261126
_PER_SECOND = 40
_DISPUTES = 400
_BACKUP = "/tmp/backup.dump"
_SETTLED = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM parked_events"
_SETTLED += " WHERE settled_at IS NULL)"


@pytest.fixture(scope="module")
def feed(stack: ComposeStack) -> Iterator[Feed]:
    """Stories that are told while the tests of this file run, in the order of this file."""
    feed = Feed(stack.servers, Load(SEED), _PER_SECOND)
    feed.start()
    yield feed
    feed.finish(0)


@pytest.mark.parametrize("service", ["ops", "prometheus", *PIPELINE, "postgres", "kafka"])
def test_a_container_that_is_restarted_takes_its_work_up_again(
    stack: ComposeStack, feed: Feed, service: str
) -> None:
    before = _handled(stack)

    stack.compose("restart", "--timeout", "20", service)

    eventually(lambda: stack.is_healthy(service), timeout=90, message=f"{service} is healthy again")
    eventually(lambda: _handled(stack) > before, timeout=60, message="stories go on")


def test_a_container_that_is_killed_is_started_again_by_the_engine(
    stack: ComposeStack, feed: Feed
) -> None:
    container = stack.container("verdict-issued")

    # As the kernel would; `docker kill` would count as a wish of the operator's.
    pid = run("docker", "inspect", "-f", "{{.State.Pid}}", container).strip()
    run("kill", "-KILL", pid)

    eventually(lambda: _restarts(container) > 0, timeout=60, message="the engine restarts it")
    eventually(lambda: stack.is_healthy("verdict-issued"), timeout=90)


def test_a_database_that_is_restored_from_a_backup_catches_up(
    stack: ComposeStack, feed: Feed
) -> None:
    backed_up_at, then = system_clock(), _handled(stack)
    in_postgres = ("exec", "-T", "postgres")
    stack.compose(*in_postgres, "pg_dump", "-U", "mediation", "-Fc", "-f", _BACKUP, "mediation")
    eventually(lambda: _handled(stack) > then + 200, timeout=60, message="stories go on")
    stack.compose("stop", "--timeout", "15", *PIPELINE, "ops")
    known = _handled(stack)

    stack.compose(*in_postgres, "dropdb", "-U", "mediation", "--force", "mediation")
    stack.compose(*in_postgres, "createdb", "-U", "mediation", "mediation")
    stack.compose(*in_postgres, "pg_restore", "-U", "mediation", "-d", "mediation", "-e", _BACKUP)
    restored = _handled(stack)
    rewind(stack.servers, backed_up_at)
    stack.up(*PIPELINE, "ops")

    assert then <= restored < known
    eventually(lambda: _handled(stack) >= known, timeout=90, message="all is known again")


def test_nothing_was_lost_doubled_or_wrong(stack: ComposeStack, feed: Feed) -> None:
    feed.finish(_DISPUTES)
    eventually(
        lambda: len(stack.query("SELECT 1 FROM disputes")) >= feed.load.disputes,
        timeout=180,
        message="every dispute is known",
    )
    eventually(
        lambda: not list(differences(stack.servers, stack.query, feed.load.stories)),
        timeout=120,
        message="everything is as the stories demand",
    )

    assert feed.failed == []
    assert stack.query(_SETTLED) == [(0,)]


def test_the_auditor_finds_every_order_coherent(stack: ComposeStack, feed: Feed) -> None:
    assert json.loads(stack.mediation("verify", "-o", "json"))


def test_prometheus_sees_every_process_and_counts_what_the_database_holds(
    stack: ComposeStack, feed: Feed
) -> None:
    jobs = {f"mediation-{name}" for name in (*PIPELINE, "ops")}
    ((verdicts,),) = stack.query("SELECT count(*) FROM disputes WHERE state = 'RESOLVED'")

    eventually(lambda: stack.prometheus("up == 1").keys() == jobs, timeout=60)
    eventually(
        lambda: stack.prometheus("sum(mediation_verdicts_total)") == {"": verdicts},
        timeout=60,
        message=f"{verdicts} verdicts are counted",
    )
    assert stack.prometheus("count(ALERTS) or vector(0)") is not None


@pytest.mark.parametrize("service", [*PIPELINE, "ops"])
def test_each_process_runs_with_the_least_that_it_needs(stack: ComposeStack, service: str) -> None:
    assert stack.inspected(service, "{{.HostConfig.ReadonlyRootfs}}") == "true"
    assert stack.inspected(service, "{{.HostConfig.CapDrop}}") == "[ALL]"
    status = stack.compose("exec", "-T", service, "cat", "/proc/1/status")
    said = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert said["Uid"].split() == ["10001"] * 4
    assert int(said["CapEff"], 16) == 0
    assert said["NoNewPrivs"] == "1"


def test_every_port_is_on_loopback(stack: ComposeStack) -> None:
    for service in SERVICES:
        published = json.loads(stack.inspected(service, "{{json .NetworkSettings.Ports}}"))
        hosts = {each["HostIp"] for ports in published.values() for each in ports or []}
        assert hosts <= {"127.0.0.1"}, service


def test_a_process_that_is_stopped_ends_by_itself_with_0(stack: ComposeStack) -> None:
    containers = {name: stack.container(name) for name in (*PIPELINE, "ops")}

    stack.compose("stop", "--timeout", "15", *containers)

    codes = {
        name: run("docker", "inspect", "-f", "{{.State.ExitCode}}", id_).strip()
        for name, id_ in containers.items()
    }
    assert codes == dict.fromkeys(containers, "0")
    stack.up(*containers)


def _handled(stack: ComposeStack) -> int:
    """How many events the pipeline knows; fewer than none while the database is away."""
    ((count,),) = stack.query("SELECT count(*) FROM events")
    return int(count)


def _restarts(container: str) -> int:
    return int(run("docker", "inspect", "-f", "{{.RestartCount}}", container))
