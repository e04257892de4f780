"""The error tree. `TransientError` and `PermanentError` alone decide whether to try again.

::

    MediationError
    ├── TransientError                 the same call may succeed later: roll back, wait, try again
    │   ├── RegistryUnavailableError   the schema registry does not answer (schemas)
    │   ├── DatabaseUnavailableError   PostgreSQL is away, busy, read-only, or timed out
    │   │   └── DatabaseAccessError    it answers, and does not let us in, or we do not trust it
    │   └── BrokerUnavailableError     Kafka is away or does not answer
    │       └── BrokerAccessError      it answers, and does not let us in, or we do not trust it
    └── PermanentError                 trying again cannot help
        ├── ContractError              a message breaks its contract: a dead letter (schemas)
        ├── RegistryRefusedError       the schema registry says no to a schema of ours (schemas)
        ├── StorageError               the database refused a statement: a broken constraint, a bug
        ├── SchemaVersionError         the database's schema is not the one that this release needs
        ├── FloodError                 too many dead letters in a row: stop and ask a person
        ├── SettingsError              settings that cannot be used, all named at once
        └── RefusedError               a request that the rules or the state of things forbid
"""

from schemas.errors import (
    ContractError,
    MediationError,
    PermanentError,
    RegistryRefusedError,
    RegistryUnavailableError,
    TransientError,
)


class DatabaseUnavailableError(TransientError):
    """PostgreSQL is away, busy, read-only, or did not answer in time."""


class BrokerUnavailableError(TransientError):
    """Kafka is away, refused us, or did not answer in time."""


class DatabaseAccessError(DatabaseUnavailableError):
    """A password, a certificate or a right is not as it must be; the message names the remedy.

    Whoever has just been started ends with it. Whoever is at work holds on and says so each time:
    passwords, certificates and rights are renewed under processes that run.
    """


class BrokerAccessError(BrokerUnavailableError):
    """The same of Kafka: a password, a certificate or an ACL is not as it must be."""


class StorageError(PermanentError):
    """The database refused a statement for a reason that time does not mend."""


class SchemaVersionError(PermanentError):
    """The database's schema is older or newer than this release needs."""


class FloodError(PermanentError):
    """More dead letters than the flood limit allows: a person must look at the cause."""


class SettingsError(PermanentError):
    """One or more settings cannot be used; the message names each of them."""


class RefusedError(PermanentError):
    """What was asked for is understood, and the rules or the state of things forbid it."""


__all__ = [
    "BrokerAccessError",
    "BrokerUnavailableError",
    "ContractError",
    "DatabaseAccessError",
    "DatabaseUnavailableError",
    "FloodError",
    "MediationError",
    "PermanentError",
    "RefusedError",
    "RegistryRefusedError",
    "RegistryUnavailableError",
    "SchemaVersionError",
    "SettingsError",
    "StorageError",
    "TransientError",
]
