"""confluent-kafka by hand: `consume` gives a batch, `commit` its offsets."""

from confluent_kafka import Consumer, KafkaException

from bench.job import Job
from bench.peers.batch import handler
from bench.peers.messages import of_confluent


def main() -> None:
    """Read, write, commit, for ever."""
    job = Job.given()
    consumer = Consumer(
        {
            "bootstrap.servers": job.servers,
            "group.id": job.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([job.topic])
    with handler(job) as handle:
        while True:
            found = consumer.consume(job.batch, timeout=0.1)
            for each in found:
                if each.error():
                    raise KafkaException(each.error())
            if found:
                handle([of_confluent(each) for each in found])
                consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main()
