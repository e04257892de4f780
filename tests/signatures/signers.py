"""Signers for tests. Rule: their private keys are made of their names: they guard nothing."""

from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.events import Event
from services.messages import Headers, Message, Outgoing
from services.signatures import VerdictKeys
from services.signing import Signer
from tests.deliveries import Deliveries

TOOL_ID = "mediation-tool-2026"


def signer(key_id: str = TOOL_ID) -> Signer:
    """The signer of this name, the same in every run."""
    seed = sha256(f"a key for tests alone: {key_id}".encode()).digest()
    return Signer(key_id, Ed25519PrivateKey.from_private_bytes(seed))


def keys(*signers: Signer, revoked: tuple[Signer, ...] = ()) -> VerdictKeys:
    """Who is believed, and who is not any more."""
    since = "2026-03-05, its laptop was stolen"
    return VerdictKeys(
        [
            *(each.public for each in signers),
            *(replace(each.public, revoked=since) for each in revoked),
        ]
    )


def signature_of(message: Message, by: Signer) -> Headers:
    """The two headers that `by` would send with this message."""
    return by.signed(Outgoing(message.topic, message.key, message.value)).headers


def signed(message: Message, by: Signer | None = None) -> Message:
    """The message with the signature of `by`."""
    return replace(message, headers=signature_of(message, by or signer()))


def signed_delivery(deliveries: Deliveries, event: Event, by: Signer | None = None) -> Message:
    """The next message of the event's topic, signed if it is a verdict."""
    return signed(deliveries.of(event), by)
