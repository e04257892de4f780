"""What stands before every page: which requests are let in, and what every answer is told.

Rule: a browser is only believed when it speaks of us by a name that is ours, and only obeyed when
the order comes from a page of ours. Answers run nothing but our own files.
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""How long a form may be."""

_SAFE = {"GET", "HEAD"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Lets in what is meant for us, and sets the headers of every answer.

    `public_url` is the address that browsers know us by behind a proxy, if there is one.
    """

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self._app = app
        self._public = urlsplit(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["Cache-Control"] = "no-cache" if _is_static(scope) else "no-store"
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"])
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _refusal(self, headers: Headers, method: str) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return PlainTextResponse(
                "This is not a name of this console. Use its IP address, localhost, or the name in"
                " MEDIATION_OPS_URL.\n",
                421,
            )
        if method in _SAFE:
            return None
        if not self._comes_from_us(headers, hosts[0]):
            return PlainTextResponse("Only a page of this console may ask for that.\n", 403)
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return PlainTextResponse("That is too long for a form of this console.\n", 413)
        return None

    def _is_ours(self, host: str) -> bool:
        """A page of somebody else can be given a name that leads to us, but not our number."""
        name = _name(host)
        if name is None:
            return False
        return name == "localhost" or _is_number(name) or name in self._public_names()

    def _public_names(self) -> Collection[str | None]:
        return {self._public.hostname} if self._public else set()

    def _comes_from_us(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin", "")
        ours = {f"http://{host}"}
        if self._public:
            ours.add(f"{self._public.scheme}://{self._public.netloc}")
        return origin in ours and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _is_static(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/static/")


def _name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        return None if parts.username or parts.path or parts.query else parts.hostname
    except ValueError:
        return None


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
