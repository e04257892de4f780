"""The ids of what we publish, derived and never drawn.

Rule: the same cause gives the same id, in every replay and on every machine, so that publishing
twice is harmless and no payment is made twice. Both namespaces are constants for ever: a changed
namespace would pay every dispute anew.

Each is uuid5(NAMESPACE_DNS, name) of the name beside it.
"""

from enum import StrEnum
from uuid import UUID, uuid5

EFFECT_NAMESPACE = UUID("c34b2a53-f8f8-5156-bd3f-34e799adea5b")  # effects.mediation
SETTLEMENT_NAMESPACE = UUID("aad2e62b-5998-56d3-b7ee-49f86c2b7f12")  # settlements.mediation


class SettlementKind(StrEnum):
    """The two ways money leaves the escrow; a dispute has one settlement of each at most."""

    REFUND = "REFUND"
    PAYOUT = "PAYOUT"


def effect_id(cause_event_id: UUID, topic: str) -> UUID:
    """The id of the effect on `topic` that this event causes; it causes one a topic at most."""
    return uuid5(EFFECT_NAMESPACE, f"{cause_event_id}/{topic}")


def settlement_id(dispute_id: str, kind: SettlementKind) -> UUID:
    """The payment service's idempotency key for this dispute and kind.

    Per dispute and never per order, since a relaunched order may be disputed twice.
    """
    return uuid5(SETTLEMENT_NAMESPACE, f"{dispute_id}/{kind}")
