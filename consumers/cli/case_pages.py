"""A case file for people, page by page, and for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import typer

from consumers.cli.case_file import CaseFile
from consumers.cli.money import amount
from consumers.cli.output import show_pairs, show_table
from consumers.cli.visible import visible
from schemas.effects import Effect
from schemas.records import record_from
from services.rules.case import Dispute

_COMMON = {"effect_id", "sequence", "occurred_at", "order_id", "dispute_id", "cause_event_id"}
_AT_LAST = datetime.max.replace(tzinfo=UTC)
_NOT_SHOWN = {"value", "arrival"}
_OF_A_REPLAY = (
    *("event_id", "dead_letter_id", "done_at", "done_by"),
    *("outcome", "reason", "explanation"),
)
_NOT_TOLD = "The rules of this release do not lead from these events to this case: none are shown."
_PRUNED = "The payloads of its events were pruned: none are shown."
_TOLD = "(told again from the applied events by the rules; the outbox keeps only unpublished ones)"


def show_pages(file: CaseFile) -> None:
    """Write everything as text."""
    case = file.case
    typer.echo(f"Order {visible(case.order_id)}\n")
    show_pairs(
        {
            "frozen": case.frozen,
            "chat locked": case.chat_locked,
            "reviews blocked": case.reviews_blocked,
            "closed by mediation": case.closed,
        },
        indent="  ",
    )
    for dispute in case.disputes:
        typer.echo(f"\nDispute {visible(dispute.dispute_id)}: {dispute.state.value}\n")
        show_pairs(dict(_about(dispute)), indent="  ")
        typer.echo("")
        show_table(["money", "amount", "settlement"], list(_money(file, dispute)), indent="  ")
    _show_timeline(file)
    _show_effects(file)
    if file.dead_letters:
        typer.echo("\nDead letters\n")
        rows = [
            (row.first_seen_at, row.dead_letter_id, row.reason, row.status)
            for row in file.dead_letters
        ]
        show_table(["first seen", "dead letter", "reason", "status"], rows, indent="  ")


def as_json(file: CaseFile) -> dict[str, object]:
    """Everything as one JSON document; amounts also in minor units."""
    case = file.case
    return {
        "order_id": case.order_id,
        "restrictions": {
            "frozen": case.frozen,
            "chat_locked": case.chat_locked,
            "reviews_blocked": case.reviews_blocked,
        },
        "closed": case.closed,
        "sequence": case.sequence,
        "disputes": [_dispute_as_json(file, dispute) for dispute in case.disputes],
        "timeline": [
            {name: value for name, value in row._mapping.items() if name not in _NOT_SHOWN}
            for row in file.timeline
        ],
        "replays": [{name: getattr(row, name) for name in _OF_A_REPLAY} for row in file.replays],
        "effects": None
        if file.effects is None
        else [{"topic": each.topic, **record_from(each)} for each in file.effects],
        "dead_letters": [dict(row._mapping) for row in file.dead_letters],
    }


def _about(dispute: Dispute) -> Iterator[tuple[str, object]]:
    yield "opened", f"{dispute.opened_at:%Y-%m-%d %H:%M:%S} UTC by the {dispute.opened_by.lower()}"
    yield "buyer", dispute.buyer_id
    yield "seller", dispute.seller_id
    yield "mediator", dispute.mediator_id
    yield "first assigned", dispute.assigned_at
    resolution = dispute.resolution
    if resolution is not None:
        yield "resolved", resolution.resolved_at
        yield "decision", f"{resolution.decision.value} because {resolution.ground.value}"
        yield "reasons", resolution.reasons
        for piece in resolution.set_aside:
            yield "set aside", f"{piece.kind.value} {piece.reference}"


def _money(file: CaseFile, dispute: Dispute) -> Iterator[tuple[str, str, object]]:
    """Lines of (what, how much, settlement id); what is still in escrow closes the sum."""
    terms = dispute.terms
    for name, minor in _shares(dispute).items():
        settlement = file.settlements.get((dispute.dispute_id, _KINDS.get(name, "")))
        yield name, amount(minor, terms.currency), settlement


_KINDS = {"refund to buyer": "REFUND", "payout to seller": "PAYOUT"}


def _shares(dispute: Dispute) -> dict[str, int]:
    terms, resolution = dispute.terms, dispute.resolution
    shares = {
        "captured": terms.captured_minor,
        "of which fees": terms.fees_minor,
        "of which commission": terms.commission_minor,
    }
    given = 0
    if resolution is not None:
        given = resolution.refund_minor + resolution.payout_minor + resolution.platform_minor
        shares |= {
            "refund to buyer": resolution.refund_minor,
            "payout to seller": resolution.payout_minor,
            "kept by platform": resolution.platform_minor,
        }
    return shares | {"left in escrow": terms.captured_minor - given}


def _show_timeline(file: CaseFile) -> None:
    typer.echo("\nTimeline\n")
    rows: list[tuple[object, ...]] = []
    for row in file.timeline:
        event = (row.received_at, row.topic, row.event_id)
        rows.append((*event, _outcome(row.outcome, row.reason), row.explanation))
        rows.extend(("", "", "", *said) for _, said in sorted(_later(file, row)))
    blank = [tuple(" " if cell == "" else cell for cell in row) for row in rows]
    show_table(["received", "topic", "event", "outcome", "explanation"], blank, indent="  ")


def _later(file: CaseFile, row: Any) -> Iterator[tuple[datetime, tuple[str, str]]]:
    """What became of an event after its first outcome, with the time of each."""
    if row.waiting is not None:
        yield row.settled_at or _AT_LAST, _what_became_of(row)
    for replay in file.replays:
        if replay.event_id == row.event_id:
            said = f"replayed: {_outcome(replay.outcome, replay.reason)}"
            when = f"{replay.done_at:%H:%M:%S} UTC by {replay.done_by}"
            yield replay.done_at, (said, f"{when}: {replay.explanation}")


def _what_became_of(row: Any) -> tuple[str, str]:
    if row.settled_at is None:
        return "still waiting", f"for the {row.waiting}"
    outcome = _outcome(row.settled_outcome, row.settled_reason)
    return f"then {outcome}", f"{row.settled_at:%H:%M:%S} UTC: {row.settled_explanation}"


def _outcome(outcome: str, reason: str | None) -> str:
    return f"{outcome} ({reason})" if reason else outcome


def _show_effects(file: CaseFile) -> None:
    typer.echo(f"\nEffects {_TOLD if file.effects else ''}".rstrip() + "\n")
    if file.effects is None:
        pruned = any(row.pruned_at for row in file.timeline)
        typer.echo(f"  {_PRUNED if pruned else _NOT_TOLD}")
        return
    rows = [(each.sequence, each.topic, each.effect_id, _said(each)) for each in file.effects]
    show_table(["sequence", "topic", "effect", "says"], rows, indent="  ")


def _said(effect: Effect) -> str:
    said = {key: value for key, value in record_from(effect).items() if key not in _COMMON}
    currency = said.pop("currency", None)
    words = (
        f"{key.removesuffix('_minor')}={amount(value, str(currency))}"
        if key.endswith("_minor") and isinstance(value, int)
        else f"{key}={value}"
        for key, value in said.items()
        if value is not None
    )
    return ", ".join(words)


def _dispute_as_json(file: CaseFile, dispute: Dispute) -> dict[str, object]:
    resolution, currency = dispute.resolution, dispute.terms.currency
    money = {
        name.replace(" ", "_"): {"minor": minor, "amount": amount(minor, currency)}
        for name, minor in _shares(dispute).items()
    }
    return {
        "dispute_id": dispute.dispute_id,
        "state": dispute.state,
        "opened_by": dispute.opened_by,
        "opened_at": dispute.opened_at,
        "opened_by_event_id": dispute.opened_by_event_id,
        "buyer_id": dispute.buyer_id,
        "seller_id": dispute.seller_id,
        "mediator_id": dispute.mediator_id,
        "assigned_at": dispute.assigned_at,
        "currency": currency,
        "money": money,
        "settlements": {
            kind.lower(): settlement_id
            for (dispute_id, kind), settlement_id in file.settlements.items()
            if dispute_id == dispute.dispute_id
        },
        "resolution": resolution
        and {
            "event_id": resolution.event_id,
            "mediator_id": resolution.mediator_id,
            "decision": resolution.decision,
            "ground": resolution.ground,
            "reasons": resolution.reasons,
            "resolved_at": resolution.resolved_at,
            "set_aside": [record_from(piece) for piece in resolution.set_aside],
        },
    }
