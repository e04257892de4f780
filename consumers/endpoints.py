"""Where a running `mediation dev` can be reached: a file in its data directory.

Rule: the file is only believed while its writer holds a lock on it, which ends with the writer, and
only its owner may read it, since an address may hold a password.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from consumers.errors import NothingRunsError
from services.fields import SecretStr
from services.settings import Settings

FILE_NAME: Final = "endpoints.json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of a running stack, and the process that owns it."""

    pid: int
    bootstrap_servers: str
    kafka_api_version: str | None
    database_url: str
    members: int = 1

    @classmethod
    def of(cls, settings: Settings) -> "Endpoints":
        """Those of the stack that this process owns; the settings are complete."""
        url = settings.database_url
        return cls(
            pid=os.getpid(),
            bootstrap_servers=settings.kafka_bootstrap_servers or "",
            kafka_api_version=settings.kafka_api_version,
            database_url=url.get_secret_value() if url else "",
            members=settings.members,
        )


@contextmanager
def announced(endpoints: Endpoints, data_dir: Path) -> Iterator[None]:
    """Let other processes find these endpoints until the end of the block."""
    path = data_dir / FILE_NAME
    # mkstemp makes files that only their owner may read.
    descriptor, aside = tempfile.mkstemp(prefix=f"{FILE_NAME}.", dir=data_dir)
    with os.fdopen(descriptor, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump(asdict(endpoints), file)
        file.flush()
        Path(aside).replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def find(data_dir: Path) -> Endpoints | None:
    """The endpoints of the stack that runs on `data_dir`; None if none does."""
    try:
        with (data_dir.expanduser() / FILE_NAME).open() as file:
            if not _is_held(file.fileno()):
                return None
            said = json.load(file)
        return Endpoints(**said)
    except (OSError, ValueError, TypeError):
        return None


def with_broker(settings: Settings) -> Settings:
    """Settings that name a broker: the configured one, or that of a running `mediation dev`.

    Raises:
        NothingRunsError: there is neither.
    """
    if settings.kafka_bootstrap_servers is not None:
        return settings
    found = find(settings.data_dir)
    if found is None:
        raise NothingRunsError("broker", "kafka_bootstrap_servers", settings.data_dir)
    return replace(
        settings,
        kafka_bootstrap_servers=found.bootstrap_servers,
        kafka_api_version=settings.kafka_api_version or found.kafka_api_version,
        members=found.members,
    )


def with_database(settings: Settings) -> Settings:
    """Settings that name a database: the configured one, or that of a running `mediation dev`.

    Raises:
        NothingRunsError: there is neither.
    """
    if settings.database_url is not None:
        return settings
    found = find(settings.data_dir)
    if found is None:
        raise NothingRunsError("database", "database_url", settings.data_dir)
    return replace(settings, database_url=SecretStr(found.database_url))


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
