"""FastStream on confluent-kafka: a batch subscriber that acknowledges what was written."""

import asyncio
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker

from bench.job import Job
from bench.peers.batch import Handle, handler
from bench.peers.messages import of_confluent


async def raw(message: Any) -> Any:
    """Decode nothing: what is Avro here is decoded by the batch."""
    return message.raw_message


def main() -> None:
    """Subscribe, and run for ever."""
    job = Job.given()
    with handler(job) as handle:
        asyncio.run(FastStream(_broker(job, handle)).run())


def _broker(job: Job, handle: Handle) -> KafkaBroker:
    broker = KafkaBroker(job.servers, apply_types=False)

    @broker.subscriber(
        job.topic,
        group_id=job.group,
        batch=True,
        max_records=job.batch,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        decoder=raw,
    )
    def write(records: Sequence[Any]) -> None:  # not async: FastStream runs it in a thread
        handle([of_confluent(each) for each in records])

    return broker


if __name__ == "__main__":
    main()
