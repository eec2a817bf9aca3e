"""A slow link: everything through it waits and shares one rate, a service worker's requests too.

The browser's own throttle slows the page's target alone, and most of an offline app comes by its worker.
"""

import asyncio
import threading
import time
from types import TracebackType
from typing import Self

SEGMENT = 1_448  # bytes: what one TCP segment carries


class SlowWire:
    """Listens on a loopback port and forwards to another. `latency_s` is there and back; rate each way."""

    def __init__(self, port: int, *, latency_s: float, rate_bytes_s: int) -> None:
        self._upstream = port
        self._half_s = latency_s / 2
        self._rate = rate_bytes_s
        self._free_at = {"up": 0.0, "down": 0.0}
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self.port = 0
        threading.Thread(target=self._run, daemon=True).start()
        self._started.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        self._loop.set_exception_handler(lambda *_: None)  # what is cut off on purpose is no news
        for task in (open_ones := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*open_ones, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._half_s * 2)  # the handshake is one round trip
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._carry(reader, up_writer, "up"),
            self._carry(up_reader, writer, "down"),
            return_exceptions=True,
        )

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """Each segment leaves when the link is free and arrives half a round trip later, in order."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                at, segment = await on_the_way.get()
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                if not segment:
                    writer.close()
                    return
                writer.write(segment)
                await writer.drain()

        arriving = asyncio.create_task(arrive())
        while segment := await reader.read(SEGMENT):
            sent_at = max(time.monotonic(), self._free_at[way]) + len(segment) / self._rate
            self._free_at[way] = sent_at
            on_the_way.put_nowait((sent_at + self._half_s, segment))
            await asyncio.sleep(max(0.0, sent_at - time.monotonic()))
        on_the_way.put_nowait((time.monotonic() + self._half_s, b""))
        await arriving
