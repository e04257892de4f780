"""Apache Kafka with TLS, SCRAM and ACLs: those of deploy/kafka, as an operator would set them up.

Rule: who comes by the plain listener, which is for the tests alone, is the administrator; who comes
by the secured ones has the ACLs of the file and no others.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    OffsetSpec,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from services.settings import Settings, load_settings
from tests.architecture.tree import ROOT
from tests.brokers.broker import Broker
from tests.brokers.local_jvm import LocalNode
from tests.security.certificates import Authority, Certificate

PASSWORD = "correct-horse-is-a-secret"
STRANGER = "stranger"
ACLS: Any = json.loads((ROOT / "deploy/kafka/acls.json").read_text())
TOPICS: Any = json.loads((ROOT / "deploy/kafka/topics.json").read_text())
PRINCIPALS = [each["principal"] for each in ACLS["principals"]]


def acls() -> list[ACL]:
    """Those of the file."""
    return [
        acl(each["principal"], allowed["type"], name, operation)
        for each in ACLS["principals"]
        for allowed in each["allow"]
        for name in allowed["names"]
        for operation in allowed["operations"]
    ]


def acl(principal: str, kind: str, name: str, operation: str) -> ACL:
    return ACL(
        principal=f"User:{principal}",
        host="*",
        operation=ACLOperation[operation.upper()],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType[kind.upper()], name),
    )


class SecuredKafka:
    """A running broker, and how its users reach it."""

    def __init__(self, node: LocalNode, authority: Authority, stranger: Authority) -> None:
        self._node = node
        self.authority = authority
        self.stranger = stranger
        self.broker = Broker(
            name="apache",
            description=f"{node.description}, with TLS, SCRAM and ACLs",
            bootstrap_servers=node.address,
        )
        self.admin: Any = KafkaAdminClient(bootstrap_servers=node.address)

    def set_up(self) -> None:
        """Topics, users and ACLs."""
        wanted = {
            name: {"num_partitions": 1, "replication_factor": 1}
            for each in TOPICS["topics"]
            for name in each["names"]
        }
        self.admin.create_topics(wanted, wait_for_metadata=True)
        self.give_passwords(dict.fromkeys([*PRINCIPALS, STRANGER], PASSWORD))
        self.allow(*acls())

    def give_passwords(self, passwords: Mapping[str, str]) -> None:
        made = self.admin.alter_user_scram_credentials(
            [
                UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password)
                for user, password in passwords.items()
            ]
        )
        assert not any(made.values()), made

    def allow(self, *wanted: ACL) -> None:
        made = self.admin.create_acls(list(wanted))
        assert made["failed"] == [], made

    def forbid(self, *unwanted: ACL) -> None:
        self.admin.delete_acls(list(unwanted))

    def environment(self, user: str, **changed: str) -> dict[str, str]:
        """The settings of a process that comes as `user`, as text."""
        return {
            "kafka_bootstrap_servers": f"localhost:{self._node.secured_ports['SECURED']}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": user,
            "kafka_sasl_password": PASSWORD,
            "kafka_ssl_cafile": str(self.authority.file),
            **changed,
        }

    def settings(self, user: str, **changed: str) -> Settings:
        """The same for a client in this process."""
        return load_settings(**self.environment(user, **changed))

    def expired(self) -> str:
        """Where the broker shows a certificate that has expired."""
        return f"localhost:{self._node.secured_ports['EXPIRED']}"

    def by_address(self) -> str:
        """The secured listener by a name that its certificate does not have."""
        return f"127.0.0.1:{self._node.secured_ports['SECURED']}"

    def ends_of(self, topic: str) -> int:
        """How many messages were ever written to it."""
        place = TopicPartition(topic, 0)
        return int(self.admin.list_partition_offsets({place: OffsetSpec.LATEST})[place].offset)


@contextmanager
def secured_kafka() -> Iterator[SecuredKafka]:
    """A broker for as long as the context lasts. Raises UnavailableError without Java or Maven."""
    with tempfile.TemporaryDirectory(prefix="mediation-secured-") as name:
        directory = Path(name)
        authority = Authority(directory / "authority", "authority of the tests")
        stranger = Authority(directory / "stranger", "another authority")
        shown = {
            "secured": authority.issue("good", "DNS:localhost"),
            "expired": authority.issue("expired", "DNS:localhost", days=-1),
        }
        node = LocalNode(directory, secured=_configuration(directory, shown))
        node.start()
        try:
            kafka = SecuredKafka(node, authority, stranger)
            kafka.set_up()
            yield kafka
            kafka.admin.close()
        finally:
            node.stop()


def _configuration(directory: Path, shown: Mapping[str, Certificate]) -> dict[str, str]:
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    configuration = {
        "listener.security.protocol.map": (
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL,EXPIRED:SASL_SSL"
        ),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # who comes by the plain listener
        "allow.everyone.if.no.acl.found": "false",
    }
    for name, certificate in shown.items():
        store = directory / f"{name}.pem"
        store.write_text(certificate.key.read_text() + certificate.file.read_text())
        configuration |= {
            f"listener.name.{name}.ssl.keystore.type": "PEM",
            f"listener.name.{name}.ssl.keystore.location": str(store),
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config": login,
        }
    return configuration
