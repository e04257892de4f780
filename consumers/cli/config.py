"""`mediation config`: what is configured. Rule: no secret is ever shown, not even in an address."""

import os
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import typer

from consumers.cli.output import Output, OutputOption, show_json, show_table
from consumers.cli.visible import visible
from services.fields import SecretStr

if TYPE_CHECKING:
    from services.settings import Settings

MASK = "********"

_USER_INFO = re.compile(r"(?<=//)([^/?#@]*?):([^/?#]*)@")
_PARAMETER = re.compile(r"(?<=[?&])((?:ssl)?password|passfile)=[^&#]*", re.IGNORECASE)

app = typer.Typer(name="config", no_args_is_help=True, help="What is configured.")


@app.callback(epilog="Example: mediation config show")
def _config() -> None:
    """What is configured."""


@app.command(epilog="Example: mediation config show -o json")
def show(output: OutputOption = Output.TABLE) -> None:
    """Show every setting, its value, and where that comes from. Secrets are masked."""
    from services.settings import DESCRIPTIONS, PREFIX, load_settings

    settings = load_settings()
    rows = [
        {
            "setting": f"{PREFIX}{name.upper()}",
            "value": shown(value),
            "from": _source(settings, name),
            "description": DESCRIPTIONS[name],
        }
        for name, value in settings.items()
    ]
    if output is Output.JSON:
        show_json(rows)
    else:
        show_table(
            ["setting", "value", "from", "description"], [list(row.values()) for row in rows]
        )
    for name, meant in unknown_settings().items():
        advice = f"; did you mean {meant}?" if meant else ""
        typer.echo(f"warning: {visible(name)} is not a setting{advice}", err=True)


def _source(settings: "Settings", name: str) -> str:
    if name not in settings.named:
        return "default"
    from services.settings import PREFIX

    files = {each.upper() for each, value in os.environ.items() if value}
    return "file" if f"{PREFIX}{name.upper()}_FILE" in files else "environment"


def shown(value: object) -> object:
    """A setting's value without its secrets: passwords in addresses are masked, others whole."""
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return masked(secret) if "://" in secret else MASK
    return masked(str(value)) if isinstance(value, str) else value


def masked(address: str) -> str:
    """An address with its passwords masked, wherever in it they stand."""
    return _PARAMETER.sub(rf"\1={MASK}", _USER_INFO.sub(rf"\1:{MASK}@", address))


def unknown_settings() -> dict[str, str | None]:
    """Variables that look like settings and are none, each with the setting perhaps meant."""
    from services.settings import DESCRIPTIONS, PREFIX, SECRETS

    known = [f"{PREFIX}{name.upper()}" for name in DESCRIPTIONS]
    known += [f"{PREFIX}{name.upper()}_FILE" for name in SECRETS]
    others = [name for name in os.environ if name.upper().startswith(PREFIX)]
    return {
        name: next(iter(get_close_matches(name.upper(), known, n=1)), None)
        for name in sorted(others)
        if name.upper() not in known
    }
