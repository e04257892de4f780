"""Plays the scenarios: publishes, step after step, and watches what comes of it.

Rule: waiting is always for something that can be seen. The next message of an order is published
when the one before it was handled, so a scenario's order of delivery is the one that it says; all
orders are played at once.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from consumers.broker import Admin, Publisher, TopicReader
from consumers.demo.observing import GROUPS, TOPICS, Observer, Seen
from consumers.demo.staging import Staged
from schemas.codec import Codec
from services.errors import PermanentError
from services.settings import Settings
from services.storage.database import Database

PATIENCE_SECONDS: Final = 60.0
"""How long nothing at all may happen before the play is given up."""

_TURN_SECONDS = 0.1


class PlayStoppedError(PermanentError):
    """Nothing happened any more, and the end was not reached; the message says what was awaited."""


class Play:
    """One performance of `orders` on the broker and the database of `settings`.

    `every_turn` is called several times a second while it plays.
    """

    def __init__(
        self,
        orders: Sequence[Staged],
        settings: Settings,
        database: Database,
        codec: Codec,
        every_turn: Callable[["Play"], None],
    ) -> None:
        """Connect, and stand at the end of every topic. Raises `BrokerUnavailableError`."""
        self.orders = orders
        self.published: dict[str, int] = {order.order_id: 0 for order in orders}
        self._every_turn = every_turn
        self._publisher = Publisher(settings)
        self._reader = TopicReader(settings, TOPICS)
        self._admin = Admin(settings)
        self._observer = Observer(orders, database, self._admin, codec)

    @property
    def seen(self) -> Sequence[Seen]:
        """What was seen up to now, by order."""
        return self._observer.seen

    def run(self) -> None:
        """Play to the end: all handled, all effects and dead letters published and read.

        Raises:
            PlayStoppedError: that did not happen, and nothing else did either, for a long time.
            BrokerUnavailableError, DatabaseUnavailableError: a part went away.
        """
        happened, last = self._progress(), time.monotonic()
        while not self._is_over():
            self._publish_what_is_due()
            self._observer.take(self._reader.read(_TURN_SECONDS))
            self._observer.look()
            self._every_turn(self)
            if (now_happened := self._progress()) != happened:
                happened, last = now_happened, time.monotonic()
            elif time.monotonic() - last > PATIENCE_SECONDS:
                self._observer.collect()
                raise PlayStoppedError(self._what_is_awaited())
        self._every_turn(self)

    def close(self) -> None:
        """Disconnect."""
        self._reader.close()
        self._publisher.close()
        self._admin.close()

    def _publish_what_is_due(self) -> None:
        due = []
        for order, seen in zip(self.orders, self.seen, strict=True):
            position, steps = self.published[order.order_id], order.scenario.steps
            if position < len(steps) and len(seen.handled) == position:
                due.append(order.message(steps[position].name))
                self.published[order.order_id] += 1
        if due:
            self._publisher.publish(due)

    def _is_over(self) -> bool:
        if any(
            len(seen.handled) < len(order.scenario.steps)
            for order, seen in zip(self.orders, self.seen, strict=True)
        ):
            return False
        self._observer.collect()
        return self._observer.is_settled() and self._reader.at_the_end()

    def _progress(self) -> tuple[int, ...]:
        return (
            sum(self.published.values()),
            sum(len(seen.places) + len(seen.handled) for seen in self.seen),
            sum(len(seen.effects) + len(seen.mirrors) for seen in self.seen),
        )

    def _what_is_awaited(self) -> str:
        lines = [f"nothing happened for {PATIENCE_SECONDS:g} s, and this was still awaited:"]
        for order, seen in zip(self.orders, self.seen, strict=True):
            steps = order.scenario.steps[: self.published[order.order_id]]
            lines += [
                f"{order.order_id}: {GROUPS[step.topic]} to handle '{step.name}'"
                for step in steps
                if step.name not in seen.handled
            ]
            sequence = seen.case.sequence if seen.case else 0
            if len(seen.distinct_effects) < sequence:
                found = len(seen.distinct_effects)
                lines.append(f"{order.order_id}: effects on the topics, {found} of {sequence}")
            if len(seen.mirrors) < len(seen.letters):
                found = len(seen.mirrors)
                lines.append(
                    f"{order.order_id}: dead letters on the topics, {found} of {len(seen.letters)}"
                )
        return "\n".join(lines)
