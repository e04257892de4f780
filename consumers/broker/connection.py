"""How a client is connected, whatever it is for, and what its failures mean to us."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from kafka.errors import KafkaError, KafkaTimeoutError

from consumers.broker.access import OVERHEARD, in_words, sorted_out
from services.messages import Message
from services.settings import Settings

CLOSE_SECONDS = 3.0
BOOTSTRAP_SECONDS = 5.0
_FALLBACK_API_VERSION = (2, 1)

__all__ = ["BOOTSTRAP_SECONDS", "CLOSE_SECONDS", "connect", "in_words", "message_of", "translated"]

log = structlog.get_logger()

ClientT = TypeVar("ClientT")


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turns the library's exceptions into `BrokerUnavailableError`, or its `BrokerAccessError`."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise sorted_out(address, error) from error


def connect(client: Callable[..., ClientT], settings: Settings, **options: Any) -> ClientT:
    """Make a client. To a broker that answers but cannot say its version, speak an old one."""
    options = _connection(settings) | options
    OVERHEARD.begin(sasl=settings.kafka_security_protocol.startswith("SASL"))
    version = settings.kafka_api_version
    if version is not None:
        numbers = tuple(int(part) for part in version.split("."))
        return client(**options, api_version=numbers)
    try:
        return client(**options)
    except KafkaTimeoutError:
        plain = settings.kafka_security_protocol == "PLAINTEXT"
        if not plain or not _answers(settings.kafka_bootstrap_servers or ""):
            raise
        log.warning("broker_version_unknown", speaking=_FALLBACK_API_VERSION)
        return client(**options, api_version=_FALLBACK_API_VERSION)


def _connection(settings: Settings) -> dict[str, Any]:
    secret = settings.kafka_sasl_password
    options = {
        "bootstrap_servers": (settings.kafka_bootstrap_servers or "").split(","),
        "bootstrap_timeout_ms": int(BOOTSTRAP_SECONDS * 1000),
        "client_id": "mediation",
        "security_protocol": settings.kafka_security_protocol,
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_sasl_username,
        "sasl_plain_password": secret.get_secret_value() if secret else None,
        "ssl_cafile": settings.kafka_ssl_cafile and str(settings.kafka_ssl_cafile),
        "ssl_certfile": settings.kafka_ssl_certfile and str(settings.kafka_ssl_certfile),
        "ssl_keyfile": settings.kafka_ssl_keyfile and str(settings.kafka_ssl_keyfile),
    }
    return {name: value for name, value in options.items() if value is not None}


def _answers(servers: str) -> bool:
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1.0):
                return True
        except (OSError, ValueError):
            continue
    return False


def message_of(record: Any) -> Message:
    """The library's record as a message of ours."""
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=-1 if record.timestamp is None else record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        timestamp_type="LogAppendTime" if record.timestamp_type == 1 else "CreateTime",
    )
