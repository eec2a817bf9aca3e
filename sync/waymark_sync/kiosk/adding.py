"""A report is sealed, with its files first, and called saved only when it was read back."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from waymark_sync import return_code
from waymark_sync.device import capture
from waymark_sync.file_sender import PreparedFile, prepare_file
from waymark_sync.keyring import Keyring
from waymark_sync.kiosk import files
from waymark_sync.kiosk.clock import utc_now
from waymark_sync.kiosk.home import Home
from waymark_sync.kiosk.reports import Told, body_of
from waymark_sync.outbox import Row
from waymark_sync.protocol import KeySet
from waymark_sync.reference import reference
from waymark_sync.return_code import Form
from waymark_sync.transport import NoAnswer, Reply

Attached = tuple[Path, str]
"""A file to attach, and its media type."""


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
    code = return_code.new_code(form) if form else ""
    secrets = return_code.derive(code, instance=home.settings.trust.instance_id) if code else None
    prepared = [
        prepare_file(path.read_bytes(), media_type=type_, details_kept=True) for path, type_ in attached
    ]
    try:
        files.keep(home, prepared)
        row = capture(
            home.outbox,
            home.device,
            _keys(home),
            report=body_of(told, home.device, tuple(prepared)),
            created_at=utc_now(),
            code=secrets,
            att=tuple(file.attachment for file in prepared),
        )
    except BaseException:
        _drop(home, prepared)
        raise
    return _added(row, code, prepared)


def _added(row: Row, code: str, prepared: Sequence[PreparedFile]) -> Added:
    return Added(
        item_id=row.item_id,
        reference=reference(row.item_id),
        return_code=return_code.shown(code),
        files=len(prepared),
    )


def _drop(home: Home, prepared: Sequence[PreparedFile]) -> None:
    files.drop(home, [file.attachment.att_id for file in prepared])


def _keys(home: Home) -> KeySet:
    """The newest set that the service's root has signed and that has come here."""
    trust = home.settings.trust
    ring = Keyring(outbox=home.outbox, transport=OFFLINE, root=trust.root_key, pinned=trust.signed_keys)
    return ring.held() or trust.keys()
