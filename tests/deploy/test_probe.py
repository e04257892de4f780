"""Does the health check of the image say how the process is, whichever process it is?"""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from deploy.docker import probe
from services.settings import PREFIX, Settings
from tests.deploy.stack import free_ports


class _Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps({"asked": self.path}).encode())

    def log_message(self, *_: object) -> None:
        """Nothing, since nobody reads it."""


@pytest.mark.parametrize("setting", ["MEDIATION_METRICS_PORT", "MEDIATION_OPS_PORT"])
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_it_ends_with_0_where_the_process_says_that_all_is_well(
    setting: str,
    status: int,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Answering,), {"status": status}))
    (nobody,) = free_ports(1)
    for name in ("MEDIATION_METRICS_PORT", "MEDIATION_OPS_PORT"):
        monkeypatch.setenv(name, str(server.server_port if name == setting else nobody))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        ended = probe.main("/readyz")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

    assert ended == code
    assert json.loads(capsys.readouterr().out) == {"asked": "/readyz"}


def test_it_ends_with_1_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, port in zip(
        ("MEDIATION_METRICS_PORT", "MEDIATION_OPS_PORT"), free_ports(2), strict=True
    ):
        monkeypatch.setenv(name, str(port))

    assert probe.main("/healthz") == 1


def test_without_settings_it_asks_where_the_image_lets_its_processes_listen() -> None:
    console = Settings().ops_port

    assert probe.ports({}) == [9464, console]
    assert probe.ports({f"{PREFIX}METRICS_PORT": "1", f"{PREFIX}OPS_PORT": ""}) == [1, console]
