"""What docs/deploy.md says of a restored database: its groups are set back to before the backup."""

from datetime import datetime, timedelta

from confluent_kafka import Consumer, TopicPartition

from consumers.bootstrap import CONSUMERS

MARGIN = timedelta(hours=1)
"""How much earlier than the backup: more than any consumer was behind when it was taken."""


def rewind(servers: str, backed_up_at: datetime) -> None:
    """Set each group's offsets to what was produced `MARGIN` before the backup; none of it runs.

    As `kafka-consumer-groups.sh --reset-offsets --to-datetime … --execute`.
    """
    moment = int((backed_up_at - MARGIN).timestamp() * 1000)
    for each in CONSUMERS.values():
        topic = each.topic.value
        client = Consumer(
            {"bootstrap.servers": servers, "group.id": each.group, "enable.auto.commit": False}
        )
        try:
            partitions = client.list_topics(topic, timeout=10).topics[topic].partitions
            wanted = [TopicPartition(topic, number, moment) for number in partitions]
            found = client.offsets_for_times(wanted, timeout=10)
            for place in found:
                if place.offset < 0:  # nothing as new is there: the end
                    _, place.offset = client.get_watermark_offsets(place, timeout=10)
            client.commit(offsets=found, asynchronous=False)
        finally:
            client.close()
