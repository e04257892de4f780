"""What was found of an order at the end, under the same names as what is demanded of it.

Rule: everything that was seen gets a name, so that what nobody demanded stands out too. A message
that was published twice under one id is one thing; under two ids it is two.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consumers.demo.demands import (
    ITS_OWN,
    OF_THE_SETTLEMENT,
    Thing,
    Things,
    effect_name,
    settlement_name,
)
from consumers.demo.observing import EffectSeen, Row, Seen
from consumers.demo.staging import Staged
from services.messages import Message, pair
from services.rules.case import Case, Dispute

_UUID5: Final = 5
_TRACE_PARTS: Final = 4
_EXPLAINING_HEADERS: Final = ("kafka_dlt-", "mediation_reason", "mediation_dead-letter-id")


def found(order: Staged, seen: Seen) -> Things:
    """Everything that was seen of this order, by name."""
    things: Things = {}
    named = [*_in_the_database(order, seen), *_on_the_topics(order, seen)]
    for name, thing in named:
        unique, count = name, 1
        while unique in things:
            count += 1
            unique = f"{name}, number {count} under another id"
        things[unique] = thing
    return things


def _in_the_database(order: Staged, seen: Seen) -> Iterator[tuple[str, Thing]]:
    if seen.case is not None:
        yield "the case", _case(seen.case)
        for number, dispute in enumerate(seen.case.disputes, start=1):
            yield f"dispute {number}", _dispute(dispute)
    steps = _step_names(order)
    for row in seen.timeline:
        yield f"event '{steps.get(row['event_id'], row['event_id'])}'", _event(row)
    numbers = {order.dispute_id(n): n for n in range(1, len(order.scenario.disputes) + 1)}
    for row in seen.settlements:
        whose = numbers.get(row["dispute_id"], row["dispute_id"])
        yield settlement_name(row["kind"], whose), _settlement(row)
    for row in seen.letters:
        yield f"dead letter of '{_step_at(seen, row)}'", _letter(row)


def _on_the_topics(order: Staged, seen: Seen) -> Iterator[tuple[str, Thing]]:
    steps = _step_names(order)
    for effect in seen.effects:
        if effect.record is None:
            yield f"unreadable message on {effect.message.topic}", {"flaw": effect.flaw}
    for effect in seen.distinct_effects:
        cause = effect.said["cause_event_id"]
        name = effect_name(effect.message.topic, steps.get(UUID(cause), cause))
        yield name, _effect(effect, effect.said, seen)
    mirrored = set()
    for mirror in seen.mirrors:
        headers = dict(mirror.headers)
        letter_id = headers.get("mediation_dead-letter-id")
        if letter_id not in mirrored:
            mirrored.add(letter_id)
            letter = next(
                (r for r in seen.letters if str(r["dead_letter_id"]).encode() == letter_id), None
            )
            step = _step_at(seen, letter) if letter else "a dead letter that does not exist"
            yield f"mirror of '{step}'", _mirror(mirror, letter)


def _step_names(order: Staged) -> dict[UUID, str]:
    own = (s for s in order.scenario.steps if s.repeats is None and s.id_of is None)
    return {order.event_id(step.name): step.name for step in own}


def _step_at(seen: Seen, row: Row) -> str:
    at = (row["topic"], row["partition"], row["offset"])
    for step, place in seen.places.items():
        if at == (place.topic, place.partition, place.offset):
            return step
    return f"{at[0]}/{at[1]}/{at[2]}"


def _case(case: Case) -> Thing:
    return {
        "frozen": case.frozen,
        "chat_locked": case.chat_locked,
        "reviews_blocked": case.reviews_blocked,
        "sequence": case.sequence,
    }


def _dispute(dispute: Dispute) -> Thing:
    said, terms = dispute.resolution, dispute.terms
    return {
        "dispute_id": dispute.dispute_id,
        "state": dispute.state.value,
        "buyer_id": dispute.buyer_id,
        "seller_id": dispute.seller_id,
        "opened_by": dispute.opened_by.value,
        "currency": terms.currency,
        "captured_minor": terms.captured_minor,
        "fees_minor": terms.fees_minor,
        "commission_minor": terms.commission_minor,
        "opened_at": dispute.opened_at,
        "opened_by_event_id": dispute.opened_by_event_id,
        "mediator_id": dispute.mediator_id,
        "assigned_at": dispute.assigned_at,
        "decision": said and said.decision.value,
        "ground": said and said.ground.value,
        "reasons": said and said.reasons,
        "decided_by": said and said.mediator_id,
        "resolved_at": said and said.resolved_at,
        "resolved_by_event_id": said and said.event_id,
        "refund_minor": said and said.refund_minor,
        "payout_minor": said and said.payout_minor,
        "platform_minor": said and said.platform_minor,
        "set_aside": tuple((p.kind.value, p.reference) for p in said.set_aside) if said else (),
    }


def _event(row: Row) -> Thing:
    named = ("topic", "dispute_id", "occurred_at", "outcome", "reason")
    return {name: row[name] for name in named} | {"outcome after waiting": row["settled_outcome"]}


def _settlement(row: Row) -> Thing:
    named = ("dispute_id", "amount_minor", "currency", "payee_id", "event_id", "requested_at")
    return {name: row[name] for name in named} | {"settlement_id": _own(row["settlement_id"])}


def _letter(row: Row) -> Thing:
    same = ("timestamp_ms", "key", "value", "consumer_group", "reason")
    whose = ("event_id", "order_id", "dispute_id", "status")
    return {
        "place": (row["topic"], row["partition"], row["offset"]),
        "headers": pair(row["headers"]),
        "is explained": bool(row["explanation"].strip() and row["error_class"]),
        **{name: row[name] for name in (*same, *whose)},
    }


def _mirror(mirror: Message, letter: Row | None) -> Thing:
    explaining = {n: v for n, v in mirror.headers if n.startswith(_EXPLAINING_HEADERS)}
    explaining.pop("mediation_dead-letter-id", None)
    same = {
        "kafka_dlt-exception-fqcn": letter and letter["error_class"].encode(),
        "kafka_dlt-exception-message": letter and letter["explanation"].encode(),
    }
    matching = {
        name: "that of the dead letter"
        for name, value in same.items()
        if explaining.get(name) == value
    }
    return {
        "topic": mirror.topic,
        "key": mirror.key,
        "value": mirror.value,
        "original headers": tuple(
            (n, v) for n, v in mirror.headers if not n.startswith(_EXPLAINING_HEADERS)
        ),
        **explaining,
        **matching,
    }


def _effect(effect: EffectSeen, record: Row, seen: Seen) -> Thing:
    headers = dict(effect.message.headers)
    said = dict(record)
    id_, said["effect_id"] = record["effect_id"], _own(UUID(record["effect_id"]))
    if "settlement_id" in said:
        known = {str(row["settlement_id"]) for row in seen.settlements}
        if said["settlement_id"] in known:
            said["settlement_id"] = OF_THE_SETTLEMENT
    ce_id = headers.pop("ce_id", None)
    trace = (headers.pop("traceparent", None) or b"").decode().split("-")
    return {
        "key": effect.message.key,
        **said,
        "ce_id": "the effect_id" if ce_id == id_.encode() else ce_id,
        "ce_source": headers.get("ce_source"),
        "ce_type": headers.get("ce_type"),
        "ce_time": _moment(headers.get("ce_time")),
        "ce_specversion": headers.get("ce_specversion"),
        "trace": trace[1] if len(trace) == _TRACE_PARTS else trace,
    }


def _own(id_: UUID) -> object:
    return ITS_OWN if id_.version == _UUID5 else id_


def _moment(text: bytes | None) -> Any:
    try:
        return datetime.fromisoformat((text or b"").decode())
    except ValueError:
        return text
