"""Settings: environment variables with the prefix MEDIATION_, read once by the composition root.

Every setting has a safe default. All that is wrong is said at once; secrets are never shown, and
may stand in files.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from services import fields
from services.errors import SettingsError
from services.fields import Field, SecretStr
from services.secret_files import read_secrets
from services.storage.driver import DirectDatabase

PREFIX = "MEDIATION_"


def _api_version(value: str) -> None:
    if not all(part.isdigit() for part in value.split(".")):
        raise ValueError("expected a version such as 2.1 or 3.9")


def _postgresql(value: SecretStr) -> None:
    try:
        DirectDatabase(value.get_secret_value())
    except SettingsError as error:
        raise ValueError(str(error)) from None


def _web_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("expected an address such as https://ops.example.com, without a path")


@dataclass(frozen=True)
class Settings:
    """What can be configured. Durations are in seconds unless their name says otherwise."""

    kafka_bootstrap_servers: str | None = Field(
        None, description="Kafka brokers, host:port,…; unset: the embedded broker"
    )
    kafka_api_version: str | None = Field(
        None,
        description="Kafka protocol version to speak instead of asking the broker",
        check=_api_version,
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="SASL mechanism, with the SASL security protocols"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    kafka_ssl_cafile: Path | None = Field(None, description="CA certificates, a PEM file")
    kafka_ssl_certfile: Path | None = Field(None, description="client certificate, a PEM file")
    kafka_ssl_keyfile: Path | None = Field(None, description="client key, a PEM file")
    kafka_session_timeout: float = Field(
        10.0,
        ge=1,
        le=1800,
        description="a consumer that is silent for so long loses its partitions",
    )
    database_url: SecretStr | None = Field(
        None,
        description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE; unset: embedded PostgreSQL",
        check=_postgresql,
    )
    database_statement_timeout: float = Field(
        15.0,
        ge=0.1,
        le=3600,
        description="a statement or transaction that takes longer is given up and tried again",
    )
    schema_registry_url: str | None = Field(
        None, description="Confluent-compatible schema registry; set: Confluent framing is produced"
    )
    schema_registry_username: str | None = Field(None, description="schema registry user")
    schema_registry_password: SecretStr | None = Field(None, description="schema registry password")
    verdict_keys: Path | None = Field(
        None,
        description="JSON file of the public keys that sign verdicts; set: others are refused",
    )
    data_dir: Path = Field(
        Path(".mediation"), description="where `mediation dev` keeps its database"
    )
    members: int = Field(
        2,
        ge=1,
        le=8,
        description="members of its group in a consumer process; with the embedded broker one",
    )
    batch_size: int = Field(1000, ge=1, le=5000, description="most messages in one transaction")
    relay_batch_size: int = Field(
        500, ge=1, le=10_000, description="most messages published at once"
    )
    collect_seconds: float = Field(
        5.0,
        ge=0.1,
        le=3600,
        description="seconds between two readings of the domain's metrics",
    )
    audit_orders_per_second: float = Field(
        500.0, ge=0.1, le=1_000_000, description="how fast the auditor walks through all orders"
    )
    backoff_initial: float = Field(0.5, ge=0.01, le=60, description="first wait after a failure")
    backoff_max: float = Field(
        5.0, ge=0.01, le=3600, description="longest wait between two attempts"
    )
    parking_limit_hours: float = Field(
        168.0,
        gt=0,
        le=87_600,
        description="hours that an early event may wait before it is a dead letter",
    )
    flood_window: int = Field(
        200, ge=1, le=100_000, description="messages over which dead letters are counted"
    )
    flood_limit: float = Field(
        0.5, gt=0, le=1, description="share of dead letters in the window that stops a consumer"
    )
    stall_limit: float = Field(
        60.0,
        ge=1,
        le=86_400,
        description="a consumer whose messages wait so long without moving connects anew",
    )
    loop_limit: float = Field(
        120.0,
        ge=1,
        le=86_400,
        description="a process whose loop did not come around for so long is not alive (/healthz)",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="address on which /metrics, /healthz and /readyz are served"
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="port of /metrics, /healthz and /readyz; 0: none is served"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="how log lines look; auto: json unless they go to a terminal"
    )
    ops_host: str = Field(
        "127.0.0.1", description="where the operations console listens; off loopback: with a token"
    )
    ops_port: int = Field(9470, ge=1, le=65535, description="port of the operations console")
    ops_token: SecretStr | None = Field(
        None, min_length=16, description="what signs a person in to the console; unset: read-only"
    )
    ops_url: str | None = Field(
        None,
        description="the console's address behind a proxy: https://HOST[:PORT]",
        check=_web_address,
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="log from here up"
    )
    named: frozenset[str] = field(default=frozenset(), repr=False)
    """Those of them that were not left to their defaults."""

    @property
    def parking_limit(self) -> timedelta:
        """How long an early event may wait."""
        return timedelta(hours=self.parking_limit_hours)

    def contradictions(self) -> Iterator[str]:
        """What settings do not go together."""
        sasl = self.kafka_security_protocol.startswith("SASL")
        named = (self.kafka_sasl_mechanism, self.kafka_sasl_username, self.kafka_sasl_password)
        if sasl and None in named:
            yield (
                f"{PREFIX}KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol} also needs "
                f"{PREFIX}KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD"
            )
        if self.ops_token is None and not is_loopback(self.ops_host):
            yield (
                f"{PREFIX}OPS_HOST={self.ops_host} can be reached by others: it also needs"
                f" {PREFIX}OPS_TOKEN"
            )
        if self.backoff_max < self.backoff_initial:
            yield f"{PREFIX}BACKOFF_MAX must not be below {PREFIX}BACKOFF_INITIAL"

    def items(self) -> Iterator[tuple[str, Any]]:
        """Each setting and its value."""
        return ((name, getattr(self, name)) for name in DESCRIPTIONS)


DESCRIPTIONS: Final = fields.descriptions(Settings)
"""What each setting is for, by its name."""

SECRETS: Final = fields.of_type(Settings, SecretStr)
"""The settings that may stand in a file."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, with `overrides` in place of what it says.

    A secret may stand in a file that MEDIATION_…_FILE names.

    Raises:
        SettingsError: names every setting that cannot be used, and why, without its value.
    """
    from_files, unreadable = read_secrets(os.environ, PREFIX, SECRETS)
    values, wrong = fields.read(Settings, _from_environment() | from_files | overrides)
    settings = Settings(**values, named=frozenset(values))
    errors = unreadable + [f"{PREFIX}{name.upper()}: {why}" for name, why in wrong.items()]
    errors += settings.contradictions()  # also of what is left once the wrong ones are put aside
    if errors:
        raise SettingsError("\n".join(errors))
    return settings


def _from_environment() -> dict[str, str]:
    """What it says, by the name of the setting; an empty text says nothing."""
    said = {name.upper(): value for name, value in os.environ.items() if value}
    wanted = {name: f"{PREFIX}{name.upper()}" for name in DESCRIPTIONS}
    return {name: said[variable] for name, variable in wanted.items() if variable in said}
