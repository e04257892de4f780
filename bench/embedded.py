"""The same drain on the embedded broker, which lives in this process and forgets what is old."""

from bench import load
from bench.drain import Track, drained_by_us
from consumers.bootstrap import ALL_TOPICS
from consumers.embedded import EmbeddedBroker
from services.settings import Settings

MOST_EVENTS = 60_000
"""A partition keeps its newest 5 MB alone, and there are four of them."""


def drained_on_the_embedded_broker(track: Track) -> float:
    """Events a second, on a broker of its own."""
    with EmbeddedBroker() as broker:
        broker.create(ALL_TOPICS)
        load.produce(broker.bootstrap_servers, load.disputes(track.events))
        version = ".".join(map(str, broker.api_version))

        def settings(database: str) -> Settings:
            return track.stage.settings(
                database,
                broker.bootstrap_servers,
                kafka_api_version=version,
                members=broker.members,
            )

        return drained_by_us(track, settings)
