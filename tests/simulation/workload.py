"""What happens upstream in one run: a few disputed orders, told topic by topic, and what disturbs.

Rule: within a topic the events of an order keep the order in which they were lived; nothing else is
kept. Where a race decides what becomes of an order, a story says every way in which it may end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any
from zlib import crc32

from schemas.codec import Codec
from schemas.events import Event, VerdictDecision, VerdictIssued
from schemas.topics import INBOUND
from tests.builders import OPENED_AT, mediator_assigned, order_disputed, verdict_issued
from tests.simulation.faults import Plan

D = VerdictDecision
CLOSING = (D.FULL_REFUND, D.PARTIAL_REFUND, D.PAY_SELLER)
TERMS: tuple[dict[str, Any], ...] = (
    {},
    {"captured_minor": 9_999, "fees_minor": 0, "commission_minor": 333},
    {"captured_minor": 5_000, "fees_minor": 500, "commission_minor": 4_500},
)
GARBAGE = (
    None,
    b"",
    b"\x00\x00\x00\x00\x07",
    b"\xc3\x01",
    b'{"order_id": "order-0"}',
    b"\xff" * 40,
)


@dataclass(frozen=True)
class Ending:
    """One way in which the orders of a story may have been lived.

    `histories`: the events of each order that count, in the order in which they were lived.
    `refused`: events whose every delivery is a dead letter; `lost`: events that are one each.
    """

    histories: dict[str, tuple[Event, ...]]
    refused: tuple[Event, ...] = ()
    lost: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Story:
    """What is published about some orders, and the ways in which it may end."""

    events: tuple[Event, ...]
    endings: tuple[Ending, ...]


@dataclass(frozen=True)
class Delivery:
    """A message that somebody upstream produces at a moment; without an event it is garbage."""

    at: float
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    event: Event | None = None


disputed = cache(order_disputed)
assigned = cache(mediator_assigned)
decided = cache(verdict_issued)


def draw_stories(random: Random, plan: Plan) -> list[Story]:
    """The orders of one run."""
    stories = [_plain(random, f"order-{n}") for n in range(plan.orders)]
    stories += [_two_orders_with_one_dispute(random, n) for n in range(plan.shared_disputes)]
    stories += [_two_events_with_one_id(random, n) for n in range(plan.reused_events)]
    return stories


def draw_deliveries(
    random: Random, plan: Plan, stories: list[Story], codec: Codec
) -> list[Delivery]:
    """When each event of the stories is produced, and what comes twice, and what is garbage."""
    lanes: dict[tuple[str, str], list[Event]] = {}
    for event in (event for story in stories for event in story.events):
        lanes.setdefault((event.topic.value, event.order_id), []).append(event)
    deliveries: list[Delivery] = []
    for (topic, order_id), events in lanes.items():
        key = order_id.encode()
        partition = crc32(key) % plan.partitions
        moments = sorted(_moment(random, plan) for _ in events)
        for at, event in zip(moments, events, strict=True):
            value = codec.encode(event)
            again = [random.uniform(at, plan.span)] if random.random() < plan.duplicates else []
            deliveries += [
                Delivery(when, topic, partition, key, value, event) for when in (at, *again)
            ]
    return sorted([*deliveries, *_garbage(random, plan)], key=lambda each: each.at)


def _moment(random: Random, plan: Plan) -> float:
    moment = random.uniform(0, plan.span)
    return plan.span / plan.bursts * (moment * plan.bursts // plan.span) if plan.bursts else moment


def _garbage(random: Random, plan: Plan) -> Iterator[Delivery]:
    for _ in range(plan.garbage):
        topic = random.choice(INBOUND).value
        at, partition = random.uniform(0, plan.span), random.randrange(plan.partitions)
        value = random.choice(GARBAGE)
        yield Delivery(at, topic, partition, random.choice([None, b"order-0"]), value)


def _plain(random: Random, order_id: str) -> Story:
    """Relaunches, then a dispute that gets as far as it gets; all that is refused on the way."""
    terms = random.choice(TERMS)
    relaunches = random.choice([0, 0, 0, 1, 1, 2])
    history: list[Event] = []
    for number in range(relaunches):
        history += _dispute(random, order_id, number, D.RELAUNCH, terms)
    last = _dispute(random, order_id, relaunches, random.choice(CLOSING), terms)
    cut = random.random() < 0.2
    history += last[: random.randrange(len(last))] if cut else last
    if not cut and random.random() < 0.15:
        history += _dispute(random, order_id, relaunches + 1, D.FULL_REFUND, terms)
    refused = tuple(
        replace(event, reasons="The same id, and other reasons.")
        for event in history
        if isinstance(event, VerdictIssued) and random.random() < 0.05
    )
    return Story((*history, *refused), (Ending({order_id: tuple(history)}, refused),))


def _dispute(
    random: Random, order_id: str, number: int, decision: D, terms: dict[str, Any]
) -> list[Event]:
    """One dispute from its opening to its verdict, with what changes nothing around it."""
    names = {"order_id": order_id, "dispute_id": f"{order_id}/{number}"}
    odd = [random.random() < 0.15 for _ in range(6)]
    history: list[Event] = [disputed(**names, **terms)]
    if odd[0]:
        history.append(disputed(**names, name=f"{order_id}/{number} again"))
    if odd[1]:
        history.append(assigned(**names, mediator_id="buyer-1"))
    mediators = [f"mediator-{n}" for n in range(random.choice([1, 1, 2, 3]))]
    history += [assigned(**names, mediator_id=mediator) for mediator in mediators]
    in_charge = {**names, "mediator_id": mediators[-1]}
    if odd[2]:
        history.append(assigned(**in_charge, occurred_at=OPENED_AT + timedelta(hours=40)))
    if odd[3]:
        history.append(decided(**in_charge, reasons=" "))
    if odd[4]:
        history.append(decided(**names, mediator_id="a stranger"))
    history.append(decided(**in_charge, decision=decision))
    if odd[5] or random.random() < 0.15:
        other = random.choice([each for each in D if each not in (decision, D.UNKNOWN)])
        history.append(decided(**in_charge, decision=other, name=f"{order_id}/{number} {other}"))
    return history


def _two_orders_with_one_dispute(random: Random, number: int) -> Story:
    """Whichever opens the dispute first has it; of the other order everything is refused."""
    one, other = f"twin-{number}-one", f"twin-{number}-other"
    shared = f"shared-{number}"
    first, second = (
        (
            disputed(order_id=order_id, dispute_id=shared),
            assigned(order_id=order_id, dispute_id=shared),
            decided(order_id=order_id, dispute_id=shared, decision=random.choice(CLOSING)),
        )
        for order_id in (one, other)
    )
    return Story(
        first + second,
        (
            Ending({one: first, other: ()}, lost=second),
            Ending({one: (), other: second}, lost=first),
        ),
    )


def _two_events_with_one_id(random: Random, number: int) -> Story:
    """Whichever comes first counts; the other one is refused at every delivery."""
    first, second = f"reused-{number}-one", f"reused-{number}-other"
    one = tuple(_dispute(random, first, 0, random.choice(CLOSING), {}))
    other = tuple(_dispute(random, second, 0, random.choice(CLOSING), {}))
    taken = random.choice(one)
    replaced = random.choice(other)
    with_its_id = replace(replaced, event_id=taken.event_id)
    without = tuple(event for event in other if event is not replaced)
    changed = tuple(with_its_id if event is replaced else event for event in other)
    rest = tuple(event for event in one if event is not taken)
    return Story(
        one + changed,
        (
            Ending({first: one, second: without}, refused=(with_its_id,)),
            Ending({first: rest, second: changed}, refused=(taken,)),
        ),
    )
