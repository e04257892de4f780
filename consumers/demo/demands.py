"""What must be found of an order at the end, as its scenario says: thing by thing, field by field.

Rule: only what stands in the scenario, and what was published, is demanded. No rule is called.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from consumers.demo.observing import GROUPS
from consumers.demo.staging import Staged
from consumers.demo.story import Announced, Ending, Form, Settled, Step
from schemas.records import millis_from_instant
from services.messages import Message
from services.rules.outcome import Outcome

Thing = Mapping[str, object]
Things = dict[str, Thing]

ITS_OWN: Final = "a UUIDv5 of its own"
OF_THE_SETTLEMENT: Final = "that of the settlement"


def demanded(order: Staged, places: Mapping[str, Message]) -> Things:
    """Everything that must be found, by name; `places` says where its messages were put."""
    scenario = order.scenario
    things: Things = {"the case": _case(order)}
    for number, ending in enumerate(scenario.disputes, start=1):
        things[f"dispute {number}"] = _dispute(order, number, ending)
    for step in scenario.steps:
        things |= dict(_of_step(order, step, places.get(step.name)))
    for sequence, effect in enumerate(scenario.effects, start=1):
        things[effect_name(effect.topic, effect.cause)] = _effect(order, sequence, effect)
    for settled in scenario.settlements:
        things[settlement_name(settled.kind, settled.dispute)] = _settlement(order, settled)
    return things


def effect_name(topic: str, cause: str) -> str:
    """What an effect is called in a difference; an event causes one a topic at most."""
    return f"effect {topic} caused by '{cause}'"


def settlement_name(kind: str, dispute: object) -> str:
    """What a settlement is called in a difference."""
    return f"settlement {kind} of dispute {dispute}"


def _case(order: Staged) -> Thing:
    frozen, chat_locked, reviews_blocked = order.scenario.restrictions.value
    return {
        "frozen": frozen,
        "chat_locked": chat_locked,
        "reviews_blocked": reviews_blocked,
        "sequence": len(order.scenario.effects),
    }


def _dispute(order: Staged, number: int, ending: Ending) -> Thing:
    opened = order.scenario.step(ending.opened).says
    decided = order.scenario.step(ending.decided).says if ending.decided else {}
    names = ("buyer_id", "seller_id", "opened_by")
    money = ("currency", "captured_minor", "fees_minor", "commission_minor")
    return {
        "dispute_id": order.dispute_id(number),
        "state": ending.state,
        **{name: opened[name] for name in (*names, *money)},
        "opened_at": order.occurred_at(ending.opened),
        "opened_by_event_id": order.event_id(ending.opened),
        "mediator_id": ending.mediator,
        "assigned_at": order.occurred_at(ending.assigned) if ending.assigned else None,
        **{name: decided.get(name) for name in ("decision", "ground", "reasons")},
        "decided_by": decided.get("mediator_id"),
        "resolved_at": order.occurred_at(ending.decided) if ending.decided else None,
        "resolved_by_event_id": order.event_id(ending.decided) if ending.decided else None,
        "refund_minor": ending.refund_minor,
        "payout_minor": ending.payout_minor,
        "platform_minor": ending.platform_minor,
        "set_aside": ending.set_aside,
    }


def _of_step(order: Staged, step: Step, place: Message | None) -> Iterator[tuple[str, Thing]]:
    """The event on the timeline, and the dead letter with its mirror."""
    if place is None:
        return
    if step.repeats is None and step.id_of is None and step.form is not Form.CUT:
        rejected_at_once = step.outcome is Outcome.REJECTED
        yield (
            f"event '{step.name}'",
            {
                "topic": step.topic.value,
                "dispute_id": order.dispute_id(step.dispute),
                "occurred_at": order.occurred_at(step.name),
                "outcome": step.outcome.value,
                "reason": step.reason and step.reason.value if rejected_at_once else None,
                "outcome after waiting": step.later and step.later.value,
            },
        )
    if step.reason is not None:
        yield f"dead letter of '{step.name}'", _letter(order, step, place)
        yield f"mirror of '{step.name}'", _mirror(step, place)


def _letter(order: Staged, step: Step, place: Message) -> Thing:
    sent, readable = order.message(step.name), step.form is not Form.CUT
    return {
        "place": (place.topic, place.partition, place.offset),
        "timestamp_ms": place.timestamp_ms,
        "key": sent.key,
        "value": sent.value,
        "headers": sent.headers,
        "consumer_group": GROUPS[step.topic],
        "reason": step.reason and step.reason.value,
        "is explained": True,
        "event_id": order.event_id(step.name) if readable else None,
        "order_id": order.order_id if readable else None,
        "dispute_id": order.dispute_id(step.dispute) if readable else None,
        "status": "OPEN",
    }


def _mirror(step: Step, place: Message) -> Thing:
    return {
        "topic": f"{step.topic.value}.dead-letter",
        "key": place.key,
        "value": place.value,
        "original headers": place.headers,
        "kafka_dlt-original-topic": step.topic.value.encode(),
        "kafka_dlt-original-partition": place.partition.to_bytes(4, "big"),
        "kafka_dlt-original-offset": place.offset.to_bytes(8, "big"),
        "kafka_dlt-original-timestamp": place.timestamp_ms.to_bytes(8, "big"),
        "kafka_dlt-original-timestamp-type": b"CreateTime",
        "kafka_dlt-original-consumer-group": GROUPS[step.topic].encode(),
        "kafka_dlt-exception-fqcn": "that of the dead letter",
        "kafka_dlt-exception-message": "that of the dead letter",
        "mediation_reason": step.reason and step.reason.value.encode(),
    }


def _effect(order: Staged, sequence: int, effect: Announced) -> Thing:
    money = {"settlement_id": OF_THE_SETTLEMENT} if "amount_minor" in effect.says else {}
    return {
        "key": order.key,
        "effect_id": ITS_OWN,
        "sequence": sequence,
        "occurred_at": millis_from_instant(order.occurred_at(effect.cause)),
        "order_id": order.order_id,
        "dispute_id": order.dispute_id(effect.dispute),
        "cause_event_id": str(order.event_id(effect.cause)),
        **money,
        **effect.says,
        "ce_id": "the effect_id",
        "ce_source": b"/mediation",
        "ce_type": effect.topic.value.encode(),
        "ce_time": order.occurred_at(effect.cause),
        "ce_specversion": b"1.0",
        "trace": order.trace_id,
    }


def _settlement(order: Staged, settled: Settled) -> Thing:
    return {
        "dispute_id": order.dispute_id(settled.dispute),
        "amount_minor": settled.amount_minor,
        "currency": settled.currency,
        "payee_id": settled.payee_id,
        "event_id": order.event_id(settled.cause),
        "requested_at": order.occurred_at(settled.cause),
        "settlement_id": ITS_OWN,
    }
