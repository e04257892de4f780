"""Where the rounds are played: real processes, Apache Kafka and PostgreSQL, nothing in between.

Rule: what is refused and what is right is read off the topics and the tables at the end; what went
wrong on the way, off the logs.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from consumers.bootstrap import CONSUMERS, RELAY
from consumers.broker import Admin
from schemas.topics import INBOUND, dead_letter_topic
from services.fields import SecretStr
from tests.eventually import eventually
from tests.faults.checking import differences
from tests.faults.crew import Crew
from tests.faults.ground import Ground
from tests.faults.load import REFUSED_FOR
from tests.faults.poison_stream import Round, publish
from tests.faults.reading import read_all

_NOISES = ("batch_failed", "bug", "retrying", "expiry_failed")


class Field:
    """The ground with a crew on it; `playing_field` makes one."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.rounds: list[Round] = []
        self._crew = Crew(ground)

    def work(self, replicas: int = 1) -> None:
        """Start the processes."""
        self._crew.start_standing(replicas)

    def rest(self) -> list[str]:
        """Stop them; what ended in another way than it should."""
        self._crew.dismiss()
        return [*self._crew.unexpected, *self._crew.slow_stops]

    def play(self, each_round: Round, per_second: float | None = None) -> float:
        """Publish a round and wait until nothing is left to do; returns how long that took."""
        self.rounds.append(each_round)
        started = time.monotonic()
        publish(self.ground.node.address, each_round, per_second)
        self._wait_until_idle()
        return time.monotonic() - started

    def give_up_on_the_parked(self) -> None:
        """Let what waits for something that never comes become dead letters now, not in a week."""
        self.ground.settings = replace(self.ground.settings, parking_limit_hours=1 / 3600)
        members = self._crew.standing
        self._crew.stop(members)  # others take their place, with the settings that hold now
        eventually(lambda: not self._parked(), 60, "nothing is parked")
        self._wait_until_idle()

    def noises(self) -> Counter[str]:
        """How often the logs say that a batch failed, that there is a bug, and the like."""
        logs = [each.read_text(errors="replace") for each in self._logs()]
        return Counter({word: sum(log.count(f'"{word}"') for log in logs) for word in _NOISES})

    def differences(self) -> Iterator[str]:
        """What is not as the stories demand."""
        stories = [story for each in self.rounds for story in each.stories]
        yield from differences(self.ground.node.address, self.ground.query, stories)
        topics = [dead_letter_topic(topic) for topic in INBOUND]
        mirrored = Counter(
            each.header("mediation_dead-letter-id")
            for each in read_all(self.ground.node.address, topics)
        )
        yield from (
            f"{id_}: mirrored {often} times" for id_, often in mirrored.items() if often > 1
        )

    def letters(self) -> dict[str, tuple[int, int]]:
        """Expected and found dead letters, by reason."""
        expected = Counter(
            reason
            for each in read_all(self.ground.node.address, INBOUND)
            if (reason := each.header(REFUSED_FOR))
        )
        rows = self.ground.query("SELECT reason, count(*) FROM dead_letters GROUP BY 1")
        found = {row[0]: row[1] for row in rows}
        return {
            reason: (expected[reason], found.get(reason, 0))
            for reason in sorted(expected.keys() | found.keys())
        }

    def _wait_until_idle(self) -> None:
        admin = Admin(self.ground.settings)
        try:
            eventually(lambda: self._is_idle(admin), 600, "every message is handled")
        finally:
            admin.close()

    def _is_idle(self, admin: Admin) -> bool:
        groups = [(each.group, each.topic.value) for each in CONSUMERS.values()]
        if any(admin.lag(*each) for each in groups):
            return False
        return not self.ground.query("SELECT 1 FROM outbox LIMIT 1")

    def _parked(self) -> int:
        where = "WHERE settled_at IS NULL"
        return int(self.ground.query(f"SELECT count(*) FROM parked_events {where}")[0][0])  # noqa: S608

    def _logs(self) -> Sequence[Path]:
        return sorted((self.ground.directory / "logs").glob("*.log"))


@contextmanager
def playing_field(**settings: Any) -> Iterator[Field]:
    """A field on a fresh ground; its database knows when each row was committed."""
    with (
        tempfile.TemporaryDirectory(prefix="mediation-poison-") as directory,
        Ground(Path(directory) / "field", **settings) as ground,
    ):
        with ground.connection(database="postgres") as connection:
            connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        ground.stop_database()
        ground.start_database()
        ground.settings = replace(
            ground.settings,
            kafka_bootstrap_servers=ground.node.address,
            database_url=SecretStr(ground.url.replace("/postgres?", "/mediation?")),
        )
        field = Field(ground)
        try:
            yield field
        finally:
            field.rest()


__all__ = ["CONSUMERS", "RELAY", "Field", "playing_field"]
