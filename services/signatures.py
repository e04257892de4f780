"""Who may issue verdicts: the public keys, and whether a message is signed by one of them.

Rule: with keys there is no verdict but a signed one, and what is not is refused before a byte of
it is decoded. The library is loaded with the first signature, and never without keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from schemas.errors import ContractError
from schemas.reasons import Reason
from schemas.signatures import KEY_ID_HEADER, SIGNATURE_BYTES, SIGNATURE_HEADER, signed_bytes
from schemas.topics import Topic
from services.messages import Message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNED_TOPIC: Final = Topic.VERDICT_ISSUED.value
SIGNATURE_REASONS: Final = frozenset(
    {
        Reason.SIGNATURE_MISSING,
        Reason.SIGNATURE_INVALID,
        Reason.SIGNATURE_KEY_UNKNOWN,
        Reason.SIGNATURE_KEY_REVOKED,
    }
)
"""Why a verdict is refused that may be nobody's: it is decided with keys, or not at all."""


@dataclass(frozen=True, slots=True)
class VerdictKey:
    """A public key, raw, under the id that signers name; `revoked` says since when, and why."""

    key_id: str
    public: bytes
    revoked: str | None = None


class VerdictKeys:
    """The keys of those who may issue verdicts. Used by several threads."""

    def __init__(self, keys: Iterable[VerdictKey]) -> None:
        self.by_id = {each.key_id: each for each in keys}

    def examine(self, message: Message) -> ContractError | None:
        """Look at the signature of a message on the topic of verdicts; others have none.

        Returns what is to be said of a signature that is right, and made with a key that is
        revoked: such a verdict counts only if it counted before.

        Raises:
            ContractError: it is not signed by a key that is known here, or something was changed.
        """
        if message.topic != SIGNED_TOPIC or message.value is None:
            return None  # without a value there is no verdict either, and the codec says so
        key_id, signature = _only(message, KEY_ID_HEADER), _only(message, SIGNATURE_HEADER)
        key = self.by_id.get(key_id.decode(errors="replace"))
        if key is None:
            raise ContractError(
                Reason.SIGNATURE_KEY_UNKNOWN,
                f"The header {KEY_ID_HEADER} names the key {key_id[:64]!r}, which is none of the "
                f"{len(self.by_id)} keys that are configured.",
            )
        if message.key is None:
            raise _invalid("the message has no key, which is signed too")
        signed = signed_bytes(message.topic, key.key_id, message.key, message.value)
        if not _is_signature(key.public, signature, signed):
            raise _invalid(
                f"it is not what the key {key.key_id} signs for this topic, message key and value"
            )
        if key.revoked is None:
            return None
        return ContractError(
            Reason.SIGNATURE_KEY_REVOKED,
            f"The key {key.key_id} is revoked ({key.revoked}): nothing that it signed counts, "
            "unless it counted before.",
        )


def _only(message: Message, name: str) -> bytes:
    """The value of the one header of this name. Of two, nobody could say which one counts."""
    found = [value for each, value in message.headers if each == name]
    if not any(found):
        raise ContractError(
            Reason.SIGNATURE_MISSING, f"The verdict is not signed: it has no header {name}."
        )
    if len(found) > 1 or found[0] is None:
        raise _invalid(f"the header {name} is there {len(found)} times")
    return found[0]


def _invalid(why: str) -> ContractError:
    return ContractError(Reason.SIGNATURE_INVALID, f"The signature is not valid: {why}.")


def _is_signature(public: bytes, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        _loaded(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _loaded(public: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public)
