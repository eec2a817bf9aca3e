"""The service that a swarm sends to: the one that runs, with its plug if it has one, or one of its own."""

import asyncio
from types import TracebackType
from typing import Protocol, Self

import httpx

from waymark.cli.stage_plug import Plug
from waymark.kernel.settings import HOST, Settings, SettingsRefused


class Switch(Protocol):
    """Something that can be unplugged."""

    async def pull(self) -> None: ...

    async def plug_in(self) -> None: ...


class StageSwitch:
    """The plug of a split page that runs already, pressed as its own page presses it."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token

    async def pull(self) -> None:
        await self._press(plugged=False)

    async def plug_in(self) -> None:
        await self._press(plugged=True)

    async def _press(self, *, plugged: bool) -> None:
        headers = {"Origin": self._address, "Waymark-Stage": self._token}
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            (
                await http.post(f"{self._address}/plug", json={"plugged": plugged}, headers=headers)
            ).raise_for_status()


class Service:
    """`async with`: the service runs. `switch` is None where it was started without a plug."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own: Plug | None = None
        self.switch: Switch | None = None

    async def __aenter__(self) -> Self:
        if await _text(f"http://{HOST}:{self._settings.port}/health/live") is None:
            self.switch = self._own = Plug(self._settings, tell=lambda _: None)
            await self._own.plug_in()
            if self._own.standing.state != "running":
                await self._own.close()
                raise SettingsRefused((f"the service did not start; see {self._own.log}",))
        else:
            page = await _text(f"{self._settings.stage_address}/")
            token = (page or "").partition('name="stage-token" content="')[2].partition('"')[0]
            self.switch = StageSwitch(self._settings.stage_address, token) if token else None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own is not None:
            await asyncio.shield(self._own.close())


async def _text(address: str) -> str | None:
    """None when nothing sound answers."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            answer = await http.get(address)
    except httpx.TransportError:
        return None
    return answer.text if answer.status_code == 200 else None
