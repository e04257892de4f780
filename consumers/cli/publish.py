"""`mediation publish`: events from JSON lines. Rule: all of them are good, or none is sent."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli.exits import complain
from consumers.cli.output import Output, OutputOption, show_json, show_table
from consumers.errors import ProblemFoundError

if TYPE_CHECKING:
    from consumers.cli.lines import BadLine
    from schemas.codec import Codec
    from schemas.events import Event
    from services.messages import Outgoing
    from services.settings import Settings

_CHUNK = 200  # messages that are acknowledged together
_MOST_COMPLAINTS = 20


def publish(
    file: Annotated[
        str, typer.Argument(help="JSON lines; - for standard input.", show_default=False)
    ],
    sign_key: Annotated[
        Path | None,
        typer.Option(help="Sign the verdicts with the private key in this file, ID.pem."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Publish events from FILE, one JSON object a line, keyed by order.

    Each line has a topic (order.disputed, mediator.assigned or verdict.issued) and the fields of
    that event, with occurred_at as ISO 8601 or as milliseconds since 1970. Every line is checked
    before the first is sent. Publishing a file again is harmless: an event_id counts once.
    """
    from consumers.bootstrap import make_codec
    from consumers.cli.lines import read_lines
    from consumers.endpoints import with_broker
    from consumers.required_topics import require_topics
    from services.settings import load_settings

    settings = with_broker(load_settings())
    codec = make_codec(settings)
    events, bad = read_lines(_read(file).splitlines(), codec)
    _refuse(bad)
    messages = _signed([outgoing(event, codec) for event in events], sign_key)
    require_topics(settings, {event.topic.value: "WRITE" for event in events})
    _send(messages, settings)
    published = sorted(Counter(event.topic.value for event in events).items())
    if output is Output.JSON:
        show_json(dict(published))
    else:
        show_table(["topic", "published"], published)


def _refuse(bad: "Sequence[BadLine]") -> None:
    for line in bad[:_MOST_COMPLAINTS]:
        complain(f"line {line.number}: {line.why}")
    if len(bad) > _MOST_COMPLAINTS:
        complain(f"and {len(bad) - _MOST_COMPLAINTS} more lines")
    if bad:
        raise ProblemFoundError("nothing was published: every line must be an event")


def outgoing(event: "Event", codec: "Codec") -> "Outgoing":
    """An event as a message: keyed by its order, with CloudEvents headers and a trace of its own.

    Raises:
        RegistryUnavailableError: a registry is configured, and does not answer.
    """
    from services.envelope import of_event

    return of_event(event, codec.encode(event))


def _signed(messages: "list[Outgoing]", sign_key: Path | None) -> "list[Outgoing]":
    if sign_key is None:
        return messages
    from services.signing import read_signer

    signer = read_signer(sign_key)
    return [signer.signed(message) for message in messages]


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ProblemFoundError(f"{file} cannot be read: {error.strerror}") from None


def _send(messages: Sequence["Outgoing"], settings: "Settings") -> None:
    """Send in the order of the file, and show how far it is on standard error."""
    from rich.console import Console
    from rich.progress import track

    from consumers.broker import Publisher
    from services.errors import BrokerUnavailableError

    if not messages:
        return
    publisher = Publisher(settings)
    chunks = range(0, len(messages), _CHUNK)
    console = Console(stderr=True)
    try:
        for at in track(chunks, "publishing", console=console, disable=not console.is_terminal):
            try:
                publisher.publish(messages[at : at + _CHUNK])
            except BrokerUnavailableError as error:
                raise BrokerUnavailableError(
                    f"{error}; {at} of {len(messages)} events are known to be published:"
                    " publish the file again, what was published twice counts once"
                ) from error
    finally:
        publisher.close()
