"""A TCP proxy on loopback between the processes and a part of theirs, which cuts and stalls.

Rule: it copies bytes until it is told to misbehave, and then misbehaves on connections that live.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
T = TypeVar("T")

_CHUNK = 64 * 1024
_ENOUGH_SECONDS = 30


class _Link:
    """One connection; `left` is how many more bytes may pass each way before it is cut."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.left: list[int | None] = [None, None]
        self._writers = writers

    def close(self) -> None:
        """End both sides once what was written has left."""
        for writer in self._writers:
            writer.close()

    def cut(self) -> None:
        """End both sides at once, without a word."""
        for writer in self._writers:
            writer.transport.abort()


class Proxy:
    """Listens on `port`; every connection leads to what `dial` connects to."""

    def __init__(self, dial: Dial) -> None:
        self.port = 0
        self._dial = dial
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut_after(self, count: int, *, answers: bool) -> int:
        """Cut each connection that lives after `count` more bytes; returns how many live.

        `answers` says of which direction: of what comes back, or of what is asked.
        """

        async def arm() -> int:
            for link in self._links:
                link.left[answers] = count
            return len(self._links)

        return self._do(arm())

    def cut_now(self) -> int:
        """Cut every connection; returns how many lived."""

        async def cut() -> int:
            links = list(self._links)
            for link in links:
                link.cut()
            return len(links)

        return self._do(cut())

    def stall(self) -> None:
        """Let nothing through, in either direction, until `flow`."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_ENOUGH_SECONDS)

    async def _listen(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        for link in list(self._links):
            link.cut()
        if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks, timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, there_writer)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._copy(link, 0, reader, there_writer),
                self._copy(link, 1, there_reader, writer),
            )
        finally:
            self._links.discard(link)

    async def _copy(
        self, link: _Link, way: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                left = link.left[way]
                writer.write(data[:left])
                await writer.drain()
                if left is not None and left <= len(data):
                    await asyncio.sleep(0)  # so that what was written leaves
                    link.cut()
                    return
                link.left[way] = None if left is None else left - len(data)
        link.close()  # whichever side ended, and however: the other must know
