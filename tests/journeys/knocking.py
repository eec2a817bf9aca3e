"""A browser's push manager, as a test can have one: this Chromium's own never answers without a network.

Everything else is real: the service posts to a push service that decrypts, and what it decrypted is handed to
the service worker as the browser would.
"""

import base64
import json
from collections.abc import Callable
from time import monotonic
from typing import Any, Self

from playwright.sync_api import BrowserContext, CDPSession, Page

from support.push_service import Browser
from waymark_sync.seal import raw_public

ALLOWED = ["notifications", "background-sync"]

PUSH_MANAGER = """
(({ endpoint, p256dh, auth }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer
  let current = null
  PushManager.prototype.subscribe = async function (options) {
    if (!options.userVisibleOnly || options.applicationServerKey.length !== 65) throw new TypeError('options')
    current = {
      endpoint,
      options,
      getKey: (name) => bytes(name === 'p256dh' ? p256dh : auth),
      unsubscribe: async () => ((current = null), true),
    }
    return current
  }
  PushManager.prototype.getSubscription = async () => current
})(%s)
"""
COUNT_QUESTIONS = """
globalThis.questions = 0
const ask = Notification.requestPermission.bind(Notification)
Notification.requestPermission = (...given) => { globalThis.questions++; return ask(...given) }
"""


def prepare(
    context: BrowserContext, origin: str, browser: Browser | None, *, at: str = "", allowed: bool = True
) -> None:
    """Before the first page. at: the push service's origin. No `browser`: its own is out of reach."""
    if allowed:
        context.grant_permissions(ALLOWED, origin=origin)
    context.add_init_script(COUNT_QUESTIONS)
    if browser is not None:
        place = browser.at(at)
        keys = {
            "endpoint": place.endpoint,
            "p256dh": base64.b64encode(raw_public(browser.key)).decode(),
            "auth": base64.b64encode(browser.auth).decode(),
        }
        context.add_init_script(PUSH_MANAGER % json.dumps(keys))


WATCH = """
() => {
  if (self.seen !== undefined) return true
  self.seen = { knocked: 0, answered: 0, shown: 0, forgot: 0, held: null, letGo: null }
  const wait = ExtendableEvent.prototype.waitUntil
  ExtendableEvent.prototype.waitUntil = function (work) {
    const done = this.type === 'push' ? 'answered' : this.data === 'left' ? 'forgot' : null
    if (this.type === 'push') self.seen.knocked++
    return wait.call(this, done === null ? work : Promise.resolve(work).finally(() => self.seen[done]++))
  }
  const show = self.registration.showNotification.bind(self.registration)
  self.registration.showNotification = async (...given) => {
    self.seen.shown++
    await self.seen.held
    return show(...given)
  }
  return true
}
"""
"""Counts what a worker does. The browser's own does it all the same."""


class Worker:
    """The service worker of one phone, seen from the browser."""

    def __init__(self, page: Page, origin: str) -> None:
        self._context = page.context
        self._origin = origin
        self._registration: str | None = None
        self._page = page
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._cdp.send("ServiceWorker.enable")
        wait_for(page, lambda: self._registration is not None)
        wait_for(page, lambda: self.evaluate(WATCH) is True)

    def _note(self, event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if each["scopeURL"] == f"{self._origin}/" and not each["isDeleted"]:
                self._registration = each["registrationId"]

    def push(self, plaintext: bytes) -> Self:
        """What the browser does with a message that its push service hands over."""
        self._send("ServiceWorker.deliverPushMessage", data=plaintext.decode())
        return self

    def sync(self, tag: str) -> Self:
        """What the browser does when it believes that there is a network."""
        self._send("ServiceWorker.dispatchSyncEvent", tag=tag, lastChance=False)
        return self

    def _send(self, method: str, **given: Any) -> None:
        self._cdp.send(method, {"origin": self._origin, "registrationId": self._registration, **given})

    def evaluate(self, script: str) -> Any:
        workers = [each for each in self._context.service_workers if each.url.startswith(self._origin)]
        return workers[-1].evaluate(script) if workers else None

    def seen(self, what: str) -> int:
        """How many: `knocked`, `answered` to the end, `shown` or asked to be, `forgot`."""
        found: int = self.evaluate(f"() => self.seen.{what}")
        return found

    def hold_notices(self) -> None:
        """The browser is slow to show one."""
        self.evaluate("() => { self.seen.held = new Promise((letGo) => { self.seen.letGo = letGo }) }")

    def let_notices_go(self) -> None:
        self.evaluate("() => self.seen.letGo()")

    @property
    def notices(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] | None = self.evaluate(
            """() => self.registration.getNotifications().then((all) => all.map(
              ({ title, body, tag, lang, icon, badge }) => ({ title, body, tag, lang, icon, badge })))"""
        )
        return found or []


def wait_for(page: Page, fact: Callable[[], bool], *, seconds: float = 60) -> None:
    """Until it is so. The browser goes on meanwhile."""
    ends = monotonic() + seconds
    while not fact():
        assert monotonic() < ends, "waited too long"
        page.wait_for_timeout(50)
