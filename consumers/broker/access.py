"""When Kafka does not let us in, or is not the one it should be: the cause and its remedy.

Rule: what a person must mend is told with what there is to do, and never with a password. While it
connects, the library keeps the cause to its log and at last says that time is up: so what it logs
there is overheard.
"""

import logging
import ssl
import time
from typing import Any, Final

from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
)

from services.errors import BrokerAccessError, BrokerUnavailableError

_HEARD_WITHIN = 15.0  # seconds: longer than connecting is tried
_WHERE: Final = "deploy/kafka/acls.json says which ACLs each principal needs"

_WHO_COMES: Final = (
    "the broker hangs up as soon as it knows who comes: correct MEDIATION_KAFKA_SASL_USERNAME,"
    " _PASSWORD or _MECHANISM"
)

_OF_KINDS: Final[dict[type[BaseException], str]] = {
    TopicAuthorizationFailedError: f"its user may not do that with this topic: {_WHERE}",
    GroupAuthorizationFailedError: f"its user may not be of this group: {_WHERE}",
    AuthorizationError: f"its user lacks an ACL: {_WHERE}",
    UnknownTopicOrPartitionError: (
        "the topic does not exist: run `mediation topics create`; or its user may not see it:"
        f" {_WHERE}"
    ),
    UnsupportedSaslMechanismError: "correct MEDIATION_KAFKA_SASL_MECHANISM",
    SaslAuthenticationFailedError: (
        "correct MEDIATION_KAFKA_SASL_USERNAME or _PASSWORD (the broker does not say which)"
    ),
    ssl.SSLError: "MEDIATION_KAFKA_SSL_CAFILE, _CERTFILE and _KEYFILE must name PEM files",
    FileNotFoundError: "MEDIATION_KAFKA_SSL_CAFILE, _CERTFILE and _KEYFILE must name PEM files",
}

# The broker says no and hangs up, and where both come at once the library reads the second alone.
_HUNG_UP: Final = "socket disconnected"

_OF_WORDS: Final = {
    ClusterAuthorizationFailedError.__name__: (
        f"its user may not write any topic, as an idempotent producer must: {_WHERE}"
    ),
    "Hostname mismatch": (
        "name the broker in MEDIATION_KAFKA_BOOTSTRAP_SERVERS, and in its advertised.listeners, as"
        " its certificate has it"
    ),
    "IP address mismatch": (
        "name the broker in MEDIATION_KAFKA_BOOTSTRAP_SERVERS, and in its advertised.listeners, as"
        " its certificate has it"
    ),
    "certificate has expired": "the broker's certificate must be renewed",
    "CERTIFICATE_VERIFY_FAILED": (
        "MEDIATION_KAFKA_SSL_CAFILE must name the CA that has signed the broker's certificate"
    ),
    "WRONG_VERSION_NUMBER": (
        "there is no TLS at that port: correct MEDIATION_KAFKA_BOOTSTRAP_SERVERS, or"
        " MEDIATION_KAFKA_SECURITY_PROTOCOL"
    ),
}


class _Overheard(logging.Handler):
    """Keeps the newest refusal that the library logged while it connected."""

    def __init__(self) -> None:
        super().__init__()
        self._refusal: BaseException | None = None
        self._at = 0.0
        self._introduces_itself = False

    def emit(self, record: logging.LogRecord) -> None:
        said: Any = record.args
        for each in said if isinstance(said, tuple) else ():
            if isinstance(each, BaseException) and self._is_worse(each):
                self._refusal, self._at = each, time.monotonic()

    def begin(self, *, sasl: bool) -> None:
        """Somebody connects: what was refused before is no longer the cause of anything."""
        self._refusal, self._introduces_itself = None, sasl

    def _is_worse(self, error: BaseException) -> bool:
        """Whether this is a better cause than what was heard before."""
        if _HUNG_UP in str(error):
            return self._introduces_itself and self._refusal is None
        return remedy(error) is not None

    def newest(self) -> BaseException | None:
        return self._refusal if time.monotonic() - self._at < _HEARD_WITHIN else None


OVERHEARD: Final = _Overheard()
logging.getLogger("kafka.net.manager").addHandler(OVERHEARD)


def remedy(error: BaseException) -> str | None:
    """What there is to do, if it is access that was refused; else None."""
    said = str(error)
    for words, advice in _OF_WORDS.items():
        if words in said:
            return advice
    return next((advice for kind, advice in _OF_KINDS.items() if isinstance(error, kind)), None)


def _cause(error: BaseException) -> tuple[BaseException, str | None]:
    """What lies behind an error of the library, and what there is to do about it."""
    if isinstance(error, KafkaTimeoutError) and (heard := OVERHEARD.newest()) is not None:
        return heard, remedy(heard) or _WHO_COMES
    return error, remedy(error)


def sorted_out(address: str, error: BaseException, doing: str = "") -> BrokerUnavailableError:
    """Our error for one of the library's, raised by a client of the brokers at `address`."""
    error, advice = _cause(error)
    if advice is None:
        return BrokerUnavailableError(f"{address}: {doing}{in_words(error)}")
    return BrokerAccessError(f"{address}: {doing}{in_words(error)}: {advice}")


def in_words(error: BaseException) -> str:
    """The first line of what an error says, or its name if it says nothing."""
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
