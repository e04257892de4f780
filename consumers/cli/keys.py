"""`mediation keys`: what verdicts are signed with. Rule: no private key is ever printed."""

from pathlib import Path
from typing import Annotated

import typer

from consumers.cli.output import Output, OutputOption, show_json, show_table
from consumers.errors import ProblemFoundError

app = typer.Typer(name="keys", no_args_is_help=True, help="Keys that verdicts are signed with.")


@app.callback(epilog="Example: mediation keys list")
def _keys() -> None:
    """The keys that verdicts are signed with."""


@app.command(epilog="Example: mediation keys generate mediation-tool-2026 --directory /etc/keys")
def generate(
    key_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    directory: Annotated[Path, typer.Option(help="Where the private key goes.")] = Path(),
) -> None:
    """Make a key pair: the private key in ID.pem, the public one on standard output.

    What is printed is the entry for the file that MEDIATION_VERDICT_KEYS names.
    """
    from services.signing import generate as generated
    from services.verdict_keys import entry

    path, signer = generated(directory, key_id)
    show_json(entry(signer.public))
    typer.echo(f"the private key is in {path}, for its owner alone", err=True)


@app.command("list", epilog="Example: mediation keys list -o json")
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the keys in the file that MEDIATION_VERDICT_KEYS names, and check it."""
    from services.settings import load_settings
    from services.verdict_keys import entry, load_verdict_keys

    path = load_settings().verdict_keys
    if path is None:
        raise ProblemFoundError("MEDIATION_VERDICT_KEYS is not set: verdicts need no signature")
    rows = [{"revoked": None} | entry(key) for key in load_verdict_keys(path).by_id.values()]
    names = ["id", "public_key", "revoked"]
    if output is Output.JSON:
        show_json(rows)
    else:
        show_table(names, [[row[name] for name in names] for row in rows])
