"""Schema registries for the tests: one in memory, and one on 127.0.0.1 that speaks HTTP.

Rule of this file: the fake passes the contract tests of the real client (tests/contract).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RegistryInMemory:
    """A schema registry that keeps its schemas in a list; the first id is 1."""

    def __init__(self) -> None:
        self.schemas: list[dict[str, Any]] = []
        self.subjects: dict[str, int] = {}
        self.asked: list[int] = []

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        self.asked.append(schema_id)
        known = 1 <= schema_id <= len(self.schemas)
        return self.schemas[schema_id - 1] if known else None

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        if schema not in self.schemas:
            self.schemas.append(schema)
        self.subjects[subject] = self.schemas.index(schema) + 1
        return self.subjects[subject]


class RegistryServer(ThreadingHTTPServer):
    """An HTTP server in front of a registry; `answer` replaces every answer while it is set."""

    daemon_threads = True

    def __init__(self, registry: RegistryInMemory) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.registry = registry
        self.answer: tuple[int, str] | None = None
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(registry: RegistryInMemory) -> Iterator[RegistryServer]:
    """Serve a registry over HTTP until the block is left."""
    with RegistryServer(registry) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: RegistryServer

    def do_GET(self) -> None:
        self._note()
        schema = self.server.registry.schema(int(self.path.rpartition("/")[2]))
        if schema is None:
            self._reply(404, json.dumps({"error_code": 40403, "message": "Schema not found"}))
        else:
            self._reply(200, json.dumps({"schema": json.dumps(schema)}))

    def do_POST(self) -> None:
        self._note()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        subject = self.path.split("/")[2]
        schema_id = self.server.registry.register(subject, json.loads(body["schema"]))
        self._reply(200, json.dumps({"id": schema_id}))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a test says itself what went wrong."""

    def _note(self) -> None:
        self.server.requests.append((f"{self.command} {self.path}", dict(self.headers.items())))

    def _reply(self, status: int, body: str) -> None:
        status, body = self.server.answer or (status, body)
        raw = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
