"""A real Chromium with a profile on disk: it can be killed without warning and started again as it was."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that hums, and a person who allows it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# Asked without the help of the input that may hang, and answered within three seconds.
STANDS: dict[str, object] = {
    "awaitPromise": True,
    "timeout": 5_000,
    "expression": """Promise.race([
        new Promise((drawn) => requestAnimationFrame(() => drawn('draws'))),
        new Promise((late) => setTimeout(() => late('DOES NOT DRAW'), 3000)),
    ]).then((how) => [how, document.visibilityState, document.hasFocus() ? 'focused' : 'not focused',
        location.pathname, document.querySelector('h1')?.textContent,
        `${document.activeElement?.tagName} ${document.activeElement?.id}`].join(' | '))""",
}
SMALL_PHONE = {"width": 360, "height": 640}
TABLET = {"width": 820, "height": 1180}
DESK = {"width": 1440, "height": 900}


class Phone:
    """One device. `durable` decides whether its browser may evict what we store (see `_allow_durable`)."""

    def __init__(
        self,
        playwright: Playwright,
        profile: Path,
        origin: str,
        *,
        durable: bool = False,
        viewport: dict[str, int] = SMALL_PHONE,
        dark: bool = False,
        program: str = CHROMIUM,
    ) -> None:
        self._playwright = playwright
        self._profile = profile
        self._origin = origin
        self._viewport = viewport
        self._dark = dark
        self._program = program
        self._context: BrowserContext | None = None
        self.violations: list[str] = []
        if durable:
            _allow_durable(profile, origin)

    def start(self) -> Page:
        self._context = self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=self._program,
            args=ARGUMENTS,
            headless=True,
            locale="en-GB",
            timezone_id="Europe/London",
            viewport=self._viewport,  # type: ignore[arg-type]
            color_scheme="dark" if self._dark else "light",
            accept_downloads=True,
        )
        self._context.set_default_timeout(20_000)
        self._context.on("console", self._listen)
        self._context.on("weberror", lambda error: self.violations.append(str(error.error)))
        return self._context.pages[0]

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None, "the phone is off"
        return self._context

    def kill(self) -> None:
        """SIGKILL every process of this browser at once, as when the battery is pulled."""
        for pid in _processes_of(self._profile):
            os.kill(pid, signal.SIGKILL)
        _wait_until(lambda: not _processes_of(self._profile))
        self._forget()

    def story(self) -> str:
        """Where each page stands, for whoever reads why a journey failed. Never raises."""
        told = []
        for page in self._context.pages if self._context is not None else ():
            try:
                told.append(
                    str(self.context.new_cdp_session(page).send("Runtime.evaluate", STANDS)["result"])
                )
            except Error as error:
                told.append(f"no answer: {error}")
        return "\n".join(told) or "off"

    def off(self) -> None:
        if self._context is not None:
            self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.off()
        if kind is None:
            assert self.violations == [], "the page broke its own security policy or threw"

    def _forget(self) -> None:
        with suppress(Error):  # it may be dead already: that was the point
            self.context.close()
        self._context = None

    def _listen(self, message: ConsoleMessage) -> None:
        text = message.text
        if "Content Security Policy" in text or "TrustedScript" in text or "Trusted Type" in text:
            self.violations.append(text)


def _allow_durable(profile: Path, origin: str) -> None:
    # A grant over the debugging protocol makes persist() answer true and still evicts; this one is real.
    preferences = profile / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True, exist_ok=True)
    allowed = {f"{origin},*": {"setting": 1}}
    settings = {"content_settings": {"exceptions": {"durable_storage": allowed}}}
    preferences.write_text(json.dumps({"profile": settings}))


def _processes_of(profile: Path) -> list[int]:
    mark = f"--user-data-dir={profile}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mark in command and state != "Z":
                found.append(int(folder.name))
    return found


def _wait_until(done: Any, seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)
