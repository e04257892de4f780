"""A scenario made ready for one run: ids and moments of its own, and the bytes to be published.

Rule: two runs never share an order, a dispute or an event, so that a run may be played on a broker
and a database that hold others, and disturbs none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from consumers.demo.story import Form, Scenario, Step
from schemas.codec import Codec
from schemas.events import Event, event_from_record
from schemas.records import millis_from_instant
from services.messages import Outgoing

MARK: Final = "mediation_demo"
"""The header by which a message of ours is known on its way in, and as a dead letter."""

LEAD: Final = timedelta(hours=72)
"""The stories began so long before the run, and are over when it begins."""

_EVENTS: Final = UUID("0c0a3c4e-6c2f-5a0e-8a52-5b6e4f0f5d11")
_SPAN: Final = "b7ad6b7169203331"
_SINGLE_OBJECT: Final = b"\xc3\x01"
_SINGLE_OBJECT_HEADER: Final = 10
_CONFLUENT_HEADER: Final = b"\x00\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Staged:
    """One scenario in one run."""

    scenario: Scenario
    run: str
    began: datetime
    codec: Codec

    @property
    def order_id(self) -> str:
        """As `full-refund.1a2b3c`."""
        return f"{self.scenario.name}.{self.run}"

    @property
    def key(self) -> bytes:
        """The key of every message about the order."""
        return self.order_id.encode()

    @property
    def trace_id(self) -> str:
        """The trace that every event of the order is in."""
        return uuid5(_EVENTS, f"{self.run}/{self.scenario.name}").hex

    def dispute_id(self, number: int) -> str:
        """The order's dispute of that number, from 1; as `full-refund/1.1a2b3c`."""
        return f"{self.scenario.name}/{number}.{self.run}"

    def event_id(self, name: str) -> UUID:
        """The id that this step's event carries: its own, or that of another step."""
        step = self.scenario.step(name)
        owner = step.repeats or step.id_of or name
        return uuid5(_EVENTS, f"{self.run}/{self.scenario.name}/{owner}")

    def occurred_at(self, name: str) -> datetime:
        """When the event of this step occurred."""
        return self.began + timedelta(hours=self._told(name).hour)

    def mark(self, name: str) -> bytes:
        """As `1a2b3c/full-refund/verdict`: marks the message of this step, and no other."""
        return f"{self.run}/{self.scenario.name}/{name}".encode()

    def message(self, name: str) -> Outgoing:
        """The message of this step, the same whenever it is asked for."""
        step = self.scenario.step(name)
        return Outgoing(
            topic=step.topic.value,
            key=self.key,
            value=_in_form(step.form, self._event(self._told(name)), self.codec),
            headers=(
                (MARK, self.mark(name)),
                ("traceparent", f"00-{self.trace_id}-{_SPAN}-01".encode()),
            ),
        )

    def _told(self, name: str) -> Step:
        """The step whose event this step publishes: itself, unless it repeats another."""
        step = self.scenario.step(name)
        return self.scenario.step(step.repeats) if step.repeats else step

    def _event(self, step: Step) -> Event:
        record: dict[str, object] = {
            "event_id": str(self.event_id(step.name)),
            "occurred_at": millis_from_instant(self.occurred_at(step.name)),
            "dispute_id": self.dispute_id(step.dispute),
            "order_id": self.order_id,
        }
        record |= step.says
        if isinstance(pieces := record.get("evidence"), tuple):
            record["evidence"] = [{"kind": kind, "reference": where} for kind, where in pieces]
        return event_from_record(step.topic, record)


def stage(
    scenarios: Sequence[Scenario], codec: Codec, *, run: str, now: datetime
) -> tuple[Staged, ...]:
    """Make scenarios ready to be played at `now`; `run` tells this run from all others."""
    began = (now - LEAD).replace(microsecond=0)
    return tuple(Staged(scenario, run, began, codec) for scenario in scenarios)


def _in_form(form: Form, event: Event, codec: Codec) -> bytes:
    value = codec.encode(event)
    match form:
        case Form.PLAIN:
            return value
        case Form.CUT:
            return value[: len(value) // 2]
        case Form.OTHER_FRAMING if value.startswith(_SINGLE_OBJECT):
            return _CONFLUENT_HEADER + value[_SINGLE_OBJECT_HEADER:]
        case Form.OTHER_FRAMING:
            return Codec().encode(event)
