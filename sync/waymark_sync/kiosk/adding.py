"""A report is sealed, with its files first, and called saved only when it was read back."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from waymark_sync import return_code
from waymark_sync.device import capture
from waymark_sync.file_sender import KeptFile
from waymark_sync.files import sealed_size
from waymark_sync.keyring import Keyring
from waymark_sync.kiosk import files
from waymark_sync.kiosk.clock import utc_now
from waymark_sync.kiosk.home import Home, KioskFault
from waymark_sync.kiosk.reports import Told, body_of
from waymark_sync.kiosk.sending import out_of_service
from waymark_sync.protocol import ATT_BYTES_MAX, ATT_COUNT_MAX, ATT_TOTAL_BYTES_MAX, KeySet, decode_header
from waymark_sync.reference import reference
from waymark_sync.return_code import Form
from waymark_sync.transport import NoAnswer, Reply

Attached = tuple[Path, str]
"""A file to attach, and its media type."""


OUT_OF_SERVICE = (
    "This computer was taken out of service, so nothing was saved. Ask the coordinator of the centre. "
    "Please make the report on another device, or at the address of the service."
)


class Added(Struct, frozen=True, kw_only=True):
    """`return_code` is nowhere else from now on. Empty: none was asked for."""

    item_id: str
    reference: str
    return_code: str
    files: int


class Offline:
    """Sealing asks nobody."""

    def post(self, path: str, body: bytes, headers: object) -> Reply:
        raise NoAnswer(sent=False)

    def get(self, path: str, headers: object) -> Reply:
        raise NoAnswer(sent=False)


OFFLINE = Offline()


def add_report(home: Home, told: Told, attached: Sequence[Attached], *, form: Form | None) -> Added:
    """Raises NotSaved, OSError, dbapi2.Error: then nothing is kept, and nothing may be called saved."""
    if out_of_service(home) is not None:
        raise KioskFault(OUT_OF_SERVICE)
    code = return_code.new_code(form) if form else ""
    secrets = return_code.derive(code, instance=home.settings.trust.instance_id) if code else None
    kept: list[KeptFile] = []
    try:
        _check_room(attached)
        for path, media_type in attached:
            kept.append(files.keep(home, path, media_type=media_type))
        row = capture(
            home.outbox,
            home.device,
            _keys(home),
            report=body_of(told, home.device, kept),
            created_at=utc_now(),
            code=secrets,
            att=tuple(file.attachment for file in kept),
        )
    except BaseException:
        _drop_unlisted(home, kept)
        raise
    return Added(
        item_id=row.item_id,
        reference=reference(row.item_id),
        return_code=return_code.shown(code),
        files=len(kept),
    )


def _check_room(attached: Sequence[Attached]) -> None:
    """The service would take the report and none of the files."""
    sizes = [sealed_size(path.stat().st_size) for path, _ in attached]
    if (
        len(sizes) > ATT_COUNT_MAX
        or sum(sizes) > ATT_TOTAL_BYTES_MAX
        or max(sizes, default=0) > ATT_BYTES_MAX
    ):
        raise KioskFault(
            f"A report can have {ATT_COUNT_MAX} files, of 50 MB each and 150 MB together. "
            "Nothing was saved: attach less, or make a second report."
        )


def _drop_unlisted(home: Home, kept: Sequence[KeptFile]) -> None:
    """A report that was stored after all, though it could not be read back, keeps its files."""
    listed = {att.att_id for row in home.outbox.items() for att in decode_header(row.header).att}
    files.drop(home, [file.attachment.att_id for file in kept if file.attachment.att_id not in listed])


def _keys(home: Home) -> KeySet:
    """The newest set that the service's root has signed and that has come here."""
    trust = home.settings.trust
    ring = Keyring(outbox=home.outbox, transport=OFFLINE, root=trust.root_key, pinned=trust.signed_keys)
    return ring.held() or trust.keys()
