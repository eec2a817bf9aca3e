"""What an attachment may be, and what is said of it. Pure: all is handed in."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from waymark.attachments.records import Announced, AttachmentView, Held, Made, Picture, Standing, Undeveloped
from waymark.intake.records import Keys
from waymark.intake.report_keys import open_keys, open_report
from waymark.kernel.clock import milliseconds
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault, decrypt, encrypt
from waymark_sync.codec import from_base64url
from waymark_sync.intake_rules import merkle_root, read_header
from waymark_sync.protocol import (
    ATT_BYTES_MAX,
    ATT_COUNT_MAX,
    ATT_TAG_BYTES,
    ATT_TOTAL_BYTES_MAX,
    Attachment,
    AttState,
    Leaf,
    leaf_bytes,
)
from waymark_sync.report import SealedFile

PIECE_BYTES_MAX: Final = 1_048_576
"""Of one PATCH: held in memory until its digest is checked, so that nothing altered touches the disk."""
FREE_BYTES_MIN: Final = 512 * 1_048_576
"""Files stop while the disk still has this much: twice what reports need to go on (see `health`)."""
UNFINISHED_BYTES_MAX: Final = 8 * 1_073_741_824
"""Of all visitors together. Anybody may begin an upload, so begun ones alone must not fill the disk."""
REPORT_UNFINISHED_BYTES_MAX: Final = 67_108_864
"""Of one visitor's report: one file of the largest size on its way, with room to spare. A device sends one
after another, so none needs more; and no report takes the room of a hundred."""
GIVEN_UP_AFTER: Final = timedelta(days=14)
"""Without another byte. Its device still holds it and begins again; only the room is taken back."""
GIVEN_UP_HALF_FULL: Final = timedelta(days=1)
GIVEN_UP_FULL: Final = timedelta(hours=1)
"""Of visitors alone, while theirs take half or all of the room there is for them."""
TRIES_MAX: Final = 3
_PICTURE_AAD: Final = b"attachment_picture|body|"
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43})=:")


def listed(places: Iterable[Announced], att_id: str) -> tuple[Announced, Attachment]:
    """Where it is listed, and as what. Raises Problem attachment_unknown, file_too_large."""
    for place in places:
        header = read_header(place.header)
        total = 0
        for number, found in enumerate(header.att if header else ()):
            total += found.size
            if found.att_id == att_id:
                if number >= ATT_COUNT_MAX or not ATT_TAG_BYTES <= found.size <= ATT_BYTES_MAX:
                    raise problem("file_too_large", f"{ATT_COUNT_MAX} files of {ATT_BYTES_MAX} bytes")
                if total > ATT_TOTAL_BYTES_MAX:
                    raise problem("file_too_large", f"{ATT_TOTAL_BYTES_MAX} bytes with one report")
                return place, found
    raise problem("attachment_unknown")


def patience(unfinished: int) -> timedelta:
    """How long visitors' uploads may rest, by how many bytes theirs take: few need to rest for long."""
    if unfinished >= UNFINISHED_BYTES_MAX:
        return GIVEN_UP_FULL
    return GIVEN_UP_HALF_FULL if unfinished >= UNFINISHED_BYTES_MAX // 2 else GIVEN_UP_AFTER


def state_of(held: Held, keys: KeyRing, lineage: Lineage, *, now: datetime) -> AttState:
    """What a device is told; with a receipt of this lineage once it is complete."""
    if held.state == "waiting":
        return AttState(att_id=held.att_id, offset=held.received, size=held.size, pos=held.pos)
    return complete_state(held.att_id, held.sha256, held.pos, held.size, keys, lineage, now=now)


def complete_state(
    att_id: str, sha256: bytes, pos: int, size: int, keys: KeyRing, lineage: Lineage, *, now: datetime
) -> AttState:
    receipt = keys.sign_receipt(
        incarnation=lineage.incarnation,
        restore_floor=lineage.restore_floor,
        at=milliseconds(now),
        root=merkle_root([leaf_bytes(att_id, sha256, pos, "complete")]),
    )
    leaf = Leaf(index=0, size=1, path=())
    return AttState(att_id=att_id, offset=size, size=size, complete=True, pos=pos, leaf=leaf, receipt=receipt)


def read_digest(header: str) -> bytes:
    """The SHA-256 of a Content-Digest. Raises Problem malformed."""
    found = _DIGEST.search(header)
    if found is None:
        raise problem("malformed", "Content-Digest")
    try:
        return from_base64url(found[1].replace("+", "-").replace("/", "_"))
    except ValueError:
        raise problem("malformed", "Content-Digest") from None


def read_offset(header: str) -> int:
    """Raises Problem malformed."""
    if not header.isascii() or not header.isdigit() or len(header) > len(str(ATT_BYTES_MAX)):
        raise problem("malformed", "Upload-Offset")
    return int(header)


def views(att: Sequence[Attachment], standings: Iterable[Standing]) -> tuple[AttachmentView, ...]:
    """In the order of the header. What has not begun waits, too."""
    known = {standing.att_id: standing for standing in standings}
    return tuple(_view(one, known.get(one.att_id)) for one in att)


def _view(one: Attachment, known: Standing | None) -> AttachmentView:
    if known is None:
        return AttachmentView(att_id=one.att_id, state="waiting", reason=None, size=one.size, offset=0)
    return AttachmentView(
        att_id=one.att_id,
        state=known.state,
        reason=known.reason,
        size=one.size,
        offset=known.received,
        media_type=known.media_type,
        picture_size=known.picture_size,
        kind=known.kind,
    )


def described(shown: Iterable[AttachmentView], files: Iterable[SealedFile]) -> tuple[AttachmentView, ...]:
    """With what the opened report says of each."""
    known = {file.att_id: file for file in files}
    return tuple(
        replace(one, caption=known[one.att_id].caption, hidden_details=known[one.att_id].hidden_details)
        if one.att_id in known
        else one
        for one in shown
    )


def content_key(vault: Vault, found: Undeveloped) -> bytes | None:
    """What opens the file, from inside its report. None: the report does not name it."""
    files = open_report(open_keys(vault, found.lock), found.lock, person=False).attachments
    text = next((file.key for file in files if file.att_id == found.att_id), None)
    return from_base64url(text) if text else None


def seal_picture(vault: Vault, found: Undeveloped, made: Made) -> Picture:
    keys = open_keys(vault, found.lock)
    body = encrypt(keys.incident, made.content, aad=_PICTURE_AAD + found.att_id.encode())
    return Picture(
        att_id=found.att_id,
        report_id=found.report_id,
        media_type=made.media_type,
        size=len(made.content),
        body=body,
    )


def open_picture(keys: Keys, picture: Picture) -> bytes:
    """keys: of its report. Raises CannotDecrypt."""
    return decrypt(keys.incident, picture.body, aad=_PICTURE_AAD + picture.att_id.encode())
