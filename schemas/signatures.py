"""The signature of a verdict on the wire: what is signed, and the headers that carry it.

Rule of this file: what a domain says is signed never changes, since other programs sign it too. Any
other form of it is another domain.
"""

from typing import Final

DOMAIN: Final = b"mediation.verdict-signature.v1"
"""The first thing that is signed: so a signature made for anything else is none here."""

SIGNATURE_HEADER: Final = "mediation_signature"
"""The Ed25519 signature: 64 bytes, as they are."""

KEY_ID_HEADER: Final = "mediation_signature-key"
"""The id of the key that made it, in UTF-8."""

SIGNATURE_BYTES: Final = 64


def signed_bytes(topic: str, key_id: str, key: bytes, value: bytes) -> bytes:
    """What is signed: five parts, each after its length in four bytes, big-endian.

    With their lengths no two messages are signed alike, wherever one part ends and the next begins.
    `key` and `value` are those of the Kafka message, exactly as they are sent.
    """
    parts = (DOMAIN, topic.encode(), key_id.encode(), key, value)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
