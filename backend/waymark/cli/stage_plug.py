"""The serving process of a demonstration, and the plug that can be pulled: SIGKILL, with nothing told before.

Started again only by plugging in. A process that ends by itself is shown as crashed and stays down.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import httpx
from msgspec import Struct

from waymark.kernel.clock import now
from waymark.kernel.settings import HOST, Settings

READY_WITHIN_S: Final = 30.0
LOOK_AGAIN_S: Final = 0.1
STOP_WITHIN_S: Final = 15.0
LOG: Final = "demo-server.log"

State = Literal["starting", "running", "unplugged", "crashed"]


class Standing(Struct, frozen=True, kw_only=True):
    state: State
    since: datetime
    exit_code: int | None = None
    """Of a process that ended by itself."""


class Plug:
    """One child process at a time. Belongs to one event loop."""

    def __init__(self, settings: Settings, *, tell: Callable[[str], object]) -> None:
        """tell: what a person at the terminal should know."""
        self._settings = settings
        self._tell = tell
        self._environ = dict(os.environ)
        if settings.stage_origin is not None:
            self._environ["WAYMARK_STAGE_PORT"] = str(settings.stage_port)
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self.standing = Standing(state="unplugged", since=now())

    @property
    def log(self) -> Path:
        """What the serving process writes."""
        return self._settings.data / LOG

    async def plug_in(self) -> None:
        """Start the process, unless it runs. Returns once it can take a report, or has given up."""
        async with self._changing:
            if self._process is not None:
                return
            self._set("starting")
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "waymark",
                    "serve",
                    "--until-stdin-ends",  # SIGKILL of ours, too, ends it
                    env=self._environ,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl+C reaches us alone; we end it in order
                )
            self._watcher = asyncio.create_task(self._watch(self._process))
        await self._until_ready()

    async def pull(self) -> None:
        """Kill the process. Returns when it is gone."""
        async with self._changing:
            if self._process is not None:
                await self._end(self._process, signal.SIGKILL)
            self._set("unplugged")
            self._tell("The plug is pulled: the service was killed")

    async def close(self) -> None:
        """Stop the process in order: it stores what waits first."""
        async with self._changing:
            if self._process is not None:
                await self._end(self._process, signal.SIGTERM)

    async def _end(self, process: asyncio.subprocess.Process, how: signal.Signals) -> None:
        self._process = None  # so that its watcher does not call this a crash
        if process.returncode is None:
            process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        if self._process is process:
            self._process = None
            self._set("crashed", exit_code=code)
            self._tell(f"The service ended by itself (exit code {code}); see {self.log}")

    async def _until_ready(self) -> None:
        address = f"http://{HOST}:{self._settings.port}/health/ready"
        ends = asyncio.get_running_loop().time() + READY_WITHIN_S
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            while self.standing.state == "starting" and asyncio.get_running_loop().time() < ends:
                try:
                    if (await http.get(address)).status_code == 200 and self.standing.state == "starting":
                        self._set("running")
                        self._tell("The service is running")
                except httpx.TransportError:
                    await asyncio.sleep(LOOK_AGAIN_S)

    def _set(self, state: State, *, exit_code: int | None = None) -> None:
        self.standing = Standing(state=state, since=now(), exit_code=exit_code)
