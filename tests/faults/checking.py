"""Is everything as the stories demand? Nothing lost, nothing doubled, nothing wrong.

Rule: only what is on the topics and in the tables counts, read with plain clients; every difference
is a line of words.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from consumers.bootstrap import CONSUMERS
from schemas.topics import INBOUND, OUTBOUND, dead_letter_topic
from tests.faults.load import REFUSED_FOR
from tests.faults.reading import Record, read_all
from tests.faults.stories import Ending, Story

Query = Callable[..., list[tuple[Any, ...]]]
Place = tuple[str, int, int]


def differences(servers: str, query: Query, stories: Sequence[Story]) -> Iterator[str]:
    """What is not as it must be, in words; nothing if all is well."""
    inbound = list(read_all(servers, INBOUND))
    yield from _unpublished(inbound, stories)
    yield from wrong_effects(read_all(servers, OUTBOUND), stories)
    yield from _wrong_cases(query, stories)
    yield from _wrong_money(query, stories)
    yield from _wrong_letters(servers, query, inbound)
    yield from _wrong_inbox(query, stories)


def _unpublished(inbound: list[Record], stories: Sequence[Story]) -> Iterator[str]:
    """The campaign's own client must not have lost anything either."""
    there = {(each.topic, each.value) for each in inbound}
    for story in stories:
        for letter in story.letters:
            if (letter.topic, letter.value) not in there:
                yield f"{story.order_id}: the campaign never published {letter.event_id}"


def wrong_effects(records: Iterator[Record], stories: Sequence[Story]) -> Iterator[str]:
    """Effects that are missing, unknown, doubled, out of order, or that say another thing."""
    first: dict[str, Record] = {}
    newest: dict[tuple[str, str], int] = {}
    found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for record in records:
        said = {name: _plain(value) for name, value in record.said.items()}
        order_id, effect_id = said["order_id"], said["effect_id"]
        earlier = first.setdefault(effect_id, record)
        if earlier is not record:
            if (earlier.topic, earlier.key, earlier.value, earlier.headers) != (
                record.topic, record.key, record.value, record.headers
            ):  # fmt: skip
                yield f"{order_id}: {effect_id} was published twice, and differs"
            continue
        if record.key != order_id.encode():
            yield f"{order_id}: {effect_id} has the key {record.key!r}"
        if said["sequence"] <= newest.get((order_id, record.topic), 0):
            yield f"{order_id}: {effect_id} on {record.topic} was overtaken"
        newest[order_id, record.topic] = said["sequence"]
        found[order_id].append((record.topic, said))
    for story in stories:
        yield from _compare(story, found.pop(story.order_id, []))
    for order_id in found:
        yield f"{order_id}: effects of an order that no story tells of"


def _compare(story: Story, found: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    found.sort(key=lambda each: each[1]["sequence"])
    ids = Counter(said["effect_id"] for _, said in found)
    demanded = Counter(known["effect_id"] for _, known in story.effects)
    if ids != demanded:
        lost, more = demanded - ids, ids - demanded
        yield f"{story.order_id}: {sum(lost.values())} effects lost, {sum(more.values())} too many"
        return
    for (topic, known), (found_topic, said) in zip(story.effects, found, strict=True):
        wrong = {name: said.get(name) for name in known if said.get(name) != known[name]}
        if topic != found_topic or wrong:
            yield f"{story.order_id}: {found_topic} says {wrong}, not {known} on {topic}"


def _wrong_cases(query: Query, stories: Sequence[Story]) -> Iterator[str]:
    cases = {
        row[0]: row[1:]
        for row in query(
            "SELECT order_id, frozen, chat_locked, reviews_blocked, sequence FROM cases"
        )
    }
    endings: dict[str, dict[str, Ending]] = defaultdict(dict)
    for order_id, dispute_id, *ending in query(
        "SELECT order_id, dispute_id, state, mediator_id, decision,"
        " refund_minor, payout_minor, platform_minor FROM disputes"
    ):
        endings[order_id][dispute_id] = Ending(*ending)
    for story in stories:
        demanded = (*story.restrictions, len(story.effects))
        if cases.pop(story.order_id, None) != demanded:
            yield f"{story.order_id}: the case is not {demanded}"
        if endings[story.order_id] != story.disputes:
            yield f"{story.order_id}: disputes {endings[story.order_id]}, not {story.disputes}"
    if cases:
        yield f"cases that no story tells of: {sorted(cases)[:5]}"


def _wrong_money(query: Query, stories: Sequence[Story]) -> Iterator[str]:
    rows = query("SELECT settlement_id, dispute_id, kind, amount_minor, payee_id FROM settlements")
    settlements = {row[0]: tuple(row[1:]) for row in rows}
    demanded = {id_: each for story in stories for id_, each in story.settlements.items()}
    for id_ in settlements.keys() | demanded.keys():
        if settlements.get(id_) != demanded.get(id_):
            yield f"settlement {id_}: {settlements.get(id_)}, not {demanded.get(id_)}"
    unconserved = query(
        "SELECT dispute_id FROM disputes WHERE decision <> 'RELAUNCH'"
        " AND refund_minor + payout_minor + platform_minor <> captured_minor"
    )
    yield from (f"{row[0]}: money is not conserved" for row in unconserved)


def _wrong_letters(servers: str, query: Query, inbound: list[Record]) -> Iterator[str]:
    """Each message that must be refused is one dead letter, and has its mirror."""
    demanded = {
        (each.topic, each.partition, each.offset): (reason, each.key, each.value)
        for each in inbound
        if (reason := each.header(REFUSED_FOR)) is not None
    }
    found: dict[Place, tuple[Any, ...]] = {}
    ids: dict[str, Place] = {}
    for id_, topic, partition, offset, *rest in query(
        'SELECT dead_letter_id, topic, partition, "offset", reason, key, value FROM dead_letters'
    ):
        place = (topic, partition, offset)
        if place in found:
            yield f"{place} is a dead letter twice"
        found[place], ids[str(id_)] = tuple(rest), place
    for place in demanded.keys() | found.keys():
        if found.get(place) != demanded.get(place):
            yield f"{place}: dead letter {_short(found, place)}, not {_short(demanded, place)}"
    mirrored = {
        record.header("mediation_dead-letter-id")
        for record in read_all(servers, [dead_letter_topic(topic) for topic in INBOUND])
    }
    if mirrored != set(ids):
        yield f"mirrors: {len(set(ids) - mirrored)} missing, {len(mirrored - set(ids))} too many"


def _wrong_inbox(query: Query, stories: Sequence[Story]) -> Iterator[str]:
    known: set[UUID] = {row[0] for row in query("SELECT event_id FROM events")}
    demanded = {each.event_id for story in stories for each in story.letters}
    if known != demanded:
        yield f"inbox: {len(demanded - known)} events missing, {len(known - demanded)} too many"
    for table, where in (("parked_events", "settled_at IS NULL"), ("outbox", "true")):
        ((count,),) = query(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - our own
        if count:
            yield f"{count} rows are left in {table}"


def _short(letters: dict[Place, Any], place: Place) -> str:
    return repr(letters[place])[:120] if place in letters else "none"


def _plain(value: Any) -> Any:
    """UUIDs as text; the rest as Avro has it."""
    return str(value) if isinstance(value, UUID) else value


__all__ = ["CONSUMERS", "differences", "wrong_effects"]
