"""What custody decides. Pure: the rules that devices are held to are in `waymark_sync.intake_rules`."""

from waymark.custody.records import Looked
from waymark.kernel.keys import KeyRing
from waymark_sync.intake_rules import manifest_leaves, merkle_root
from waymark_sync.protocol import ManifestRequest, ManifestResponse


def answer(asked: ManifestRequest, looked: Looked, keys: KeyRing, *, at: int) -> ManifestResponse:
    """The receipt covers all that is held, at the floor that held when it was looked for."""
    leaves = manifest_leaves(asked.retained, looked.missing)
    receipt = None
    if leaves:
        receipt = keys.sign_receipt(
            incarnation=looked.incarnation,
            restore_floor=looked.restore_floor,
            at=at,
            root=merkle_root(leaves),
        )
    return ManifestResponse(incarnation=looked.incarnation, missing=looked.missing, receipt=receipt)
