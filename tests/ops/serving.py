"""A console that a browser can reach, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from consumers.ops.app import create_app
from consumers.ops.console import Console
from consumers.ops.serving import bound, serve
from consumers.stopping import StopSignal


class Ending(StopSignal):
    """A signal to stop that ends no process."""

    def set(self, *, exit_code: int = 0) -> None:
        self._event.set()


@contextmanager
def served(console: Console) -> Iterator[str]:
    """The address of this console while the block runs."""
    stop, listening = Ending(), bound("127.0.0.1", 0)
    thread = threading.Thread(target=serve, args=(create_app(console), listening, stop))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
