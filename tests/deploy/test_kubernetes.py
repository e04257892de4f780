"""Do the manifests say what Kubernetes understands, and what the pipeline is?

Rule: `kubectl kustomize` puts them together; the schemas of Kubernetes judge what is its own; the
kinds of others (KEDA, Strimzi, the Prometheus operator) are held to the code here.
"""

import json
import shutil
from collections import defaultdict
from typing import Any

import kubernetes_validate
import pytest
import yaml

from consumers.bootstrap import ALL_TOPICS, CONSUMERS, OPS, PROCESSES, RELAY
from schemas.topics import INBOUND, OUTBOUND, Topic, dead_letter_topic
from services.settings import DESCRIPTIONS, PREFIX, SECRETS, Settings
from tests.absent import absent
from tests.alerts.rulebook import JOBS
from tests.architecture.tree import ROOT
from tests.deploy.stack import run

_OLDEST, _NEWEST = "1.30.0", "1.37.0"
_OF_OTHERS = ("keda.sh/", "kafka.strimzi.io/", "monitoring.coreos.com/")
EACH_PROCESS = pytest.mark.parametrize("process", [*PROCESSES, OPS])
Manifest = dict[str, Any]


@pytest.fixture(scope="session")
def manifests() -> list[Manifest]:
    """Everything that `kubectl apply -k deploy/kubernetes` would send."""
    if shutil.which("kubectl") is None:
        absent("the manifests were not tried: kubectl was not found", "REQUIRE_KUBECTL")
    return list(yaml.safe_load_all(run("kubectl", "kustomize", str(ROOT / "deploy/kubernetes"))))


def of(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def pod_of(manifests: list[Manifest], process: str) -> Manifest:
    return dict(of(manifests, "Deployment")[process]["spec"]["template"]["spec"])


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    return [each for each in manifests if each["kind"] in {"Deployment", "Job"}]


@pytest.mark.parametrize("version", [_OLDEST, _NEWEST])
def test_kubernetes_knows_every_field(manifests: list[Manifest], version: str) -> None:
    own = [each for each in manifests if not each["apiVersion"].startswith(_OF_OTHERS)]

    for each in own:
        kubernetes_validate.validate(each, version, strict=True)

    assert len(own) > len(PROCESSES) * 2


def test_a_field_that_kubernetes_does_not_know_is_found(manifests: list[Manifest]) -> None:
    (job,) = of(manifests, "Job").values()
    job = json.loads(json.dumps(job))
    job["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, _NEWEST, strict=True)


def test_everything_is_in_the_one_namespace(manifests: list[Manifest]) -> None:
    where = {each["metadata"].get("namespace") for each in manifests if each["kind"] != "Namespace"}

    assert where == {"mediation"}


def test_each_process_has_a_deployment_and_a_disruption_budget(manifests: list[Manifest]) -> None:
    budgets = of(manifests, "PodDisruptionBudget")

    assert set(of(manifests, "Deployment")) == set(budgets) == {*PROCESSES, OPS}
    for name, budget in budgets.items():
        assert budget["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}


@EACH_PROCESS
def test_each_process_is_run_probed_and_stopped_as_it_needs(
    manifests: list[Manifest], process: str
) -> None:
    pod = pod_of(manifests, process)
    (container,) = pod["containers"]
    (port,) = container["ports"]

    assert container["args"] == ["run", process]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": port["name"]}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": port["name"]}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert pod["terminationGracePeriodSeconds"] > 10


def test_nothing_has_any_right_on_its_node(manifests: list[Manifest]) -> None:
    for each in workloads(manifests):
        pod = each["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_every_setting_is_one_and_no_secret_stands_in_a_manifest(
    manifests: list[Manifest],
) -> None:
    settings = {f"{PREFIX}{name.upper()}": name for name in DESCRIPTIONS}
    said = {name: "" for each in of(manifests, "ConfigMap").values() for name in each["data"]}
    for each in workloads(manifests):
        for variable in each["spec"]["template"]["spec"]["containers"][0]["env"]:
            said[variable["name"]] = "secret" if "valueFrom" in variable else ""

    assert set(said) - set(settings) == set()
    for name, where in said.items():
        secret = settings[name] in SECRETS
        assert secret == (where == "secret"), name


def test_each_consumer_is_scaled_by_the_lag_of_its_own_topic(manifests: list[Manifest]) -> None:
    scaled = of(manifests, "ScaledObject")

    assert set(scaled) == set(CONSUMERS)
    for name, each in scaled.items():
        (trigger,) = each["spec"]["triggers"]
        assert each["spec"]["scaleTargetRef"] == {"name": name}
        assert each["spec"]["minReplicaCount"] >= 1
        assert trigger["metadata"]["topic"] == CONSUMERS[name].topic
        assert trigger["metadata"]["consumerGroup"] == CONSUMERS[name].group
        assert trigger["metadata"]["excludePersistentLag"] == "true"


def test_every_topic_survives_the_loss_of_a_broker(manifests: list[Manifest]) -> None:
    topics = of(manifests, "KafkaTopic")

    assert set(topics) == set(ALL_TOPICS)
    for each in topics.values():
        assert (each["spec"]["replicas"], each["spec"]["config"]["min.insync.replicas"]) == (3, 2)
    partitions = topics[Topic.ORDER_DISPUTED]["spec"]["partitions"]
    for each in of(manifests, "ScaledObject").values():
        members = Settings().members
        assert each["spec"]["maxReplicaCount"] * members <= partitions


def test_inbound_topics_keep_what_may_still_be_waited_for(manifests: list[Manifest]) -> None:
    parked_ms = Settings().parking_limit_hours * 3_600_000
    for topic in INBOUND:
        config = of(manifests, "KafkaTopic")[topic]["spec"]["config"]
        assert config["retention.ms"] >= 2 * parked_ms


def test_each_user_of_kafka_may_do_what_it_does_and_nothing_else(
    manifests: list[Manifest],
) -> None:
    may: dict[str, dict[str, set[str]]] = {}
    for name, each in of(manifests, "KafkaUser").items():
        may[name] = defaultdict(set)
        for acl in each["spec"]["authorization"]["acls"]:
            assert acl["resource"]["patternType"] == "literal"
            for operation in acl["operations"]:
                resource = acl["resource"]
                may[name][operation].add(f"{resource['type']} {resource['name']}")

    for name, consumer in CONSUMERS.items():
        own = {f"topic {consumer.topic}", f"group {consumer.group}"}
        assert may[f"mediation-{name}"] == {"Read": own, "Describe": {f"topic {consumer.topic}"}}
    written = {f"topic {each}" for each in (*OUTBOUND, *map(dead_letter_topic, INBOUND))}
    assert may[f"mediation-{RELAY}"] == {"Write": written, "Describe": written}
    assert may[f"mediation-{OPS}"].keys() == may["mediation-scaler"].keys() == {"Describe"}
    verdict = f"topic {Topic.VERDICT_ISSUED}"
    assert [name for name in may if verdict in may[name].get("Write", ())] == ["mediation-tool"]


def test_users_may_do_what_the_brokers_tests_let_them_do(manifests: list[Manifest]) -> None:
    tried = {each["principal"]: each["allow"] for each in kafka_says("acls")["principals"]}
    users = of(manifests, "KafkaUser")

    assert set(tried) - set(users) == {"mediation-admin"}  # Strimzi makes the topics here
    assert set(users) - set(tried) == {"mediation-scaler"}
    for name in set(users) & set(tried):
        expected = {
            (allowed["type"], each, operation)
            for allowed in tried[name]
            for each in allowed["names"]
            for operation in allowed["operations"]
        }
        granted = {
            (acl["resource"]["type"], acl["resource"]["name"], operation)
            for acl in users[name]["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        }
        implied = {(kind, each, "Describe") for kind, each, _ in expected}
        assert expected <= granted <= expected | implied, name


def test_topics_are_made_as_the_page_of_kafka_says(manifests: list[Manifest]) -> None:
    topics = of(manifests, "KafkaTopic")
    for kind in kafka_says("topics")["topics"]:
        for name in kind["names"]:
            spec = topics[name]["spec"]
            config = {key: str(value) for key, value in spec["config"].items()}
            assert (spec["partitions"], spec["replicas"]) == (kind["partitions"], kind["replicas"])
            assert config == kind["config"], name


def kafka_says(what: str) -> Any:
    return json.loads((ROOT / f"deploy/kafka/{what}.json").read_text())


def test_prometheus_knows_each_job_by_the_name_that_the_alerts_have(
    manifests: list[Manifest],
) -> None:
    (monitor,) = of(manifests, "PodMonitor").values()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (relabeling,) = endpoint["relabelings"]

    jobs = {relabeling["replacement"].replace("$1", name) for name in (*PROCESSES, OPS)}

    assert jobs == set(JOBS)
    assert relabeling["targetLabel"] == "job"


def test_who_is_not_named_reaches_nothing(manifests: list[Manifest]) -> None:
    policies = of(manifests, "NetworkPolicy")
    everyone = {"matchLabels": {"app.kubernetes.io/part-of": "mediation"}}

    denied = policies["default-deny"]["spec"]
    assert denied == {"podSelector": everyone, "policyTypes": ["Ingress", "Egress"]}
    for each in workloads(manifests):
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "mediation"
