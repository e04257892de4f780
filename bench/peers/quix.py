"""Quix Streams: a dataframe that ends in a sink, which is flushed with each checkpoint.

Its own BatchingSink writes each partition apart, twelve small transactions for a large one; a sink
that writes all of a checkpoint at once is what a user with this database would make.
"""

from typing import Any

from quixstreams import Application
from quixstreams.sinks.base import BaseSink

from bench.job import Job
from bench.peers.batch import Handle, handler
from services.messages import Message


class DatabaseSink(BaseSink):
    """Keeps what comes until the checkpoint, and writes it then."""

    def __init__(self, handle: Handle) -> None:
        super().__init__()
        self._handle = handle
        self._batch: list[Message] = []

    def add(
        self,
        value: Any,
        key: Any,
        timestamp: int,
        headers: Any,
        topic: str,
        partition: int,
        offset: int,
    ) -> None:
        """One more."""
        message = Message(topic, partition, offset, timestamp, key, value, tuple(headers or ()))
        self._batch.append(message)

    def flush(self) -> None:
        """All of them; the offsets are committed after that."""
        batch, self._batch = self._batch, []
        if batch:
            self._handle(batch)


def main() -> None:
    """Run for ever."""
    job = Job.given()
    app = Application(
        broker_address=job.servers,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        commit_every=job.batch,
        commit_interval=1.0,
        loglevel="WARNING",
    )
    topic = app.topic(job.topic, value_deserializer="bytes", key_deserializer="bytes")
    with handler(job) as handle:
        app.dataframe(topic).sink(DatabaseSink(handle))
        app.run()


if __name__ == "__main__":
    main()
