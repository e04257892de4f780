"""Secrets that stand in files, as containers have them mounted: MEDIATION_…_FILE names the file.

Rule: of a file that cannot be used its name and what is wrong are told, and nothing that is in it.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

SUFFIX: Final = "_FILE"
_LONGEST = 64 * 1024


def read_secrets(
    environment: Mapping[str, str], prefix: str, names: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """The secrets among `names` that stand in files, and what is wrong with any of those files."""
    said = {name.upper(): value for name, value in environment.items() if value}
    found, wrong = {}, []
    for name in names:
        setting = f"{prefix}{name.upper()}"
        variable = setting + SUFFIX
        if variable not in said:
            continue
        if setting in said:
            wrong.append(f"{variable}: {setting} is set too: set one of the two")
            continue
        try:
            found[name] = _content(Path(said[variable]))
        except (OSError, ValueError) as error:
            wrong.append(f"{variable}: {_why(error)}")
    return found, wrong


def _content(path: Path) -> str:
    """What stands in the file, without the end of its line."""
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError(f"{path} is too large to hold a secret")
    secret = content.decode().rstrip("\r\n")
    if not secret:
        raise ValueError(f"{path} is empty")
    return secret


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the file is not text in UTF-8"
    if isinstance(error, OSError):
        return f"{error.filename} cannot be read: {error.strerror}"
    return str(error)
