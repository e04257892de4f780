"""Writes docs/signed-verdicts.json: what any other signer must come to, byte for byte.

Rule: the private key in it is 32 bytes that everybody can read, and signs nothing but examples.
Run as `python -m tests.signatures.vectors`.
"""

import json
from pathlib import Path
from typing import Any

from schemas.codec import Codec
from schemas.events import VerdictDecision
from schemas.signatures import KEY_ID_HEADER, SIGNATURE_HEADER, signed_bytes
from services.messages import Outgoing
from services.verdict_keys import entry
from tests.builders import verdict_issued
from tests.signatures.signers import signer

VECTORS = Path(__file__).parents[2] / "docs" / "signed-verdicts.json"
WARNING = "The private key here is published: it is for comparing signers, and must sign nothing."
KEY_ID = "published-example"


def vectors() -> dict[str, Any]:
    """The key, and three verdicts as they are signed with it."""
    example = signer(KEY_ID)
    verdicts = [
        verdict_issued(),
        verdict_issued(
            decision=VerdictDecision.PARTIAL_REFUND, order_id="Bestellung-ä", evidence=()
        ),
        verdict_issued(decision=VerdictDecision.RELAUNCH, order_id="o" * 64, reasons="x" * 3_000),
    ]
    return {
        "warning": WARNING,
        "private_key_hex": example.private.private_bytes_raw().hex(),
        "entry": entry(example.public),
        "verdicts": [
            _vector(Outgoing("verdict.issued", each.order_id.encode(), Codec().encode(each)))
            for each in verdicts
        ],
    }


def _vector(outgoing: Outgoing) -> dict[str, str]:
    assert outgoing.key is not None
    assert outgoing.value is not None
    headers = dict(signer(KEY_ID).signed(outgoing).headers)
    said = signed_bytes(outgoing.topic, KEY_ID, outgoing.key, outgoing.value)
    return {
        "topic": outgoing.topic,
        "key_hex": outgoing.key.hex(),
        "value_hex": outgoing.value.hex(),
        "signed_bytes_hex": said.hex(),
        KEY_ID_HEADER: (headers[KEY_ID_HEADER] or b"").decode(),
        f"{SIGNATURE_HEADER}_hex": (headers[SIGNATURE_HEADER] or b"").hex(),
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), indent=2) + "\n")
