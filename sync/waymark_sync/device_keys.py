"""How an enrolled device takes new keys: begun, shown with every push, and its own once the service says so.

Three states, each of which outlives a kill. Items are signed with the new key from the first moment on, so
that the number up to which the old one has signed is final; the service is asked with the old one until it
knows the new.
"""

import msgspec
from msgspec.structs import replace

from waymark_sync.device import Kept, kept_key, private_bytes
from waymark_sync.outbox import Outbox
from waymark_sync.rekeying import STEPS_MAX, Rekey, Rekeyed, rekey_text
from waymark_sync.seal import new_key, raw_public, sign


def begin(outbox: Outbox, device_id: str) -> bool:
    """Take new keys. False: some were taken already, or this is no device that may."""
    with outbox.together():
        kept = _kept(outbox, device_id)
        if kept is None or kept.next_sign_key:
            return False
        old, new, seal = kept_key(kept.sign_key), new_key(), new_key()
        step = Rekey(
            old_sign_key=raw_public(old),
            sign_key=raw_public(new),
            seal_key=raw_public(seal),
            epoch=kept.epoch,
            seq=outbox.last_seq(device_id=device_id, epoch=kept.epoch),
            old_sig=bytes(64),
            new_sig=bytes(64),
        )
        text = rekey_text(device_id, step)
        step = replace(step, old_sig=sign(old, text), new_sig=sign(new, text))
        _keep(
            outbox,
            replace(
                kept,
                next_sign_key=private_bytes(new),
                next_seal_key=private_bytes(seal),
                steps=(*kept.steps, step)[-STEPS_MAX:],
            ),
        )
    return True


def to_show(outbox: Outbox, device_id: str) -> tuple[Rekey, ...]:
    """With the next push: until this lineage of the service has said that the keys count."""
    kept = _kept(outbox, device_id)
    if (
        kept is None
        or not kept.steps
        or (not kept.next_sign_key and kept.told == outbox.state("incarnation"))
    ):
        return ()
    return kept.steps


def told(outbox: Outbox, word: Rekeyed, *, incarnation: str) -> bool:
    """The service has said which key counts; its signature was verified. Did it change anything?"""
    with outbox.together():
        kept = _kept(outbox, word.device_id)
        if kept is None:
            return False
        if kept.next_sign_key and raw_public(kept_key(kept.next_sign_key)) == word.sign_key:
            after = replace(
                kept,
                sign_key=kept.next_sign_key,
                seal_key=kept.next_seal_key,
                next_sign_key=b"",
                next_seal_key=b"",
                earlier_seal_keys=(kept.seal_key, *kept.earlier_seal_keys)[:STEPS_MAX],
                told=incarnation,
            )
        elif not kept.next_sign_key and raw_public(kept_key(kept.sign_key)) == word.sign_key:
            after = replace(kept, told=incarnation)
        else:
            return False
        _keep(outbox, after)
    return after != kept


def _kept(outbox: Outbox, device_id: str) -> Kept | None:
    """None where no keys are left, or they are not of this device, or of a visitor, who has one report."""
    raw = outbox.state("device")
    kept = msgspec.msgpack.decode(raw, type=Kept) if raw is not None else None
    if kept is None or kept.visitor or kept.device_id != device_id or not kept.sign_key:
        return None
    return kept


def _keep(outbox: Outbox, kept: Kept) -> None:
    outbox.keep_state("device", msgspec.msgpack.encode(kept))
