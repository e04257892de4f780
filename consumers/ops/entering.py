"""Signing in with the token and a name, and out again."""

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from consumers.ops.console import console_of
from consumers.ops.forms import Said, fields_of
from consumers.ops.sessions import LASTS, LONGEST_NAME
from consumers.ops.shown import Page, address, rendered, wants_json

log = structlog.get_logger()


async def sign_in_page(request: Request) -> Response:
    """Ask for the name and the token."""
    where = _inside(request.query_params.get("next"))
    return await run_in_threadpool(rendered, request, _form(where))


async def sign_in(request: Request) -> Response:
    """Believe whoever knows the token, and remember the name for what is done."""
    console, said = console_of(request), dict(await fields_of(request))
    name, where = _name_in(said), _inside(said.get("next"))
    session = console.sessions.sign_in(name, said.get("token", "")) if name else None
    if session is None:
        log.warning("sign_in_refused", name=name)
        why = "That is not the token." if name else "Say who you are: it is written to the audit."
        return await run_in_threadpool(rendered, request, _form(where, why))
    log.info("signed_in", name=name)
    answer = RedirectResponse(where, 303)
    answer.set_cookie(
        console.cookie,
        session.key,
        max_age=int(LASTS.total_seconds()),
        secure=console.secure,
        httponly=True,
        samesite="strict",
    )
    return answer


async def sign_out(request: Request) -> Response:
    """Forget the session, here and in the browser."""
    console = console_of(request)
    session = console.session(request)
    if session is not None and session.owns(dict(await fields_of(request)).get("form_key", "")):
        console.sessions.sign_out(session)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(console.cookie, secure=console.secure, httponly=True, samesite="strict")
    return answer


def sent_to_sign_in(request: Request) -> Response:
    """What somebody gets who may not read: the way in, and programs a plain refusal."""
    if wants_json(request):
        return JSONResponse(
            {"error": "sign in, or send the token as `Authorization: Bearer TOKEN`"},
            401,
            {"WWW-Authenticate": "Bearer"},
        )
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(address("/sign-in", next=where), 303)


def _form(where: str, why_not: str | None = None) -> Page:
    data = {"next": where, "error": why_not}
    extra = {"longest_name": LONGEST_NAME}
    return Page("sign_in.html", data, extra, 200 if why_not is None else 403)


def _name_in(said: Said) -> str:
    """The name on one line; what is written to the audit can be read back."""
    name = " ".join(said.get("name", "").split())[:LONGEST_NAME]
    return name if name.isprintable() else ""


def _inside(where: str | None) -> str:
    """A place in the console, and never one elsewhere."""
    is_path = where is not None and where.startswith("/") and not where.startswith(("//", "/\\"))
    return where if is_path and where is not None and where.isprintable() else "/"
