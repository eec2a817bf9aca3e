"""Verbs of custody, each one transaction."""

from collections.abc import Callable

from waymark.custody import store
from waymark.custody.records import Looked
from waymark.kernel import lineage
from waymark.kernel.db import Connection
from waymark_sync.intake_rules import missing
from waymark_sync.protocol import ManifestRequest


def look_for(db: Connection, asked: ManifestRequest, length: Callable[[str], int]) -> Looked:
    """Floor and items in one view, so that what is held now is what the floor speaks of.

    length: bytes of a file on the disk, 0 where there is none. A database that was restored may know of files
    that are gone, and those are missing.
    """
    current = lineage.current(db)
    found = store.held(db, [one.id for one in asked.retained])
    held = [one.known for one in found if not one.size or length(one.item_id) >= one.size]
    return Looked(
        incarnation=current.incarnation,
        restore_floor=current.restore_floor,
        missing=missing(asked.retained, held),
    )
