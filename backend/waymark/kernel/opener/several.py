"""Openers of several organisations behind one service: each is asked for what its own keys open, and no more.

So no opener learns of a report that its organisation was not given, not even that there is one.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from waymark.kernel import logs
from waymark.kernel.holders import FORM, SERVICE, Holders, kid_of
from waymark.kernel.opener.client import RETRY_AFTER_S, FarVault
from waymark.kernel.problems import Problem, problem
from waymark.kernel.vault import CannotDecrypt, Held, IndexNotNow, KeyUnknown, Vault, kek_id_of

LOOK_EVERY_S: Final = 5.0


class Openers(Vault):
    """The first is the service's own: without it nothing is opened. Without another, its people wait."""

    def __init__(self, far: Sequence[FarVault], holders: Holders) -> None:
        self._far, self._holders = tuple(far), holders
        self._known: list[Held | None] = [None] * len(self._far)
        self._looked_at = -LOOK_EVERY_S
        self._looking = threading.Lock()

    def __repr__(self) -> str:
        return f"Openers({len(self._far)})"

    def held(self) -> Held:
        """Of all together, as far as they have answered."""
        self._look()
        known = [held for held in self._known if held]
        return Held(
            seal=tuple(sorted({kid for held in known for kid in held.seal})),
            kek=next((held.kek for held in known if held.kek), ""),
            holders=tuple(sorted({kid for held in known for kid in held.holders})),
            index=tuple(sorted({name for held in known for name in held.index})),
        )

    def is_there(self) -> bool:
        return self._far[0].is_there()

    def open_item(self, kid: str, header: bytes, sealed: bytes) -> bytes:
        if (far := self._who(lambda held: kid in held.seal)) is None:
            raise KeyUnknown
        return far.open_item(kid, header, sealed)

    def new_key(self) -> tuple[bytes, bytes]:
        return self._asked(lambda held: bool(held.kek)).new_key()

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._asked(lambda held: held.kek == kek_id_of(wrapped)).unwrap(wrapped)

    def unwrap_for(self, wrapped: bytes, place: bytes) -> bytes:
        if wrapped[:1] != FORM:
            return self.unwrap(wrapped)
        return self._asked(lambda held: kid_of(wrapped) in held.holders).unwrap_for(wrapped, place)

    def digest(self, holder: str, text: bytes) -> bytes:
        try:
            own = self._who(lambda held: holder in held.index)
            far = own or self._asked(lambda held: SERVICE in held.index)
        except Problem:
            raise IndexNotNow from None
        return far.digest(holder, text)

    def close(self) -> None:
        """This thread's connections."""
        for far in self._far:
            far.close()

    def _asked(self, has: Callable[[Held], bool]) -> FarVault:
        """Raises CannotDecrypt where no opener has such a key."""
        if (far := self._who(has)) is None:
            raise CannotDecrypt
        return far

    def _who(self, has: Callable[[Held], bool]) -> FarVault | None:
        """Raises Problem busy where one that has not answered yet may have it."""
        for look in (False, True):
            if look and not self._look():
                break
            for far, held in zip(self._far, self._known, strict=True):
                if held is not None and has(held):
                    return far
        if None in self._known:
            raise problem("busy", headers={"Retry-After": str(RETRY_AFTER_S)})
        return None

    def _look(self) -> bool:
        """Ask all which keys they have, unless that was done just now. What is away keeps what it had."""
        with self._looking:
            if time.monotonic() - self._looked_at < LOOK_EVERY_S:
                return False
            for number, far in enumerate(self._far):
                try:
                    self._known[number] = far.held()
                except Problem:
                    logs.event("opener_away", number=number)
            self._looked_at = time.monotonic()
            return True
