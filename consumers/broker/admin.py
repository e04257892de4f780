"""What a person or a start-up check asks of the cluster."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    RetriableError,
    TopicAlreadyExistsError,
)

from consumers.broker.connection import connect, in_words, translated
from services.errors import RefusedError
from services.settings import Settings


class Admin:
    """Questions and requests to the cluster as a whole."""

    def __init__(self, settings: Settings) -> None:
        """Connect. Raises `BrokerUnavailableError`."""
        self._address = settings.kafka_bootstrap_servers or ""
        with translated(self._address):
            self._client: Any = connect(KafkaAdminClient, settings)

    def topics(self) -> set[str]:
        """The names of the topics that exist."""
        with translated(self._address):
            return set(self._client.list_topics())

    def lacking(self, needed: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Which of these topics are not seen, and which may not be used as `needed` says of each.

        That is READ or WRITE. A broker without ACLs allows everything.
        """
        with translated(self._address):
            found = {each["name"]: each for each in self._client.describe_topics()}
        unseen = sorted(set(needed) - set(found))
        refused = [
            f"{topic} ({operation})"
            for topic, operation in sorted(needed.items())
            if topic in found and not _allows(found[topic], operation)
        ]
        return unseen, refused

    def require_group(self, group: str) -> None:
        """Raises `BrokerAccessError` if who is connected may not be a member of `group`."""
        with translated(self._address):
            try:
                described = self._client.describe_groups([group])[group]
            except RetriableError:
                return  # a new cluster has no coordinators yet: joining will tell
            refused = GroupAuthorizationFailedError.__name__ in (described["error"] or "")
            if refused or not _allows(described, "READ"):
                raise GroupAuthorizationFailedError(group)

    def create_topics(
        self, names: Sequence[str], *, partitions: int, replication_factor: int, **configs: str
    ) -> list[str]:
        """Create those of `names` that do not exist; returns the ones that were created.

        Raises:
            RefusedError: the cluster does not allow it, for example with too few brokers.
            BrokerUnavailableError: the cluster does not answer.
        """
        created = []
        existing = self.topics()
        for name in names:
            if name in existing:
                continue
            wanted = {
                "num_partitions": partitions,
                "replication_factor": replication_factor,
                "configs": {key.replace("_", "."): value for key, value in configs.items()},
            }
            try:
                self._client.create_topics({name: wanted})
            except TopicAlreadyExistsError:
                continue
            except KafkaError as error:
                raise RefusedError(f"topic {name} was not created: {in_words(error)}") from error
            created.append(name)
        return created

    def committed(self, group: str, topic: str, partitions: Collection[int]) -> dict[int, int]:
        """The offset that `group` reads next in each of these partitions, where it has read any.

        The partitions are named, since the embedded broker does not answer for all of them at once.
        """
        wanted = [TopicPartition(topic, number) for number in partitions]
        with translated(self._address):
            found = self._client.list_group_offsets({group: wanted})[group]
        return {each.partition: entry.offset for each, entry in found.items() if entry.offset >= 0}

    def members(self, group: str) -> int | None:
        """How many members `group` has; None where the broker cannot say, as the embedded one."""
        with translated(self._address):
            try:
                described = self._client.describe_groups([group])
            except KafkaConnectionError:
                self._client.list_topics()  # it ended the connection instead of answering
                return None
        return len(described[group]["members"])

    def lag(self, group: str, topic: str) -> int:
        """How many messages of `topic`, over all its partitions, `group` has not committed yet."""
        return sum(end - position for position, end in self.positions(group, topic).values())

    def positions(self, group: str, topic: str) -> dict[int, tuple[int, int]]:
        """The offset that `group` reads next in each partition of `topic`, and where that ends."""
        with translated(self._address):
            (described,) = self._client.describe_topics([topic])
            numbers = [each["partition_index"] for each in described["partitions"]]
            partitions = [TopicPartition(topic, number) for number in numbers]
            first, last = (
                self._client.list_partition_offsets(dict.fromkeys(partitions, spec))
                for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
            )
        committed = self.committed(group, topic, numbers)
        return {
            each.partition: (
                max(committed.get(each.partition, 0), first[each].offset),
                last[each].offset,
            )
            for each in partitions
        }

    def close(self) -> None:
        """Disconnect."""
        with translated(self._address):
            self._client.close()


def _allows(described: Mapping[str, Any], operation: str) -> bool:
    """Whether the broker says that this is allowed; one that cannot say refuses in time."""
    allowed = described.get("authorized_operations")
    return not allowed or operation in allowed
