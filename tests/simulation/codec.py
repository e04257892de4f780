"""The real codec, asked once for the same bytes. It is pure, so remembering changes nothing."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from schemas.codec import Codec
from schemas.effects import Effect
from schemas.errors import ContractError
from schemas.events import Event

_MANY = 200_000

T = TypeVar("T")


class RememberingCodec(Codec):
    """Decodes, digests and encodes each thing once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Hashable, Any] = {}

    def decode(self, topic: str, value: bytes | None) -> Event:
        known = self._once(("decode", topic, value), lambda: self._decoded(topic, value))
        if isinstance(known, ContractError):
            raise ContractError(known.reason, known.explanation)
        return known

    def decode_record(self, topic: str, value: bytes | None) -> dict[str, Any]:
        ask = super().decode_record
        return self._once(("record", topic, value), lambda: ask(topic, value))

    def digest(self, event: Event) -> bytes:
        ask = super().digest
        return self._once(("digest", event), lambda: ask(event))

    def encode(self, fact: Event | Effect) -> bytes:
        ask = super().encode
        return self._once(("encode", fact), lambda: ask(fact))

    def _decoded(self, topic: str, value: bytes | None) -> Event | ContractError:
        try:
            return super().decode(topic, value)
        except ContractError as error:
            return error

    def _once(self, question: Hashable, ask: Callable[[], T]) -> T:
        if question not in self._known:
            if len(self._known) > _MANY:
                self._known.clear()
            self._known[question] = ask()
        answer: T = self._known[question]
        return answer
