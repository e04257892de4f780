"""Compares what was found with what the scenarios demand, and names every difference.

Rule: a difference is a sentence: which order, which thing, which field, what was found and what was
demanded. Things that nobody demanded are differences too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from consumers.demo.demands import Things, demanded
from consumers.demo.findings import found
from consumers.demo.observing import Seen
from consumers.demo.staging import Staged

_LONGEST = 160


def differences(orders: Sequence[Staged], seen: Sequence[Seen]) -> list[str]:
    """Every difference of a run that is over, in words; none if all is as demanded."""
    said: list[str] = []
    for order, what in zip(orders, seen, strict=True):
        name = order.scenario.name
        said += [f"{name}: {each}" for each in _of_order(order, what)]
    return said + list(_across(seen))


def _of_order(order: Staged, seen: Seen) -> Iterator[str]:
    for step in order.scenario.steps:
        if step.name not in seen.places:
            yield f"message '{step.name}' was not read back from {step.topic.value}"
        if step.name not in seen.handled:
            yield f"message '{step.name}' was never handled: its offset is not committed"
    yield from _compared(demanded(order, seen.places), found(order, seen))
    yield from _order_of_effects(seen)
    yield from _money(seen)


def _compared(wanted: Things, there: Things) -> Iterator[str]:
    for name, fields in wanted.items():
        if name not in there:
            yield f"{name} is missing"
            continue
        for field in dict.fromkeys([*fields, *there[name]]):
            want, have = fields.get(field), there[name].get(field)
            if want != have:
                yield f"{name}: {field} is {_shown(have)} and must be {_shown(want)}"
    for name in (name for name in there if name not in wanted):
        yield f"{name} was not to be there"


def _order_of_effects(seen: Seen) -> Iterator[str]:
    """Sequences run from 1 to n without a gap, and rise within each topic."""
    first: dict[object, tuple[str, int]] = {}
    for each in seen.effects:
        if each.record is not None:
            where = (each.message.topic, each.record["sequence"])
            first.setdefault((each.message.topic, each.record["effect_id"]), where)
    sequences = sorted(number for _, number in first.values())
    if sequences != list(range(1, len(sequences) + 1)):
        yield f"the sequences of its effects are {sequences}, and must run from 1 without a gap"
    by_topic = defaultdict(list)
    for topic, number in first.values():
        by_topic[topic].append(number)
    for topic, numbers in by_topic.items():
        if numbers != sorted(numbers):
            yield f"the effects on {topic} came in the order {numbers}, and must rise"


def _money(seen: Seen) -> Iterator[str]:
    """What is paid out is what was captured, to the cent; or nothing is."""
    for dispute in seen.case.disputes if seen.case else ():
        shares = dispute.resolution
        if shares is None:
            continue
        total = shares.refund_minor + shares.payout_minor + shares.platform_minor
        captured = dispute.terms.captured_minor if shares.closes_the_order else 0
        if total != captured:
            yield (
                f"the money of {dispute.dispute_id} is not conserved: refund, payout and platform "
                f"are {total} together, and must be {captured}"
            )


def _across(seen: Sequence[Seen]) -> Iterator[str]:
    """No two effects of the whole run have one id, and no two settlements."""
    effects = {
        (each.record["effect_id"], each.message.topic, each.message.key)
        for what in seen
        for each in what.effects
        if each.record is not None
    }
    for id_, count in Counter(id_ for id_, _, _ in effects).items():
        if count > 1:
            yield f"effect_id {id_} stands for {count} different effects"
    settlements = Counter(row["settlement_id"] for what in seen for row in what.settlements)
    for id_, count in settlements.items():
        if count > 1:
            yield f"settlement_id {id_} stands for {count} different settlements"


def _shown(value: object) -> str:
    words = value.hex(" ") if isinstance(value, bytes) and not value.isascii() else repr(value)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
