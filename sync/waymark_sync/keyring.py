"""The service's public keys as a device holds them: pinned at build, renewed when the service says so."""

from collections.abc import Callable

from msgspec import msgpack

from waymark_sync.codec import MSGPACK, WireError, decode
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import KeySet, SignedKeySet
from waymark_sync.transport import NoAnswer, Transport
from waymark_sync.trust import Untrusted, open_key_set


class Keyring:
    """Holds only what the root signed; a newer set replaces an older one, never the other way round."""

    def __init__(
        self, *, outbox: Outbox, transport: Transport, root: bytes, pinned: SignedKeySet | None
    ) -> None:
        self._outbox, self._transport = outbox, transport
        self._root, self._pinned = root, pinned

    def held(self) -> KeySet | None:
        """The newest set at hand; no network."""
        raw = self._outbox.state("keyset")
        kept = msgpack.decode(raw, type=SignedKeySet) if raw is not None else None
        found = [self._opened(signed) for signed in (kept, self._pinned) if signed is not None]
        return max((keys for keys in found if keys), key=lambda keys: keys.issued_at, default=None)

    def keys(self) -> KeySet | None:
        """As `held`; asks the service when there is none."""
        return self.held() or self.renewed()

    def renewed(self) -> KeySet | None:
        """The newest set after asking the service."""
        held, signed = self.held(), self._fetched()
        fresh = self._opened(signed) if signed is not None else None
        if signed is None or fresh is None or (held is not None and fresh.issued_at <= held.issued_at):
            return held
        self._outbox.keep_state("keyset", msgpack.encode(signed))
        return fresh

    def says(self, holds: Callable[[KeySet], bool | None]) -> bool:
        """Does it hold by the keys at hand, or where these cannot tell (None) by newer ones?"""
        keys = self.keys()
        if keys is None:
            return False
        found = holds(keys)
        if found is None and (renewed := self.renewed()) is not None:
            found = holds(renewed)
        return bool(found)

    def _fetched(self) -> SignedKeySet | None:
        try:
            reply = self._transport.get("/sync/v1/keys", {"accept": MSGPACK})
            return decode(reply.body, reply.headers.get("content-type", ""), SignedKeySet)
        except (NoAnswer, WireError):
            return None

    def _opened(self, signed: SignedKeySet) -> KeySet | None:
        try:
            return open_key_set(signed, root=self._root)
        except Untrusted:
            return None
