"""Where may be knocked, what a knock says, and what follows from its answer.

An endpoint comes from a stranger. It is read by one strict pattern, not by a URL parser: what no browser
writes is refused, so two readers cannot disagree about it.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from waymark.kernel.settings import LOOPBACK_PUSH
from waymark.knocks.records import Delivered, Gone, Knock, Later, Outcome, Refused, Target
from waymark_sync.knocking import Subscription, SubscriptionEnd, subscribe_text
from waymark_sync.seal import signature_valid

KINDS: Final = ("ack", "message", "signpost", "status")
"""What somebody has said. As in the index of migration 7."""
ENDPOINT_MAX: Final = 2_048
PER_FEED: Final = 4  # a tablet whose browser was set up anew a few times
PAYLOAD: Final = b'{"v":1}'.ljust(1_024)
"""The same bytes for everybody, always: that there is something is all a knock says."""
LEASE: Final = timedelta(minutes=1)
"""Whoever has claimed a knock has this long; the sender gives up after a sixth of it."""
FIRST_WAIT_S: Final = 60
WAIT_S_MAX: Final = 6 * 3_600
REFUSALS_MAX: Final = 5
FAILURES_MAX: Final = 40  # ten days of silence: the browser subscribes anew when it is used again
LOOK_BACK: Final = timedelta(days=2)
"""An answer older than this is not knocked for: whoever has not looked by then was not helped by knocking."""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ENDPOINT: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[1-9][0-9]{{0,4}}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)"
)
_EMBEDDING: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""IPv6 ranges whose addresses stand for IPv4 ones, beside those that `ipaddress` knows."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def target(endpoint: str, hosts: Iterable[str]) -> Target | None:
    """None: not a place that is knocked at. hosts: as in the settings."""
    read = _ENDPOINT.fullmatch(endpoint) if len(endpoint) <= ENDPOINT_MAX else None
    if read is None:
        return None
    host, port, path = read["host"], read["port"], read["path"]
    if read["scheme"] == "http":
        known = port is not None and LOOPBACK_PUSH.fullmatch(f"{host}:{port}") and f"{host}:{port}" in hosts
        if not known or int(port) > 65_535:
            return None
        return Target(scheme="http", host=host, port=int(port), path=path, loopback=True)
    # A browser leaves 443 out; any other port is somebody else's.
    if port is not None or not any(_names(allowed, host) for allowed in hosts):
        return None
    return Target(scheme="https", host=host, port=443, path=path, loopback=False)


def _names(allowed: str, host: str) -> bool:
    """`*.` stands for exactly one label."""
    if not allowed.startswith("*."):
        return host == allowed
    first, _, rest = host.partition(".")
    return bool(first) and rest == allowed.removeprefix("*.")


def public(address: str) -> bool:
    """Does it lie in the open Internet, however it is written? False for what is no address."""
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *_within(found)))


def _within(address: Address) -> Iterable[Address]:
    """IPv4 addresses that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if any(address in network for network in _EMBEDDING):
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def signed(sign_key: bytes | None, asked: Subscription | SubscriptionEnd) -> bool:
    """By the key of the feed, and over this very place?"""
    if sign_key is None:
        return False
    if isinstance(asked, SubscriptionEnd):
        text = subscribe_text(device_id=asked.device_id, challenge=asked.challenge)
    elif "\n" in asked.endpoint:
        return False
    else:
        text = subscribe_text(
            device_id=asked.device_id,
            challenge=asked.challenge,
            endpoint=asked.endpoint,
            p256dh=asked.p256dh,
            auth=asked.auth,
        )
    return signature_valid(sign_key, text, asked.sig)


def endpoint_hash(feed_id: str, endpoint: str) -> bytes:
    return hashlib.sha256(f"{feed_id}\n{endpoint}".encode()).digest()


def outcome_of(status: int, retry_after: str | None) -> Outcome:
    """What an answer means (RFC 8030). A redirect is refused: it leads where nobody has looked."""
    if 200 <= status < 300:
        return Delivered()
    if status in {404, 410}:
        return Gone()
    if status == 429 or status >= 500:
        return Later(after_s=_seconds(retry_after))
    return Refused()


def _seconds(header: str | None) -> int:
    """Seconds only; a date is as good as nothing."""
    text = (header or "").strip()
    return min(int(text), WAIT_S_MAX) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def next_try(knock: Knock, outcome: Later | Refused, *, now: datetime) -> datetime | None:
    """None: give up and forget the subscription."""
    refusals = knock.refusals + isinstance(outcome, Refused)
    if refusals >= REFUSALS_MAX or knock.failures + 1 >= FAILURES_MAX:
        return None
    own_s = min(FIRST_WAIT_S * 2 ** min(knock.failures, 16), WAIT_S_MAX)
    return now + timedelta(seconds=max(own_s, outcome.after_s if isinstance(outcome, Later) else 0))
