"""Exit codes, and the one place that turns an error into a line for a person and a code.

Rule: 0 ok, 1 a problem was found, 2 usage, 3 a dependency is unreachable, 4 refused, and 130 when
interrupted. Nobody sees a traceback, unless MEDIATION_LOG_LEVEL=debug asks for it. A process that
runs for months ends here too, so nothing of what prints for people is loaded.
"""

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from consumers.cli.visible import visible
from consumers.errors import EmbeddedPartFailedError, EmbeddedPartMissingError
from services.errors import (
    BrokerAccessError,
    DatabaseAccessError,
    MediationError,
    RefusedError,
    SchemaVersionError,
    SettingsError,
    TransientError,
)

OK: Final = 0
PROBLEM: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
REFUSED: Final = 4

_CODES: Final[tuple[tuple[type[MediationError], int], ...]] = (
    (SettingsError, USAGE),
    (RefusedError, REFUSED),
    (SchemaVersionError, REFUSED),
    (EmbeddedPartMissingError, UNREACHABLE),
    (EmbeddedPartFailedError, UNREACHABLE),
    (DatabaseAccessError, REFUSED),
    (BrokerAccessError, REFUSED),
    (TransientError, UNREACHABLE),
    (MediationError, PROBLEM),
)


def code_of(error: MediationError) -> int:
    """The exit code for an error of our tree; the first line of the table that fits counts."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


def complain(message: str) -> None:
    """Say on standard error what is wrong; the first line is marked, any others follow below it."""
    first, *others = message.splitlines() or [""]
    lines = [f"error: {visible(first)}", *(f"       {visible(line)}" for line in others)]
    if sys.stderr is not None:
        sys.stderr.writelines(f"{line}\n" for line in lines)
        sys.stderr.flush()


@contextmanager
def translated() -> Iterator[None]:
    """Run a command: whatever it raises becomes a line on standard error and an exit code."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except MediationError as error:
        complain(str(error))
        raise SystemExit(code_of(error)) from None
    except OSError as error:
        if error.errno == errno.EPIPE:
            _let_go_of_stdout()
            raise SystemExit(OK) from None
        complain(str(error))
        if error.errno == errno.ENOSPC:
            _let_go_of_stdout()
        raise SystemExit(PROBLEM) from None
    except Exception as error:
        if type(error).__module__.startswith("typer"):
            raise  # how typer itself ends a command, for example with how it is used
        _complain_of_a_bug(error)
        raise SystemExit(PROBLEM) from None


def _complain_of_a_bug(error: Exception) -> None:
    if os.environ.get("MEDIATION_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exc()
    complain(
        f"this is a bug: {type(error).__name__}: {error}".replace("\n", " ")
        + " (with MEDIATION_LOG_LEVEL=debug, where it happened is shown)"
    )


def _let_go_of_stdout() -> None:
    """Nobody reads any more: what is still buffered must not fail again when Python ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
