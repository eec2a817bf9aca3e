"""One knock on its way: encoded, signed, and posted to an address that was looked at first.

The name is resolved once and the very address that was checked is connected to, so it cannot be exchanged in
between. No redirect is followed, no proxy used, nothing of an answer read but its status and Retry-After.
Neither endpoint nor answer is ever logged.
"""

import asyncio
import base64
import importlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from waymark.knocks.records import Later, Outcome, Place, Refused, Target
from waymark.knocks.rules import PAYLOAD, loopback, outcome_of, public, target

CONNECT_S: Final = 5.0
TOTAL_S: Final = 10.0
TTL_S: Final = 86_400  # a phone may be off for the night; what is older is found by looking
TOPIC: Final = "w"  # a later knock takes the place of one that still waits at the push service
PROOF_LIFE: Final = timedelta(hours=12)  # a push service refuses more than 24 hours

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


class Sender:
    """Knocks at one place at a time. `resolve` and `transport` are the network's edge."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        *,
        hosts: Sequence[str],
        contact: str,
        resolve: Resolve = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = key
        self._hosts = frozenset(hosts)
        self._contact = contact
        self._resolve = resolve
        # No connection is kept: the pool knows them by address alone, and two names may share one.
        self._client = httpx.AsyncClient(
            transport=transport or httpx.AsyncHTTPTransport(verify=ssl.create_default_context(), retries=0),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(TOTAL_S, connect=CONNECT_S),
            headers={"User-Agent": "waymark", "Accept-Encoding": "identity", "Connection": "close"},
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def knock(self, place: Place, *, now: datetime) -> Outcome:
        """Never raises for what the place or the network does."""
        found = target(place.endpoint, self._hosts)
        if found is None:
            return Refused()  # its host was taken out of the settings, or the row is not of our making
        try:
            await asyncio.to_thread(importlib.import_module, "pywebpush")
            async with asyncio.timeout(TOTAL_S):
                address = await self._checked_address(found)
                return await self._post(found, address, place, now=now) if address else Refused()
        except (OSError, TimeoutError, httpx.HTTPError):
            return Later()

    async def _checked_address(self, found: Target) -> str | None:
        """None when any of the name's addresses is not where a push service can be."""
        addresses = await self._resolve(found.host, found.port)
        allowed = loopback if found.loopback else public
        return addresses[0] if addresses and all(allowed(each) for each in addresses) else None

    async def _post(self, found: Target, address: str, place: Place, *, now: datetime) -> Outcome:
        try:
            body = encoded(place)
        except ValueError:
            return Refused()  # a key that is no point of the curve
        at = f"[{address}]" if ":" in address else address
        name = found.host if found.port == 443 else f"{found.host}:{found.port}"
        request = self._client.build_request(
            "POST",
            f"{found.scheme}://{at}:{found.port}{found.path}",
            content=body,
            headers={"Host": name, **self._headers(f"{found.scheme}://{name}", now=now)},
            extensions={"sni_hostname": found.host},
        )
        answer = await self._client.send(request, stream=True)
        try:
            return outcome_of(answer.status_code, answer.headers.get("retry-after"))
        finally:
            await answer.aclose()  # unread

    def _headers(self, audience: str, *, now: datetime) -> dict[str, str]:
        # A fresh dict each time: a signer that keeps one would tell this service another one's name.
        claims = {"aud": audience, "exp": int((now + PROOF_LIFE).timestamp()), "sub": self._contact}
        from py_vapid import Vapid02

        # Its own check of `sub` knows fewer addresses than the settings, which have checked it.
        proof = Vapid02(self._key, conf={"no-strict": True}).sign(claims)
        return {
            **proof,
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(TTL_S),
            "Urgency": "normal",
            "Topic": TOPIC,
        }


def encoded(place: Place) -> bytes:
    """RFC 8291: readable by the browser alone, and always of one length. Raises ValueError."""
    # Not with the module: it brings a third of the time that a service takes to start.
    from pywebpush import WebPusher

    keys = {
        name: base64.urlsafe_b64encode(raw).decode()
        for name, raw in (("p256dh", place.p256dh), ("auth", place.auth))
    }
    pusher = WebPusher({"endpoint": place.endpoint, "keys": keys})
    body: bytes = pusher.encode(PAYLOAD, content_encoding="aes128gcm")["body"]
    return body
