"""Can a signer be relied on, and does another one come to the same signature?"""

import json
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from consumers.cli.app import app
from services.errors import RefusedError
from services.messages import Message, Outgoing
from services.signing import generate, read_signer
from tests.signatures.signers import keys, signer
from tests.signatures.vectors import VECTORS, vectors

VERDICT = Outgoing("verdict.issued", b"order-1", b"value", (("ce_id", b"1"),))


def test_a_generated_key_is_read_back_and_signs(tmp_path: Path) -> None:
    path, generated = generate(tmp_path, "tool")

    read = read_signer(path)
    signed = read.signed(VERDICT)

    assert path.name == "tool.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert read.public == generated.public
    message = Message(signed.topic, 0, 0, 0, signed.key, signed.value, signed.headers)
    assert keys(read).examine(message) is None
    assert signed.headers[2:] == VERDICT.headers


def test_only_verdicts_are_signed() -> None:
    other = Outgoing("order.disputed", b"order-1", b"value")

    assert signer().signed(other) == other


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path, _ = generate(tmp_path, "tool")
    before = path.read_bytes()

    with pytest.raises(RefusedError, match="File exists"):
        generate(tmp_path, "tool")

    assert path.read_bytes() == before


@pytest.mark.parametrize("key_id", ["", "../tool", "a/b", "a b", "a" * 65])
def test_an_id_that_cannot_be_one_makes_no_file(tmp_path: Path, key_id: str) -> None:
    with pytest.raises(RefusedError, match="1 to 64 letters"):
        generate(tmp_path, key_id)

    assert list(tmp_path.iterdir()) == []


def test_a_private_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path, _ = generate(tmp_path, "tool")
    path.chmod(0o640)

    with pytest.raises(RefusedError, match="chmod 600"):
        read_signer(path)


def test_a_private_key_of_another_kind_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "tool.pem"
    path.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )

    with pytest.raises(RefusedError, match="must be Ed25519"):
        read_signer(path)


@pytest.mark.parametrize(
    ("content", "why"), [(b"text", "no private key in PEM"), (None, "cannot be read")]
)
def test_what_is_no_key_is_told_by_its_name(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "tool.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(RefusedError, match=f"{path} .*{why}|{path} is {why}"):
        read_signer(path)


def test_the_published_examples_are_what_we_sign() -> None:
    assert json.loads(VECTORS.read_text()) == vectors(), "run python -m tests.signatures.vectors"


@pytest.mark.parametrize("vector", vectors()["verdicts"])
def test_a_signer_that_knows_only_the_page_comes_to_the_same(vector: dict[str, str]) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors()["private_key_hex"]))
    parts = [
        *(b"mediation.verdict-signature.v1", vector["topic"].encode()),
        vector["mediation_signature-key"].encode(),
        *(bytes.fromhex(vector["key_hex"]), bytes.fromhex(vector["value_hex"])),
    ]

    said = b"".join(struct.pack(">I", len(part)) + part for part in parts)

    assert said.hex() == vector["signed_bytes_hex"]
    assert private.sign(said).hex() == vector["mediation_signature_hex"]


def test_a_key_is_generated_and_listed_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CliRunner()
    made = run.invoke(app, ["keys", "generate", "tool", "--directory", str(tmp_path)])
    file = tmp_path / "verdict-keys.json"
    file.write_text(json.dumps({"keys": [json.loads(made.stdout)]}))
    monkeypatch.setenv("MEDIATION_VERDICT_KEYS", str(file))

    listed = run.invoke(app, ["keys", "list", "-o", "json"])

    assert (made.exit_code, listed.exit_code) == (0, 0)
    assert [each["id"] for each in json.loads(listed.stdout)] == ["tool"]
    assert "PRIVATE" not in made.output + listed.output


def test_no_keys_are_listed_where_none_are_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIATION_VERDICT_KEYS", raising=False)

    listed = CliRunner().invoke(app, ["keys", "list"])

    assert listed.exit_code == 1
    assert "verdicts need no signature" in listed.output


def test_nothing_is_published_where_the_key_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIATION_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    example, key = VECTORS.parent / "example.jsonl", tmp_path / "nowhere.pem"

    ended = CliRunner().invoke(app, ["publish", str(example), "--sign-key", str(key)])

    assert ended.exit_code == 4
    assert "nowhere.pem cannot be read" in ended.output
