"""What a process says when it is asked over HTTP: /healthz, /readyz and /metrics.

Rule: who asks never holds the loop up. `/healthz` says whether the loops turn, and asks nothing
of Kafka or the database: a process that waits for one of them is alive. `/readyz` says whether work
would be done now, and names what is missing.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, MetricsHandler

from services.errors import SettingsError
from services.loops import Share
from services.metrics import Metrics
from services.settings import PREFIX, Settings

ANSWER_SECONDS = 3.0
_PATIENCE_SECONDS = 5.0  # for a peer that connects and then says nothing

Findings = Mapping[str, str | None]
"""What was looked at, and what is missing of it; None where nothing is."""


class Health:
    """Answers for one process. `database` says what is wrong with the database, if anything is.

    It is asked in a thread of its own, by one at a time.
    """

    def __init__(
        self, metrics: Metrics, *, loop_limit: float, database: Callable[[], Findings]
    ) -> None:
        self._metrics = metrics
        self._loop_limit = loop_limit
        self._database = database
        self._lock = threading.Lock()
        self._asked: Future[Findings] | None = None

    def alive(self) -> Findings:
        """Whether every loop came around within the limit."""
        silent = [loop.silent_for for loop in self._metrics.loops]
        late = [f"{seconds:.0f} s" for seconds in silent if seconds > self._loop_limit]
        return {"loops": f"silent for {', '.join(late)}" if late else None}

    def ready(self) -> Findings:
        """Whether our share of the work is known, and the database is there and fits."""
        shares: dict[str, str | None] = {}
        for share in self._metrics.shares:
            shares[share.kind] = shares.get(share.kind) or _missing(share)
        return (shares or {"share": "nothing is claimed yet"}) | self._ask_database()

    def _ask_database(self) -> dict[str, str | None]:
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                asking = threading.Thread(target=self._answer, args=[self._asked], daemon=True)
                asking.start()
            asked = self._asked
        try:
            return dict(asked.result(ANSWER_SECONDS))
        except TimeoutError:
            return {"database": f"no answer within {ANSWER_SECONDS:.0f} s"}

    def _answer(self, asked: "Future[Findings]") -> None:
        try:
            asked.set_result(self._database())
        except Exception as error:  # whatever it is, who asks is to be told
            asked.set_result({"database": f"could not be asked: {type(error).__name__}"})


@contextmanager
def served(settings: Settings, registry: CollectorRegistry, health: Health) -> Iterator[int]:
    """Serve at the settings' address until the end of the block; yields the port.

    Raises:
        SettingsError: the address cannot be had.
    """

    class Handler(_Handler):
        pass

    Handler.registry, Handler.health = registry, health
    try:
        server = _Server((settings.metrics_host, settings.metrics_port), Handler)
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"{PREFIX}METRICS_HOST and {PREFIX}METRICS_PORT: {settings.metrics_host} port"
            f" {settings.metrics_port} cannot be served: {error}"
        ) from None
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _missing(share: Share) -> str | None:
    """Not to have been dealt anything is no fault: others have it all, and this one stands by."""
    return "not known yet" if share.numbers is None else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A peer that went away while it was answered is nobody's concern."""


class _Handler(MetricsHandler):
    health: Health
    timeout = _PATIENCE_SECONDS

    def do_GET(self) -> None:  # noqa: N802 - the library calls it by this name
        """Answer."""
        path = self.path.split("?")[0]
        if path == "/metrics":
            super().do_GET()
        elif path == "/healthz":
            self._tell(self.health.alive())
        elif path == "/readyz":
            self._tell(self.health.ready())
        else:
            self._send(404, {"paths": ["/healthz", "/metrics", "/readyz"]})

    def _tell(self, findings: Findings) -> None:
        missing = {name: why for name, why in findings.items() if why is not None}
        checked = {name: why or "ok" for name, why in findings.items()}
        if missing:
            self._send(503, {"status": "unavailable", "missing": missing, "checks": checked})
        else:
            self._send(200, {"status": "ok", "checks": checked})

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        encoded = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(encoded)
