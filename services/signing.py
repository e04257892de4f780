"""The other side of a signature: a private key, and what a signer sends with a verdict.

Rule: a private key is in a file that only its owner can read, and nowhere else: never printed,
never in an error. Only the command line signs; the pipeline itself has no private key.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.signatures import KEY_ID_HEADER, SIGNATURE_HEADER, signed_bytes
from services.errors import RefusedError
from services.messages import Outgoing
from services.signatures import SIGNED_TOPIC, VerdictKey
from services.verdict_keys import BadKeyError, usable_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs verdicts with one key; everything else it leaves as it is."""

    key_id: str
    private: "Ed25519PrivateKey"

    def signed(self, outgoing: Outgoing) -> Outgoing:
        """The message with its signature, if it is a verdict."""
        if outgoing.topic != SIGNED_TOPIC or outgoing.key is None or outgoing.value is None:
            return outgoing
        said = signed_bytes(outgoing.topic, self.key_id, outgoing.key, outgoing.value)
        signature = self.private.sign(said)
        headers = (
            *((KEY_ID_HEADER, self.key_id.encode()), (SIGNATURE_HEADER, signature)),
            *outgoing.headers,
        )
        return replace(outgoing, headers=headers)

    @property
    def public(self) -> VerdictKey:
        """What the pipeline has to know to believe this signer."""
        return VerdictKey(self.key_id, self.private.public_key().public_bytes_raw())


def generate(directory: Path, key_id: str) -> tuple[Path, Signer]:
    """Make a key pair; the private key becomes `<key_id>.pem`, for its owner alone.

    Raises:
        RefusedError: the id cannot be one, or there is such a file already.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = directory / f"{_usable(key_id)}.pem"
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RefusedError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(file, "wb") as out:
        out.write(pem)
    return path, Signer(key_id, private)


def read_signer(path: Path) -> Signer:
    """The private key in a PEM file; its id is the file's name without `.pem`.

    Raises:
        RefusedError: it cannot be read, others can read it, or it is no Ed25519 private key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        exposed = path.stat().st_mode & 0o077
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RefusedError(f"{path} is no private key in PEM without a password") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise RefusedError(f"{path} is a private key of another kind: it must be Ed25519")
    if exposed:
        raise RefusedError(f"{path} can be read by others: run chmod 600 {path}")
    return Signer(_usable(path.name.removesuffix(".pem")), private)


def _usable(key_id: str) -> str:
    try:
        return usable_id(key_id)
    except BadKeyError as error:
        raise RefusedError(str(error)) from None
