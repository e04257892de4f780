"""A headless Chromium, spoken to in the DevTools protocol over a pipe.

Rule: it is the browser that is installed here, with nothing in between. Whatever a page complains
of, on its console or as a violation of its policy, is kept in `complaints`.
"""

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 30.0
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    *("--disable-extensions", "--mute-audio", "--remote-debugging-pipe", "--lang=en-GB"),
)
_BAD = {"error", "warning", "assert"}


class NoBrowserError(Exception):
    """There is no Chromium on this machine."""


def executable() -> str:
    """The browser's path.

    Raises:
        NoBrowserError: it is not installed; the message says how it would be.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoBrowserError("no Chromium is installed: run `apt-get install chromium` as root")
    return found


@dataclass(slots=True)
class Tab:
    """One tab, and what its pages complained of."""

    _send: BinaryIO
    _receive: BinaryIO
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _session: str | None = None
    _loads: int = 0
    _unread: bytes = b""
    complaints: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Make the tab, and listen to it."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Audits", "Network"):
            self.ask(f"{domain}.enable")

    def go(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        before = self._loads
        self.ask("Page.navigate", url=url)
        self.wait_for_load(before)

    def click(self, selector: str) -> None:
        """Click on what a selector finds, and wait for the page that it leads to."""
        before = self._loads
        assert self.js(f"!!document.querySelector({json.dumps(selector)})"), selector
        self.js(f"document.querySelector({json.dumps(selector)}).click()")
        self.wait_for_load(before)

    def js(self, expression: str) -> Any:
        """What an expression comes to in the page; a promise is waited for."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        """Have a screen of this size, and this preference of colours."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """A PNG of what is seen."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def without_scripts(self) -> None:
        """Run no scripts from now on."""
        self.ask("Emulation.setScriptExecutionDisabled", value=True)

    def wait_for_load(self, before: int) -> None:
        """Wait until one more page than `before` was loaded."""
        while self._loads == before:
            self._take(self._next())

    @property
    def loads(self) -> int:
        """How many pages were loaded."""
        return self._loads

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command, and wait for its answer."""
        number = next(self._numbers)
        command: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        self._send.write(json.dumps(command).encode() + b"\0")
        self._send.flush()
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self._take(message)

    def _next(self) -> Any:
        while b"\0" not in self._unread:
            more = os.read(self._receive.fileno(), 1 << 20)
            assert more, "the browser ended"
            self._unread += more
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def _take(self, message: Any) -> None:
        said = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loads += 1
            case "Runtime.exceptionThrown":
                self.complaints.append(f"exception: {said['exceptionDetails']}")
            case "Runtime.consoleAPICalled" if said["type"] in _BAD:
                self.complaints.append(f"console: {said['args']}")
            case "Log.entryAdded" if said["entry"]["level"] in _BAD:
                self.complaints.append(f"log: {said['entry']['text']}")
            case "Audits.issueAdded" if "ContentSecurity" in said["issue"]["code"]:
                self.complaints.append(f"policy: {said['issue']}")


@contextmanager
def chromium() -> Iterator[Tab]:
    """A browser with one tab, gone at the end of the block."""
    to_us, from_it = os.pipe()
    from_us, to_it = os.pipe()
    with tempfile.TemporaryDirectory(prefix="mediation-chromium-") as profile:
        redirected = f'exec "$0" "$@" 3<&{from_us} 4>&{from_it}'
        process = subprocess.Popen(
            ["bash", "-c", redirected, executable(), *_FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(from_us, from_it),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(from_it)
        try:
            with os.fdopen(to_it, "wb") as send, os.fdopen(to_us, "rb", buffering=0) as receive:
                tab = Tab(send, receive)
                tab.open()
                yield tab
                Tab(send, receive, tab._numbers, None).ask("Browser.close")
        finally:
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
