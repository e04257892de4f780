"""Does what the database keeps of an order fit together? Each way in which it may not has a name.

Rule: the set of invariants is closed, and a check looks only at what it is given. What an order
must be is told anew by the rules, from the events that were applied to it: today's rules, so after
a change of the rules an order from before it may be found to be otherwise.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.codec import Codec
from services.errors import ContractError
from services.history import Told, applied, tell
from services.rules.case import Case, Dispute
from services.rules.decide import decide
from services.rules.identity import SettlementKind, settlement_id
from services.rules.outcome import Outcome
from services.rules.payments import split
from services.storage.auditing import OrderRecords


class Invariant(StrEnum):
    """What must hold; the value is the label of the metric."""

    FROZEN_FITS_DISPUTES = "frozen_fits_disputes"
    CHAT_FITS_DISPUTES = "chat_fits_disputes"
    REVIEWS_BLOCKED_FITS_CLOSURE = "reviews_blocked_fits_closure"
    ONE_UNRESOLVED_DISPUTE = "one_unresolved_dispute"
    MONEY_FITS_VERDICT = "money_fits_verdict"
    SETTLEMENTS_FIT_VERDICT = "settlements_fit_verdict"
    ONE_SETTLEMENT_PER_KIND = "one_settlement_per_kind"
    TIMELINE_FITS_STATE = "timeline_fits_state"
    EFFECTS_COMPLETE = "effects_complete"
    PARKED_EVENTS_WAIT = "parked_events_wait"
    TALLIES_FIT_TABLES = "tallies_fit_tables"


@dataclass(frozen=True, slots=True)
class Violation:
    """An order of which an invariant does not hold, in words; `order_id` is "" for all together."""

    order_id: str
    invariant: Invariant
    words: str


@dataclass(frozen=True, slots=True)
class Audited:
    """An order's records, and what its applied events come to when they are told again.

    `told` is None where one of them can no longer be read; `unreadable` says why, unless it was
    pruned: then what it led to is final, and is held together without it.
    """

    records: OrderRecords
    codec: Codec
    told: Told | None
    unreadable: str = ""


def violations_of(records: OrderRecords, codec: Codec) -> list[Violation]:
    """Every way in which an order is not coherent.

    Raises:
        RegistryUnavailableError: an event names a schema, and the registry cannot say which.
    """
    case = records.case
    try:
        if any(row.value is None for row in records.timeline):
            return _violations(Audited(records, codec, None))
        told = tell(case.order_id, applied(codec, records.timeline, records.replays))
        audited = Audited(records, codec, told)
    except ContractError as error:
        audited = Audited(records, codec, None, str(error))
    return _violations(audited)


def _violations(audited: Audited) -> list[Violation]:
    return [
        Violation(audited.records.case.order_id, invariant, words)
        for invariant, check in CHECKS.items()
        for words in check(audited)
    ]


def _frozen(audited: Audited) -> Iterator[str]:
    case = audited.records.case
    if case.frozen != (case.unresolved is not None):
        which = "is frozen, and none of its disputes is unresolved"
        other = "is not frozen, and one of its disputes is unresolved"
        yield f"the order {which if case.frozen else other}"


def _chat(audited: Audited) -> Iterator[str]:
    case = audited.records.case
    if case.chat_locked != (case.unresolved is not None or case.closed):
        which = "is locked, and the order is neither in dispute nor closed by mediation"
        other = "is open, and the order is in dispute or closed by mediation"
        yield f"the chat {which if case.chat_locked else other}"


def _reviews(audited: Audited) -> Iterator[str]:
    case = audited.records.case
    if case.reviews_blocked != case.closed:
        which = "are blocked, and no verdict closed the order"
        other = "are possible, and a verdict closed the order"
        yield f"reviews {which if case.reviews_blocked else other}"


def _one_unresolved(audited: Audited) -> Iterator[str]:
    disputes = audited.records.case.disputes
    unresolved = [each.dispute_id for each in disputes if each.resolution is None]
    if len(unresolved) > 1:
        yield f"several disputes are unresolved: {', '.join(unresolved)}"
    closing = [
        each.dispute_id
        for each in disputes
        if each.resolution is not None and each.resolution.closes_the_order
    ]
    if len(closing) > 1:
        yield f"several verdicts close the order, on {', '.join(closing)}"


def _money(audited: Audited) -> Iterator[str]:
    for dispute in audited.records.case.disputes:
        verdict = dispute.resolution
        if verdict is None:
            continue
        given = (verdict.refund_minor, verdict.payout_minor, verdict.platform_minor)
        captured = dispute.terms.captured_minor if verdict.closes_the_order else 0
        if sum(given) != captured:
            yield (
                f"{dispute.dispute_id}: refund, payout and platform are {_sum(given)}, and "
                f"{captured} is to be divided"
            )
        refund = verdict.refund_minor
        try:
            due = split(verdict.decision, dispute.terms, refund)
        except ValueError as error:
            yield f"{dispute.dispute_id}: {error}"
            continue
        if given != (due.refund_minor, due.payout_minor, due.platform_minor):
            yield (
                f"{dispute.dispute_id}: {verdict.decision} gives {_sum(given)}, and the rules give "
                f"{_sum((due.refund_minor, due.payout_minor, due.platform_minor))}"
            )


def _settlements(audited: Audited) -> Iterator[str]:
    asked = {(row.dispute_id, row.kind): row for row in audited.records.settlements}
    due = dict(pair for each in audited.records.case.disputes for pair in _due(each))
    for key in sorted(due.keys() - asked.keys()):
        yield f"{key[0]}: a {key[1].lower()} is due, and none was asked for"
    for key in sorted(asked.keys() - due.keys()):
        yield f"{key[0]}: a {key[1].lower()} was asked for, and none is due"
    for key in sorted(due.keys() & asked.keys()):
        row = asked[key]
        found = (
            *(row.settlement_id, row.amount_minor, row.currency, row.payee_id),
            *(row.event_id, row.requested_at),
        )
        if found != due[key]:
            said = ", ".join(str(each) for each in found)
            yield (
                f"{key[0]}: the {key[1].lower()} asked for is {said}, and the verdict's is "
                f"{', '.join(str(each) for each in due[key])}"
            )


def _due(dispute: Dispute) -> Iterator[tuple[tuple[str, str], tuple[object, ...]]]:
    verdict, terms = dispute.resolution, dispute.terms
    if verdict is None:
        return
    for kind, amount, payee in (
        (SettlementKind.REFUND, verdict.refund_minor, dispute.buyer_id),
        (SettlementKind.PAYOUT, verdict.payout_minor, dispute.seller_id),
    ):
        if amount:
            identity = settlement_id(dispute.dispute_id, kind)
            cause = (verdict.event_id, verdict.resolved_at)
            yield (
                (dispute.dispute_id, kind.value),
                (identity, amount, terms.currency, payee, *cause),
            )


def _settled_once(audited: Audited) -> Iterator[str]:
    settlements = audited.records.settlements
    for (dispute_id, kind), count in Counter((r.dispute_id, r.kind) for r in settlements).items():
        if count > 1:
            yield f"{dispute_id}: {count} settlements of the kind {kind}"


def _timeline(audited: Audited) -> Iterator[str]:
    case, told = audited.records.case, audited.told
    if told is None:
        if audited.unreadable:
            yield f"an event that was applied can no longer be read: {audited.unreadable}"
        return
    if told.case != replace(case, elsewhere=told.case.elsewhere):
        yield f"its events do not lead to this case: {_difference(case, told.case)}"


def _difference(kept: Case, told: Case) -> str:
    for name in ("frozen", "chat_locked", "reviews_blocked", "sequence"):
        if getattr(kept, name) != getattr(told, name):
            return f"{name} is {getattr(kept, name)}, told {getattr(told, name)}"
    ids = [each.dispute_id for each in kept.disputes]
    if ids != [each.dispute_id for each in told.disputes]:
        return f"disputes are {ids}, told {[each.dispute_id for each in told.disputes]}"
    pairs = zip(kept.disputes, told.disputes, strict=True)
    of_it, again = next((one, other) for one, other in pairs if one != other)
    fields = [name for name in Dispute.__slots__ if getattr(of_it, name) != getattr(again, name)]
    return f"{of_it.dispute_id} differs in {', '.join(fields)}"


def _effects(audited: Audited) -> Iterator[str]:
    case, told, pending = audited.records.case, audited.told, audited.records.pending
    if told is None:
        return
    if case.sequence != len(told.effects):
        caused = len(told.effects)
        yield f"{case.sequence} effects were numbered, and its applied events cause {caused}"
    newest = [str(each.effect_id) for each in told.effects[len(told.effects) - len(pending) :]]
    if pending != newest:
        yield (
            f"the outbox holds {len(pending)} of its effects, and they are not its newest: "
            f"{', '.join(pending)}"
        )


def _parked(audited: Audited) -> Iterator[str]:
    """An event that waits must still have something to wait for; one that came early must wait."""
    records = audited.records
    for row in records.timeline:
        if row.outcome == Outcome.DEFERRED and row.waiting is None and row.value is not None:
            yield f"event {row.event_id} was deferred and is not parked"
        if row.waiting is None or row.settled_at is not None:
            continue
        try:
            event = audited.codec.decode(row.topic, row.value)
        except ContractError:
            continue  # it is refused when its turn comes
        decision = decide(records.case, event)
        if decision.outcome is not Outcome.DEFERRED:
            yield f"event {row.event_id} waits, and would be {decision.outcome} now"


def _sum(amounts: tuple[int, ...]) -> str:
    return " + ".join(str(each) for each in amounts)


CHECKS: Final[Mapping[Invariant, Callable[[Audited], Iterator[str]]]] = MappingProxyType(
    {
        Invariant.FROZEN_FITS_DISPUTES: _frozen,
        Invariant.CHAT_FITS_DISPUTES: _chat,
        Invariant.REVIEWS_BLOCKED_FITS_CLOSURE: _reviews,
        Invariant.ONE_UNRESOLVED_DISPUTE: _one_unresolved,
        Invariant.MONEY_FITS_VERDICT: _money,
        Invariant.SETTLEMENTS_FIT_VERDICT: _settlements,
        Invariant.ONE_SETTLEMENT_PER_KIND: _settled_once,
        Invariant.TIMELINE_FITS_STATE: _timeline,
        Invariant.EFFECTS_COMPLETE: _effects,
        Invariant.PARKED_EVENTS_WAIT: _parked,
    }
)
"""All but the tallies, which are of all orders together."""
