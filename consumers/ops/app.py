"""The console as an application: its addresses, and what stands around every page.

Rule: what may be read is decided here alone, and so is what may be done: by who has signed in, in a
form that was given to that person.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from consumers.ops.acting import Form, perform, prepare
from consumers.ops.audit import audit
from consumers.ops.case import case
from consumers.ops.console import Console, console_of
from consumers.ops.disputes import disputes, search
from consumers.ops.entering import sent_to_sign_in, sign_in, sign_in_page, sign_out
from consumers.ops.forms import fields_of
from consumers.ops.guarding import Guard
from consumers.ops.letters import letter, letters
from consumers.ops.outbox import waiting_effects
from consumers.ops.overview import overview
from consumers.ops.shown import HERE, Page, rendered
from services.errors import MediationError, TransientError
from services.storage.schema import require_needed_version

Reader = Callable[[Console, Request], Page | Response]
Actor = Callable[[Console, Form, str], Page]
Endpoint = Callable[[Request], Awaitable[Response]]

PAGES: dict[str, Reader] = {
    "/disputes": disputes,
    "/case": case,
    "/dead-letters": letters,
    "/dead-letters/{id:uuid}": letter,
    "/outbox": waiting_effects,
    "/audit": audit,
}
"""Every page by its address; with `.json` behind it, the same as data."""

_NOT_FOUND = 404

log = structlog.get_logger()


def create_app(console: Console, public_url: str | None = None) -> Guard:
    """The console for a server to run. `public_url` is its address behind a proxy."""
    routes: list[Route | Mount] = [
        Route("/", _read(overview)),
        Route("/overview.json", _read(overview)),
        Route("/search", _read(search)),
        Route("/dead-letters/prepare", _act(prepare), methods=["POST"]),
        Route("/dead-letters/perform", _act(perform), methods=["POST"]),
        Route("/sign-in", sign_in_page),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        Route("/metrics", _metrics),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    for path, page in PAGES.items():
        routes += [Route(path, _read(page)), Route(f"{path}.json", _read(page))]
    handlers: Any = {MediationError: _failed, HTTPException: _no_such_page, Exception: _bug}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.console = console
    return Guard(app, public_url)


def _read(page: Reader) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        console = console_of(request)
        if not console.may_read(request):
            return sent_to_sign_in(request)
        return await run_in_threadpool(_answer, request, lambda: page(console, request))

    return endpoint


def _act(deed: Actor) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        console = console_of(request)
        session = console.session(request)
        if session is None:
            raise HTTPException(403, "Sign in first: without that, nothing can be changed.")
        said = await fields_of(request)
        if not session.owns(dict(said).get("form_key", "")):
            raise HTTPException(403, "This form is not of your session: open its page anew.")
        form = Form.read(said)
        if form is None:
            raise HTTPException(400, "This is no form of this console.")
        by = f"{session.name} (console)"
        return await run_in_threadpool(_answer, request, lambda: deed(console, form, by))

    return endpoint


def _answer(request: Request, make: Callable[[], Page | Response]) -> Response:
    made = make()
    return rendered(request, made) if isinstance(made, Page) else made


async def _failed(request: Request, error: Exception) -> Response:
    """A part that does not answer is a page too."""
    log.warning("page_failed", path=request.url.path, error=str(error))
    away = isinstance(error, TransientError)
    title = "Something does not answer" if away else "That did not work"
    page = Page("error.html", {"error": str(error)}, {"title": title}, 503 if away else 500)
    return await run_in_threadpool(rendered, request, page)


async def _no_such_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = "There is no such page" if error.status_code == _NOT_FOUND else "That was refused"
    page = Page("error.html", {"error": error.detail}, {"title": title}, error.status_code)
    return await run_in_threadpool(rendered, request, page)


async def _bug(request: Request, error: Exception) -> Response:
    log.error("page_broken", path=request.url.path, exc_info=error)
    return PlainTextResponse("This is a bug of the console; its log has it.\n", 500)


async def _healthz(_: Request) -> Response:
    """The loop turns."""
    return PlainTextResponse("ok\n")


async def _readyz(request: Request) -> Response:
    """The database answers, and has the schema that this release needs."""
    try:
        await run_in_threadpool(require_needed_version, console_of(request).database)
    except MediationError as error:
        return PlainTextResponse(f"{error}\n", 503)
    return PlainTextResponse("ready\n")


async def _metrics(request: Request) -> Response:
    registry = console_of(request).metrics
    text = await run_in_threadpool(generate_latest, registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
