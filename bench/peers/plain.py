"""kafka-python and SQLAlchemy Core, the plain way: the reference that we are measured by."""

from typing import Any

from kafka import KafkaConsumer

from bench.job import Job
from bench.peers.batch import handler
from consumers.broker.connection import message_of


def main() -> None:
    """Read, write, commit, for ever."""
    job = Job.given()
    consumer: Any = KafkaConsumer(
        job.topic,
        bootstrap_servers=job.servers,
        group_id=job.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=job.batch,
    )
    with handler(job) as handle:
        while True:
            found = consumer.poll(timeout_ms=1000, max_records=job.batch)
            messages = [message_of(record) for records in found.values() for record in records]
            if messages:
                handle(messages)
                consumer.commit()


if __name__ == "__main__":
    main()
