"""How a page looks: templates, and what they may call.

Rule: every text that a template shows is made visible and escaped, whether it asks for that or not;
only what is made here is markup. An answer is HTML, or the same data as JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from consumers.cli.dead_letters import produced
from consumers.cli.money import amount
from consumers.cli.output import json_text, moment
from consumers.cli.visible import visible
from consumers.ops.console import console_of

HERE = Path(__file__).parent
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: `data` is all of it as JSON, `extra` what only its HTML needs."""

    template: str
    data: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


def rendered(request: Request, page: Page) -> Response:
    """A page as it was asked for."""
    if wants_json(request):
        return Response(json_text(page.data) + "\n", page.status, media_type="application/json")
    console = console_of(request)
    session = console.session(request)
    said = dict(page.data) | dict(page.extra)
    common = {
        "now": console.clock(),
        "session": session,
        "can_sign_in": console.sessions.possible,
        "path": request.url.path,
    }
    return HTMLResponse(_templates.get_template(page.template).render(said | common), page.status)


def wants_json(request: Request) -> bool:
    """Whether JSON was asked for, by the address or by what is accepted."""
    accepted = request.headers.get("accept", "")
    by_name = request.url.path.endswith(".json")
    return by_name or ("application/json" in accepted and "text/html" not in accepted)


def duration(seconds: float) -> str:
    """A length of time in its two largest units: `1 d 6 h`, `12 min`, `8 s`."""
    left = int(seconds)
    said: list[str] = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count or said:
            said.append(f"{count} {unit}")
    return " ".join(said[:2]) if said else f"{left} s"


def address(path: str, **parameters: object) -> str:
    """A link inside the console; parameters that are None are left out."""
    given = {key: str(value) for key, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _visible(value: object) -> object:
    """What a template shows: nothing that a browser would obey, reorder or hide."""
    if isinstance(value, Markup):
        return value
    return "–" if value is None else visible(value)


def _time(value: datetime, words: str) -> Markup:
    absolute = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    shown = Markup('<time datetime="{}" title="{}">{}</time>')
    return shown.format(moment(value), absolute, words)


@pass_context
def _ago(context: Context, value: datetime | None) -> Markup:
    """How long ago that was, with the moment itself for whoever asks."""
    if value is None:
        return Markup("–")
    gone = (context["now"] - value).total_seconds()
    words = f"{duration(gone)} ago" if gone >= 0 else f"in {duration(-gone)}"
    return _time(value, words)


@pass_context
def _since(context: Context, value: datetime) -> Markup:
    """For how long it has been so."""
    return _time(value, duration(max((context["now"] - value) / timedelta(seconds=1), 0)))


def _at(value: datetime | None) -> Markup:
    return Markup("–") if value is None else _time(value, f"{value:%d %b %H:%M:%S}")


def _said(value: object, name: str) -> object:
    """A field of a message for people: a moment is not shown in milliseconds."""
    is_moment = name.endswith("_at") and isinstance(value, int)
    return produced(value) if is_moment and isinstance(value, int) else value


_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    finalize=_visible,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"ago": _ago, "since": _since, "at": _at, "duration": duration, "said": _said}
_templates.globals |= {"address": address, "amount": amount}
