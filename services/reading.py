"""What was found in a message, and what became of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.effects import Effect
from schemas.errors import ContractError
from schemas.events import Event
from schemas.reasons import Reason
from schemas.values import quick
from services.messages import Message
from services.rules.outcome import Outcome
from services.signatures import VerdictKeys

if TYPE_CHECKING:
    from schemas.codec import Codec


@quick
@dataclass(frozen=True, slots=True)
class Reading:
    """A message, and the event in it or the error that says why there is none.

    With both, the event can be read and is refused, unless it is known already.
    """

    message: Message
    event: Event | None = None
    digest: bytes = b""
    error: ContractError | None = None


@quick
@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one message; `was_parked` when it had been deferred before."""

    message: Message
    outcome: Outcome
    explanation: str
    event: Event | None = None
    reason: Reason | None = None
    was_parked: bool = False
    effects: tuple[Effect, ...] = ()

    @property
    def in_a_log(self) -> str:
        """The explanation, if it can be told in a log, where what people wrote has no business.

        The rules quote ids, amounts and words of ours. What says why a message cannot be read, or
        what a failure of the program said, may quote anything: there the reason has to do, and the
        dead letter keeps the rest.
        """
        if self.event is not None or self.reason is None:
            return self.explanation
        return self.reason.description


def read(codec: "Codec", message: Message, keys: VerdictKeys | None = None) -> Reading:
    """Decode a message. A broken contract is a value here; only transient errors are raised.

    With keys, a verdict is decoded only if it is signed with one of them.
    """
    try:
        refusal = keys.examine(message) if keys is not None else None
        event = codec.decode(message.topic, message.value)
    except ContractError as error:
        return Reading(message, error=error)
    return Reading(message, event, codec.digest(event), refusal)
