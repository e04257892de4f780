"""docs/settings.md, written from the settings. Run as `python -m services.settings_page FILE`.

Rule: `every_setting` alone knows how settings are declared; the page is made of what it lists.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from services.fields import SecretStr, without_none
from services.settings import PREFIX, Settings

_WORDS: Final[dict[type, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    Path: "path",
    SecretStr: "secret",
}
_BOUNDS: Final = {
    "ge": "{} or more",
    "gt": "above {}",
    "le": "at most {}",
    "min_length": "{} characters or more",
}
_HEAD: Final = """# Settings

Every setting is an environment variable, read once when a process starts. An empty one counts as
not set. `mediation config show` says which values are in force, and names variables that are none
of these. A setting that cannot be used ends the process with exit code 2; all that is wrong is said
at once, and secrets are never shown. Instead of a secret, a variable of the same name with `_FILE`
behind it may name the file in which it stands, as in `MEDIATION_DATABASE_URL_FILE`.

This page is written by `make fix`.

| Variable | Kind | Default | Meaning |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, in words; `default` is None where there is none."""

    name: str
    kind: str
    default: str | None
    meaning: str


def every_setting() -> Iterator[Setting]:
    """All settings, in the order in which they are declared."""
    types = get_type_hints(Settings)
    for each in fields(Settings):
        if not each.metadata:
            continue
        limits = each.metadata["limits"]
        bounds = [
            words.format(f"{limits[bound]:,g}")
            for bound, words in _BOUNDS.items()
            if bound in limits
        ]
        default = None if each.default is None else f"{each.default}"
        kind = ", ".join([_kind(types[each.name]), *bounds])
        yield Setting(f"{PREFIX}{each.name.upper()}", kind, default, each.metadata["description"])


def page() -> str:
    """The whole page."""
    rows = (
        f"| `{each.name}` | {each.kind} | {'–' if each.default is None else f'`{each.default}`'}"
        f" | {each.meaning.replace('|', '/')} |\n"
        for each in every_setting()
    )
    return _HEAD + "".join(rows)


def _kind(annotation: Any) -> str:
    annotation = without_none(annotation)
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{each}`" for each in get_args(annotation))
    return _WORDS[annotation]


if __name__ == "__main__":
    for file in sys.argv[1:]:
        Path(file).write_text(page(), encoding="utf-8")
