"""The root of the error tree. Its two branches alone decide whether to try again.

    MediationError
    ├── TransientError                 the same thing may succeed later: wait and try again
    │   └── RegistryUnavailableError   the schema registry cannot answer now
    └── PermanentError                 trying again cannot help
        ├── ContractError              an event breaks its contract: it becomes a dead letter
        └── RegistryRefusedError       the schema registry says no to one of our schemas

Rule of this file: whoever catches decides by branch, never by the text of an error.
"""

from schemas.reasons import Reason


class MediationError(Exception):
    """Anything that this project raises on purpose."""


class TransientError(MediationError):
    """The same thing may succeed later."""


class PermanentError(MediationError):
    """Trying again cannot help."""


class ContractError(PermanentError):
    """An event breaks its contract; it becomes a dead letter with its bytes untouched.

    Attributes:
        reason: the code under which the dead letter is kept and counted.
        explanation: what is wrong and what would mend it, for a person.
    """

    def __init__(self, reason: Reason, explanation: str) -> None:
        """Say why, as a code and in words."""
        super().__init__(reason, explanation)
        self.reason = reason
        self.explanation = explanation

    def __str__(self) -> str:
        """The explanation alone; the code is kept beside it."""
        return self.explanation


class RegistryUnavailableError(TransientError):
    """The schema registry cannot answer now; no event may be judged for that."""


class RegistryRefusedError(PermanentError):
    """The schema registry answered, and says no to one of our schemas."""
