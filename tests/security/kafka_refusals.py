"""In how many ways a broker refuses us, or we refuse it: what is changed, and what must be said."""

from collections.abc import Callable

from tests.security.secured_kafka import PASSWORD, SecuredKafka

Change = Callable[[SecuredKafka], dict[str, str]]
REFUSALS: dict[str, tuple[Change, str, str]] = {
    "wrong password": (
        lambda _: {"kafka_sasl_password": "wrong-" + PASSWORD},
        "",  # the library may have lost what the broker said
        "correct MEDIATION_KAFKA_SASL_USERNAME",
    ),
    "unknown user": (
        lambda _: {"kafka_sasl_username": "nobody"},
        "",  # the library may have lost what the broker said
        "correct MEDIATION_KAFKA_SASL_USERNAME",
    ),
    "another mechanism": (
        lambda _: {"kafka_sasl_mechanism": "PLAIN"},
        "",
        "_MECHANISM",
    ),
    "expired certificate": (
        lambda kafka: {"kafka_bootstrap_servers": kafka.expired()},
        "certificate has expired",
        "must be renewed",
    ),
    "untrusted CA": (
        lambda kafka: {"kafka_ssl_cafile": str(kafka.stranger.file)},
        "certificate verify failed",
        "MEDIATION_KAFKA_SSL_CAFILE must name the CA",
    ),
    "another host": (
        lambda kafka: {"kafka_bootstrap_servers": kafka.by_address()},
        "mismatch",
        "advertised.listeners",
    ),
    "no such CA file": (
        lambda _: {"kafka_ssl_cafile": "/none/ca.crt"},
        "No such file",
        "must name PEM files",
    ),
}
