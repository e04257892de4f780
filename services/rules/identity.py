"""The ids of what we publish, derived and never drawn.

Rule: the same cause gives the same id, in every replay and on every machine, so that publishing
twice is harmless and no payment is made twice. Both namespaces are constants for ever: a changed
namespace would pay every dispute anew.

Each is uuid5(NAMESPACE_DNS, name) of the name beside it.
"""

from enum import StrEnum
from hashlib import sha1
from uuid import UUID

from schemas.uuids import uuid_of, uuid_text

EFFECT_NAMESPACE = UUID("c34b2a53-f8f8-5156-bd3f-34e799adea5b")  # effects.mediation
SETTLEMENT_NAMESPACE = UUID("aad2e62b-5998-56d3-b7ee-49f86c2b7f12")  # settlements.mediation

_EFFECTS, _SETTLEMENTS = EFFECT_NAMESPACE.bytes, SETTLEMENT_NAMESPACE.bytes
_VERSION_5 = 5 << 76 | 0b10 << 62  # with the variant of RFC 9562
_FREE = ~(0xF << 76 | 0b11 << 62)  # the bits that are neither


class SettlementKind(StrEnum):
    """The two ways money leaves the escrow; a dispute has one settlement of each at most."""

    REFUND = "REFUND"
    PAYOUT = "PAYOUT"


def effect_id(cause_event_id: UUID, topic: str) -> UUID:
    """The id of the effect on `topic` that this event causes; it causes one a topic at most."""
    return _derived(_EFFECTS, f"{uuid_text(cause_event_id)}/{topic}")


def settlement_id(dispute_id: str, kind: SettlementKind) -> UUID:
    """The payment service's idempotency key for this dispute and kind.

    Per dispute and never per order, since a relaunched order may be disputed twice.
    """
    return _derived(_SETTLEMENTS, f"{dispute_id}/{kind}")


def _derived(namespace: bytes, name: str) -> UUID:
    """What `uuid.uuid5` gives for the namespace of these bytes."""
    digest = sha1(namespace + name.encode(), usedforsecurity=False).digest()
    return uuid_of(int.from_bytes(digest[:16], "big") & _FREE | _VERSION_5)
