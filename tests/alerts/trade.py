"""Orders that go well: disputed two hours ago, assigned and decided an hour later.

Rule: nothing here may raise an alert. It publishes on through every absence of the broker.
"""

import itertools
import threading
from datetime import timedelta

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.events import Event, VerdictDecision
from services.clock import system_clock
from tests.builders import mediator_assigned, order_disputed, verdict_issued

_DECISIONS = (
    VerdictDecision.FULL_REFUND,
    VerdictDecision.PARTIAL_REFUND,
    VerdictDecision.PAY_SELLER,
    VerdictDecision.RELAUNCH,
)


class Trade:
    """From entry to exit, `per_second` orders a second."""

    def __init__(self, servers: str, per_second: float) -> None:
        self.orders = 0
        self._codec = Codec()
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "log_level": 0,
                "message.timeout.ms": 0,  # wait for the broker for ever
                "partitioner": "murmur2_random",
            }
        )
        self._pause = 1 / per_second
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trade", daemon=True)

    def __enter__(self) -> "Trade":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._producer.flush(10)

    def _run(self) -> None:
        decisions = itertools.cycle(_DECISIONS)
        while not self._over.wait(self._pause):
            for event in _story(f"order-{self.orders}", next(decisions)):
                self._producer.produce(
                    event.topic.value,
                    key=event.order_id.encode(),
                    value=self._codec.encode(event),
                )
            self._producer.poll(0)
            self.orders += 1


def _story(order: str, decision: VerdictDecision) -> list[Event]:
    opened = system_clock() - timedelta(hours=2)
    of = {"order_id": order, "dispute_id": f"dispute of {order}"}
    later = opened + timedelta(hours=1)
    return [
        order_disputed(**of, occurred_at=opened),
        mediator_assigned(**of, occurred_at=later),
        verdict_issued(**of, occurred_at=later, decision=decision),
    ]
