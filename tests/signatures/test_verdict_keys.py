"""Is a file of keys read as it was meant, or refused with what is wrong?"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from services.errors import SettingsError
from services.signatures import VerdictKey
from services.verdict_keys import entry, load_verdict_keys
from tests.signatures.signers import TOOL_ID, signer

SPKI = bytes.fromhex("302a300506032b6570032100")
TOOL = entry(signer().public)


def written(directory: Path, content: Any) -> Path:
    path = directory / "verdict-keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def spki(raw: bytes) -> str:
    return base64.b64encode(SPKI + raw).decode()


def test_keys_are_read_with_what_is_said_of_them(tmp_path: Path) -> None:
    old = entry(signer("old").public) | {"revoked": "2026-03-05, a stolen laptop"}

    found = load_verdict_keys(written(tmp_path, {"keys": [TOOL, old]})).by_id

    assert found == {
        TOOL_ID: signer().public,
        "old": VerdictKey("old", signer("old").public.public, "2026-03-05, a stolen laptop"),
    }
    assert [entry(each) for each in found.values()] == [TOOL, old]


def test_a_public_key_may_stand_there_as_openssl_writes_it(tmp_path: Path) -> None:
    pem = (
        signer()
        .private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    found = load_verdict_keys(
        written(tmp_path, {"keys": [TOOL | {"public_key": pem.decode()}]})
    ).by_id

    assert found == {TOOL_ID: signer().public}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ([], 'must be {"keys"'),
        ({"keys": []}, "no key in it"),
        ({"keys": [TOOL], "more": 1}, 'must be {"keys"'),
        ('{"keys": [], "keys": []}', "given twice"),
        ({"keys": ["text"]}, 'needs an "id"'),
        ({"keys": [{"id": "a"}]}, 'needs an "id"'),
        ({"keys": [TOOL | {"revokd": "2026"}]}, "there is id, public_key and revoked"),
        ({"keys": [TOOL | {"revoked": " "}]}, "a text, not blank"),
        ({"keys": [TOOL | {"revoked": False}]}, "each a text,"),
        ({"keys": [TOOL | {"id": "a b"}]}, "1 to 64 letters"),
        ({"keys": [TOOL | {"id": "a" * 65}]}, "1 to 64 letters"),
        ({"keys": [TOOL | {"public_key": "text"}]}, "not an Ed25519 public key"),
        ({"keys": [TOOL | {"public_key": spki(b"short")}]}, "not an Ed25519 public key"),
        ({"keys": [TOOL, TOOL]}, "is there twice"),
        ({"keys": [TOOL, TOOL | {"id": "other"}]}, "are one key"),
    ],
)
def test_what_could_be_meant_otherwise_is_refused(tmp_path: Path, content: Any, why: str) -> None:
    path = written(tmp_path, content)

    with pytest.raises(SettingsError) as error:
        load_verdict_keys(path)

    assert str(error.value).startswith(f"MEDIATION_VERDICT_KEYS: {path}: ")
    assert why in str(error.value)


@pytest.mark.parametrize(
    "point",
    [
        *("01" + "00" * 31, "00" * 32, "00" * 31 + "80", "ec" + "ff" * 30 + "7f"),
        *("ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "ff" * 32, "01" + "00" * 30 + "80"),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "02" + "00" * 31,
    ],
)
def test_a_point_under_which_anybody_or_nobody_can_sign_is_no_key(
    tmp_path: Path, point: str
) -> None:
    content = {"keys": [{"id": "weak", "public_key": spki(bytes.fromhex(point))}]}

    with pytest.raises(SettingsError, match="no point of the curve"):
        load_verdict_keys(written(tmp_path, content))


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.json: No such file"):
        load_verdict_keys(tmp_path / "nowhere.json")
