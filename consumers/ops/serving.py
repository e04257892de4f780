"""The server around the console: one process, one port, until it is asked to stop."""

import socket
import threading

import structlog
import uvicorn

from consumers.ops.guarding import Guard
from consumers.stopping import StopSignal
from services.errors import RefusedError
from services.settings import PREFIX

_AT_ONCE = 64
_STOPPING_SECONDS = 3
_LOOKS_EVERY = 0.5

log = structlog.get_logger()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        RefusedError: somebody else does already, or nobody may.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise RefusedError(
            f"the console cannot listen on {host}:{port}: {error.strerror or error}: set"
            f" {PREFIX}OPS_PORT"
        ) from error


def serve(app: Guard, listening: socket.socket, stop: StopSignal) -> None:
    """Answer until asked to stop; what is being answered by then has a moment to end."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=_STOPPING_SECONDS,
        )
    )
    # Not in the main thread, where it would take the signals from `stop`.
    thread = threading.Thread(target=server.run, args=([listening],), name="server")
    thread.start()
    host, port, *_ = listening.getsockname()
    log.info("serving", host=host, port=port)
    while not stop.wait(_LOOKS_EVERY) and thread.is_alive():
        pass
    server.should_exit = True
    thread.join()
