"""How often somebody may do what costs us something: one bucket for each purpose and each network.

A network is known by a keyed hash, under a key that lives for a day in memory: no address is kept, stored or
logged. Each process counts for itself, so several of them allow that many times as much. That is enough: what
is counted costs work and room, and what may not be guessed is too long to be, at any of these rates.
"""

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from litestar import Request
from msgspec import Struct

from waymark.kernel.problems import problem
from waymark.kernel.settings import Settings

Purpose = Literal[
    "visitor_items",
    "claimed_items",
    "upload_bytes",
    "return_misses",
    "enrolments",
    "subscriptions",
    "policy_reports",
    "passkeys",
]


class Allowance(Struct, frozen=True, kw_only=True):
    """What one network may do."""

    burst: float
    """At once, after a rest."""
    per_minute: float
    """What comes back of it."""
    together: float | None = None
    """Of all networks, at once and in a minute. Whoever has done nothing yet is not held up by others."""


ALLOWANCES: Final[Mapping[Purpose, Allowance]] = MappingProxyType(
    {
        # Thousands of phones share the addresses of one mobile network. A whole nation's worst day, 3,419
        # reports, was 2.4 a minute.
        "visitor_items": Allowance(burst=300, per_minute=60),
        # Items that say a tablet made them. Above this its signature is looked at, and who has it goes on.
        "claimed_items": Allowance(burst=600, per_minute=120),
        # Of visitors' files: one report's at once, and then a fast uplink's worth.
        "upload_bytes": Allowance(burst=512 * 1_048_576, per_minute=60 * 1_048_576),
        # Room for a tired person's slips.
        "return_misses": Allowance(burst=5, per_minute=5, together=60),
        # A centre sets up thirty tablets in a morning.
        "enrolments": Allowance(burst=60, per_minute=30),
        "subscriptions": Allowance(burst=60, per_minute=30),
        # A force's whole shift signs in from one address.
        "passkeys": Allowance(burst=120, per_minute=60),
        "policy_reports": Allowance(burst=20, per_minute=10, together=60),
    }
)
"""Every purpose that is counted by network. Logins are counted by account, where people are."""
KEPT: Final = 65_536
"""Buckets in memory, about 10 MB. Beyond it those used longest ago are forgotten."""
KEY_LIFE_S: Final = 86_400.0
NOWHERE: Final = b""
"""Whose network is not known: behind a proxy that names nobody, and on the machine itself. Only what is
counted for all together holds them up."""
_ROUNDING_S: Final = 1e-6

_Key = tuple[Purpose, bytes]


class Limits:
    """Buckets that leak (the generic cell rate algorithm): each is one number, the time at which it is empty.

    now: seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._empty_at: dict[_Key, float] = {}
        self._key = secrets.token_bytes(32)
        self._key_from = now()

    def __len__(self) -> int:
        return len(self._empty_at)

    def caller(self, address: str) -> bytes:
        """The address's network as it is counted here today; NOWHERE where it is not known."""
        network = network_of(address)
        if not network:
            return NOWHERE
        if self._now() - self._key_from >= KEY_LIFE_S:
            self._key, self._key_from = secrets.token_bytes(32), self._now()
            self._empty_at.clear()  # nothing can be looked up any more
        return hmac.new(self._key, network.encode(), hashlib.sha256).digest()[:16]

    def wait_s(self, purpose: Purpose, caller: bytes, units: float = 1) -> float:
        """Take so many. Returns nought, or how long to wait: then none were taken."""
        allowed, now = ALLOWANCES[purpose], self._now()
        asked = self._asked(purpose, caller, allowed)
        waits = [self._wait(key, units, of, now) for key, of in asked]
        used_before = caller == NOWHERE or self._empty_at.get(asked[0][0], 0.0) > now
        wait = max(waits, default=0.0) if used_before else waits[0]
        if wait <= 0:
            for key, of in asked:
                self._put(key, max(self._empty_at.pop(key, 0.0), now) + units * 60 / of.per_minute)
        return wait

    def much_from(self, purpose: Purpose, caller: bytes) -> bool:
        """Is half of what this network may do used up? Takes nothing."""
        allowed, now = ALLOWANCES[purpose], self._now()
        return caller != NOWHERE and self._wait((purpose, caller), allowed.burst / 2, allowed, now) > 0

    def give_back(self, purpose: Purpose, caller: bytes, units: float = 1) -> None:
        """What was taken shall not count."""
        for key, of in self._asked(purpose, caller, ALLOWANCES[purpose]):
            if key in self._empty_at:
                self._empty_at[key] -= units * 60 / of.per_minute

    @staticmethod
    def _asked(purpose: Purpose, caller: bytes, allowed: Allowance) -> list[tuple[_Key, Allowance]]:
        own = [((purpose, caller), allowed)] if caller != NOWHERE else []
        if allowed.together is None:
            return own
        everybody = Allowance(burst=allowed.together, per_minute=allowed.together)
        return [*own, ((purpose, NOWHERE), everybody)]

    def _wait(self, key: _Key, units: float, allowed: Allowance, now: float) -> float:
        """More than fits at once is taken by whoever has rested for long enough."""
        unit_s = 60 / allowed.per_minute
        room_s = max(0.0, allowed.burst - units) * unit_s
        wait = max(self._empty_at.get(key, 0.0), now) - now - room_s
        return wait if wait > _ROUNDING_S else 0.0

    def _put(self, key: _Key, empty_at: float) -> None:
        self._empty_at[key] = empty_at  # popped before, so the one used last stands last
        if len(self._empty_at) > KEPT:
            now = self._now()
            left = [(key, at) for key, at in self._empty_at.items() if at > now]
            self._empty_at = dict(left[-KEPT * 7 // 8 :])


def caller_of(request: Request[Any, Any, Any]) -> bytes:
    limits: Limits = request.app.state.limits
    return limits.caller(address_of(request))


def limited(request: Request[Any, Any, Any], purpose: Purpose, units: float = 1) -> None:
    """Raises Problem too_many_attempts."""
    limits: Limits = request.app.state.limits
    if wait := limits.wait_s(purpose, caller_of(request), units):
        raise problem("too_many_attempts", headers={"Retry-After": seconds(wait)})


def seconds(wait_s: float) -> str:
    """For `Retry-After`."""
    return str(max(1, math.ceil(wait_s)))


def address_of(request: Request[Any, Any, Any]) -> str:
    """Whose request it is, as far as anybody who can be believed says so."""
    settings: Settings = request.app.state.settings
    if settings.client_header:
        # Twice: the client sent one, too, and nobody can tell which is the proxy's.
        named = request.headers.getall(settings.client_header, [])
        return named[0].strip() if len(named) == 1 else ""
    return request.client.host if request.client else ""


def network_of(address: str) -> str:
    """The /24 or /56 an address lies in: what one household, office or attacker has at the least.

    Empty for the machine itself: behind a proxy everybody comes from there.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    found = mapped or parsed
    if found.is_loopback:
        return ""
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 56), strict=False))
