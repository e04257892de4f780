"""The file of public keys: JSON that people write, read once at the start.

Rule: a file that could be meant in two ways, or with which anybody could sign, is refused whole,
and the message says what is wrong with which key. Nothing here loads a library for it.
"""

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Any, Final

from services.errors import SettingsError
from services.signatures import VerdictKey, VerdictKeys

_SPKI: Final = bytes.fromhex("302a300506032b6570032100")  # "an Ed25519 public key follows", in DER
_ARMOR: Final = re.compile(r"-----(BEGIN|END) PUBLIC KEY-----|\s")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ORDER_8: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_WEAK: Final = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}  # of an order with which anybody can sign


class BadKeyError(ValueError):
    """A key that cannot be used; the message says why."""


def load_verdict_keys(path: Path) -> VerdictKeys:
    """Read the keys of those who may issue verdicts.

    Raises:
        SettingsError: the file cannot be read, or is not what it has to be.
    """
    try:
        listed = _listed(path.read_bytes())
        keys: dict[str, VerdictKey] = {}
        for each in listed:
            _add(keys, _key(each))
    except OSError as error:
        raise SettingsError(f"MEDIATION_VERDICT_KEYS: {path}: {error.strerror}") from None
    except BadKeyError as error:
        raise SettingsError(f"MEDIATION_VERDICT_KEYS: {path}: {error}") from None
    return VerdictKeys(keys.values())


def usable_id(key_id: str) -> str:
    """The id, if it can be one. Raises `BadKeyError`."""
    if not _ID.fullmatch(key_id):
        raise BadKeyError(
            f"the id {key_id!r} must be 1 to 64 letters, digits, dots, hyphens or underscores"
        )
    return key_id


def entry(key: VerdictKey) -> dict[str, str]:
    """A key as it stands in the file."""
    said = {"id": key.key_id, "public_key": base64.b64encode(_SPKI + key.public).decode()}
    return said if key.revoked is None else said | {"revoked": key.revoked}


def _listed(content: bytes) -> list[Any]:
    try:
        found = json.loads(content, object_pairs_hook=_unambiguous)
    except BadKeyError:
        raise
    except (ValueError, RecursionError) as error:
        raise BadKeyError(f"it is not JSON: {error}") from None
    if not isinstance(found, dict) or set(found) != {"keys"} or not isinstance(found["keys"], list):
        raise BadKeyError('it must be {"keys": [{"id": …, "public_key": …}, …]}')
    if not found["keys"]:
        raise BadKeyError("there is no key in it, so no verdict could ever count")
    return found["keys"]


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise BadKeyError(f"a name is given twice among {', '.join(names)}")
    return dict(pairs)


def _key(said: Any) -> VerdictKey:
    if not isinstance(said, dict) or not {"id", "public_key"} <= set(said):
        raise BadKeyError('each key needs an "id" and a "public_key"')
    unknown = set(said) - {"id", "public_key", "revoked"}
    if unknown or not all(isinstance(value, str) and value.strip() for value in said.values()):
        raise BadKeyError(
            f"key {said['id']!r}: there is id, public_key and revoked, each a text, not blank"
        )
    key_id = usable_id(said["id"])
    try:
        return VerdictKey(key_id, _public(said["public_key"]), said.get("revoked"))
    except BadKeyError as error:
        raise BadKeyError(f"key {key_id!r}: {error}") from None


def _public(words: str) -> bytes:
    try:
        der = base64.b64decode(_ARMOR.sub("", words), validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if len(der) != len(_SPKI) + 32 or not der.startswith(_SPKI):
        raise BadKeyError("it is not an Ed25519 public key as PEM, or as the base64 within one")
    public = der.removeprefix(_SPKI)
    _refuse_weak(public)
    return public


def _refuse_weak(public: bytes) -> None:
    """Under a point of low order a signature can be made without any private key."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P or y in _WEAK or not _is_on_curve(y):
        raise BadKeyError("it is no point of the curve that can be a public key")


def _is_on_curve(y: int) -> bool:
    """Whether x² = (y² − 1) / (dy² + 1) has a solution."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(square, (_P - 1) // 2, _P) in {0, 1}


def _add(keys: dict[str, VerdictKey], key: VerdictKey) -> None:
    if key.key_id in keys:
        raise BadKeyError(f"key {key.key_id!r} is there twice")
    for other in keys.values():
        if other.public == key.public:
            raise BadKeyError(
                f"{other.key_id!r} and {key.key_id!r} are one key: revoked under one id, it would "
                "count under the other"
            )
    keys[key.key_id] = key
