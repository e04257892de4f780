"""Forgeries of verdicts, by every way that we could think of. Rule: none is what a signer has sent.

A forger here has seen signed verdicts and knows all public keys, has a revoked private key and one
of his own, and may write any bytes, headers and keys to the topic; the private keys of the tools he
has not.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.events import VerdictDecision
from schemas.signatures import DOMAIN, KEY_ID_HEADER, SIGNATURE_HEADER, signed_bytes
from services.messages import Message
from services.signing import Signer
from tests.builders import verdict_issued
from tests.deliveries import Deliveries
from tests.signatures.signers import TOOL_ID, signed_delivery, signer

TOOL, OTHER_TOOL, STOLEN, STRANGER = (
    signer(),
    signer("other-tool"),
    signer("stolen"),
    signer("stranger"),
)
_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
_LOW_ORDER = (
    *("01" + "00" * 31, "00" * 32, "00" * 31 + "80", "ec" + "ff" * 30 + "7f"),
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)

Forger = Callable[[Random, Message, Message], Message]


def honest_verdicts() -> list[Message]:
    """What the tool has sent: one verdict on each of many disputes."""
    deliveries = Deliveries()
    decisions = [each for each in VerdictDecision if each is not VerdictDecision.UNKNOWN]
    return [
        signed_delivery(
            deliveries,
            verdict_issued(
                dispute_id=f"dispute-{n}", order_id=f"order-{n}", decision=decisions[n % 4]
            ),
            TOOL if n % 3 else OTHER_TOOL,
        )
        for n in range(40)
    ]


def forgeries(count: int, seed: int = 1) -> Iterator[tuple[str, Message]]:
    """So many forgeries, each with the way it was made, in turn."""
    random, honest = Random(seed), honest_verdicts()
    for n in range(count):
        forger = FORGERS[n % len(FORGERS)]
        one, other = random.sample(honest, 2)
        yield forger.__name__.strip("_"), forger(random, one, other)


def with_signature(message: Message, key_id: str | bytes, signature: bytes) -> Message:
    named = key_id.encode() if isinstance(key_id, str) else key_id
    return replace(message, headers=((KEY_ID_HEADER, named), (SIGNATURE_HEADER, signature)))


def _parts(message: Message) -> tuple[str, bytes, bytes, bytes]:
    """Key id, signature, key and value of a signed message."""
    headers = dict(message.headers)
    key_id, signature = headers[KEY_ID_HEADER], headers[SIGNATURE_HEADER]
    assert None not in (key_id, signature, message.key, message.value)
    return (key_id or b"").decode(), signature or b"", message.key or b"", message.value or b""


def _flipped(random: Random, value: bytes) -> bytes:
    at, bit = random.randrange(len(value)), 1 << random.randrange(8)
    return value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]


def a_bit_of_the_verdict(random: Random, one: Message, _: Message) -> Message:
    return replace(one, value=_flipped(random, _parts(one)[3]))


def a_bit_of_the_signature(random: Random, one: Message, _: Message) -> Message:
    key_id, signature, *_rest = _parts(one)
    return with_signature(one, key_id, _flipped(random, signature))


def a_bit_of_the_key(random: Random, one: Message, _: Message) -> Message:
    return replace(one, key=_flipped(random, _parts(one)[2]))


def a_bit_of_the_key_id(random: Random, one: Message, _: Message) -> Message:
    key_id, signature, *_rest = _parts(one)
    return with_signature(one, _flipped(random, key_id.encode()), signature)


def a_shorter_verdict(random: Random, one: Message, _: Message) -> Message:
    value = _parts(one)[3]
    return replace(one, value=value[: random.randrange(len(value))])


def a_longer_verdict(random: Random, one: Message, _: Message) -> Message:
    return replace(one, value=_parts(one)[3] + random.randbytes(random.randint(1, 20)))


def a_signature_of_another_length(random: Random, one: Message, _: Message) -> Message:
    key_id, signature, *_rest = _parts(one)
    length = random.choice([*range(64), *range(65, 200)])
    return with_signature(one, key_id, (signature * 4)[:length])


def another_verdict_s_signature(_: Random, one: Message, other: Message) -> Message:
    return replace(one, headers=other.headers)


def another_verdict_under_its_key(_: Random, one: Message, other: Message) -> Message:
    return replace(one, key=other.key)


def one_that_a_stranger_signed(_: Random, one: Message, __: Message) -> Message:
    return _signed_by(STRANGER, one, STRANGER.key_id)


def a_stranger_in_the_tool_s_name(_: Random, one: Message, __: Message) -> Message:
    return _signed_by(STRANGER, one, TOOL_ID)


def a_thief_with_a_revoked_key(_: Random, one: Message, __: Message) -> Message:
    return _signed_by(STOLEN, one, STOLEN.key_id)


def a_thief_in_the_tool_s_name(_: Random, one: Message, __: Message) -> Message:
    return _signed_by(STOLEN, one, TOOL_ID)


def the_name_of_another_tool(_: Random, one: Message, __: Message) -> Message:
    key_id, signature, *_rest = _parts(one)
    return with_signature(one, "other-tool" if key_id == TOOL_ID else TOOL_ID, signature)


def a_signature_made_for_another_topic(random: Random, one: Message, _: Message) -> Message:
    topic = random.choice(["order.disputed", "mediator.assigned", "verdict.issued.dead-letter"])
    key_id, _signature, key, value = _parts(one)
    said = signed_bytes(topic, key_id, key, value)
    return with_signature(one, key_id, _private(key_id).sign(said))


def a_signature_made_for_another_purpose(random: Random, one: Message, _: Message) -> Message:
    key_id, _signature, key, value = _parts(one)
    said = signed_bytes(one.topic, key_id, key, value)
    other = random.choice([value, key + value, said.replace(DOMAIN, DOMAIN[:-1] + b"0"), said[4:]])
    return with_signature(one, key_id, _private(key_id).sign(other))


def a_boundary_moved_between_key_and_verdict(_: Random, one: Message, __: Message) -> Message:
    _key_id, _signature, key, value = _parts(one)
    return replace(one, key=key + value[:1], value=value[1:])


def the_same_signature_written_otherwise(_: Random, one: Message, __: Message) -> Message:
    """S + L instead of S, which a careless verifier takes for the same number."""
    key_id, signature, *_rest = _parts(one)
    s = int.from_bytes(signature[32:], "little") + _GROUP_ORDER
    return with_signature(one, key_id, signature[:32] + s.to_bytes(32, "little"))


def a_point_of_low_order(random: Random, one: Message, _: Message) -> Message:
    key_id = _parts(one)[0]
    s = random.choice([0, 1, random.randrange(_GROUP_ORDER), _GROUP_ORDER])
    point = bytes.fromhex(random.choice(_LOW_ORDER))
    return with_signature(one, key_id, point + s.to_bytes(32, "little"))


def a_guess(random: Random, one: Message, _: Message) -> Message:
    return with_signature(one, _parts(one)[0], random.randbytes(64))


def nothing_or_half_of_it(random: Random, one: Message, _: Message) -> Message:
    empty = tuple((name, random.choice([b"", None])) for name, _value in one.headers)
    return replace(one, headers=random.choice([(), one.headers[:1], one.headers[1:], empty]))


def two_of_each(random: Random, one: Message, other: Message) -> Message:
    headers = [*one.headers, *other.headers]
    random.shuffle(headers)
    return replace(one, headers=tuple(headers))


def _signed_by(forger: Signer, one: Message, key_id: str) -> Message:
    """The verdict signed by this key, in the name of that one."""
    _key_id, _signature, key, value = _parts(one)
    said = signed_bytes(one.topic, key_id, key, value)
    return with_signature(one, key_id, forger.private.sign(said))


def _private(key_id: str) -> Ed25519PrivateKey:
    return (TOOL if key_id == TOOL_ID else OTHER_TOOL).private


FORGERS: list[Forger] = [
    *(a_bit_of_the_verdict, a_bit_of_the_signature, a_bit_of_the_key, a_bit_of_the_key_id),
    *(a_shorter_verdict, a_longer_verdict, a_signature_of_another_length),
    *(another_verdict_s_signature, another_verdict_under_its_key),
    *(one_that_a_stranger_signed, a_stranger_in_the_tool_s_name),
    *(a_thief_with_a_revoked_key, a_thief_in_the_tool_s_name, the_name_of_another_tool),
    *(a_signature_made_for_another_topic, a_signature_made_for_another_purpose),
    *(a_boundary_moved_between_key_and_verdict, the_same_signature_written_otherwise),
    *(a_point_of_low_order, a_guess, nothing_or_half_of_it, two_of_each),
]
