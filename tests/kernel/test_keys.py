"""Keys: made once, whole, for their owner alone; what the pages pin verifies."""

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from waymark.kernel.holders import make_holders
from waymark.kernel.keys import (
    KeyRing,
    KeysRefused,
    add_missing,
    base64url,
    create_keys,
    load_kek,
    load_keys,
    load_seal_keys,
    mode_faults,
    trust_json,
    unbase64,
)
from waymark.kernel.parting import missing_keys
from waymark.kernel.vault import open_vault
from waymark_sync.protocol import LABEL, LABEL_KEYS, Header, KeySet, receipt_text
from waymark_sync.seal import new_key, open_item, raw_public, seal_item, signature_valid

AT = 1_767_225_600_000
EVERY_NEEDED_FILE = [
    *("root.pub", "keyset.json", "challenge.key", "knock.pem"),
    *("seal-*", "receipt-*", "vault-*"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", issued_at=AT)
    return tmp_path / "keys"


def test_only_the_owner_can_read_keys(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_umask_of_the_operator_changes_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_keys(tmp_path / "keys", issued_at=AT)
    finally:
        os.umask(before)

    assert list(mode_faults(tmp_path / "keys")) == []


def test_keys_are_never_overwritten(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    with pytest.raises(KeysRefused, match="never overwritten"):
        create_keys(folder, issued_at=AT)

    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_keys_that_cannot_be_written_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)

    with pytest.raises(OSError, match="No space"):
        create_keys(tmp_path / "keys", issued_at=AT)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700])
def test_file_open_to_others_is_refused(folder: Path, mode: int) -> None:
    (folder / "challenge.key").chmod(mode)

    with pytest.raises(KeysRefused, match="chmod 600"):
        load_keys(folder)


def test_folder_open_to_others_is_refused(folder: Path) -> None:
    folder.chmod(0o750)

    with pytest.raises(KeysRefused, match="chmod 700"):
        load_keys(folder)


def test_missing_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(KeysRefused, match="waymark keys create"):
        load_keys(tmp_path / "keys")


@pytest.mark.parametrize(
    "pattern", ["root.pub", "keyset.json", "challenge.key", "receipt-*", "vault-*", "seal-*", "hold-*"]
)
def test_missing_file_is_refused(folder: Path, pattern: str) -> None:
    make_holders(folder, ["centre:one"])
    next(folder.glob(pattern)).unlink()

    with pytest.raises(KeysRefused, match="copy"):
        everything_of(folder)


@pytest.mark.parametrize(
    "pattern",
    ["root.pub", "keyset.json", "challenge.key", "receipt-*", "vault-*", "seal-*", "hold-*", "holders.json"],
)
def test_damaged_file_is_refused(folder: Path, pattern: str) -> None:
    make_holders(folder, ["centre:one"])
    next(folder.glob(pattern)).write_bytes(b"\xff\x00 damaged")

    with pytest.raises(KeysRefused):
        everything_of(folder)


def everything_of(folder: Path) -> None:
    """All that a service with an opener of its own reads at its start."""
    load_keys(folder)
    open_vault(folder)
    if missing := missing_keys(folder):
        raise KeysRefused(missing[0])


def test_key_of_another_service_is_refused(folder: Path, tmp_path: Path) -> None:
    create_keys(tmp_path / "other", issued_at=AT)
    ours = next(folder.glob("seal-*"))
    ours.write_bytes(next((tmp_path / "other").glob("seal-*")).read_bytes())

    with pytest.raises(KeysRefused, match="is not the key"):
        load_seal_keys(folder)


def test_root_may_leave_the_machine(folder: Path) -> None:
    (folder / "root.pem").unlink()

    assert load_keys(folder).seal_key.use == "seal"


def test_what_a_device_seals_to_the_listed_key_opens(folder: Path) -> None:
    ring = load_keys(folder)
    header = Header(
        kid=ring.seal_key.kid,
        device_id="0b1e2f6c-8f0b-4a52-9d5e-0f6f0b1a2c3d",
        epoch="00112233445566ff",
        seq=1,
        item_id="7c9e6679-7425-40de-944b-e07fc1f90ae7",
    )
    envelope = seal_item(header, b"story", service_key=ring.seal_key.public, device_key=new_key())

    opening_key = load_seal_keys(folder)[header.kid]

    assert open_item(envelope.header, envelope.sealed, private_key=opening_key) == b"story"
    assert LABEL


def test_receipt_key_opens_nothing(folder: Path) -> None:
    ring = load_keys(folder)
    listed = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    receipt_kid = next(key.kid for key in listed.keys if key.use == "receipt")

    assert receipt_kid not in load_seal_keys(folder)
    assert ring.service_key("unknown") is None


def test_receipt_verifies_with_the_listed_key(ring: KeyRing) -> None:
    receipt = ring.sign_receipt(
        incarnation="7c9e6679-7425-40de-944b-e07fc1f90ae7", restore_floor=0, at=AT, root=bytes(32)
    )
    key = ring.service_key(receipt.kid)

    assert key is not None
    assert key.use == "receipt"
    assert signature_valid(key.public, receipt_text(receipt), receipt.sig)
    forged = msgspec.structs.replace(receipt, restore_floor=99)
    assert not signature_valid(key.public, receipt_text(forged), forged.sig)


def test_the_instance_is_made_once_and_outlives_the_root(folder: Path, tmp_path: Path) -> None:
    """Every return code is derived with it: another one would lead nowhere."""
    create_keys(tmp_path / "newer", issued_at=AT)
    first = load_keys(folder)
    for name in ("root.pub", "keyset.json", "seal-*", "receipt-*"):
        next(folder.glob(name)).unlink()
        newer = next((tmp_path / "newer").glob(name))
        (folder / newer.name).write_bytes(newer.read_bytes())
        (folder / newer.name).chmod(0o600)

    second = load_keys(folder)

    assert second.root_public != first.root_public
    assert second.instance == first.instance == hashlib.sha256(first.root_public).digest()[:16]
    assert unbase64(msgspec.json.decode(trust_json(second))["instance"]) == first.instance


def test_keys_made_before_the_instance_was_kept_still_have_it(folder: Path) -> None:
    kept = load_keys(folder).instance
    (folder / "instance.id").unlink()

    assert load_keys(folder).instance == kept


@pytest.mark.parametrize("content", [b"", b"AAAA", b"\xff"])
def test_a_damaged_instance_is_refused(folder: Path, content: bytes) -> None:
    (folder / "instance.id").write_bytes(content)

    with pytest.raises(KeysRefused, match="copy"):
        load_keys(folder)


def test_pages_can_verify_the_key_set_with_the_pinned_root(ring: KeyRing) -> None:
    trust = msgspec.json.decode(trust_json(ring))
    payload = unbase64(trust["keyset"]["payload"])

    assert unbase64(trust["root"]) == ring.root_public
    assert signature_valid(unbase64(trust["root"]), LABEL_KEYS + payload, unbase64(trust["keyset"]["sig"]))
    assert msgspec.msgpack.decode(payload, type=KeySet).issued_at == AT
    assert "=" not in trust["root"]


def test_no_private_key_is_in_what_leaves(folder: Path) -> None:
    ring = load_keys(folder)
    leaves = trust_json(ring) + repr(ring).encode() + ring.signed_key_set().payload

    kek, _ = load_kek(folder)
    assert kek not in leaves
    assert base64url(kek).encode() not in leaves
    assert base64url(ring.challenge_key).encode() not in leaves


def test_every_kid_names_its_public_key(ring: KeyRing) -> None:
    import hashlib

    listed = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)

    assert all(key.kid == hashlib.sha256(key.public).hexdigest()[:16] for key in listed.keys)


def test_a_folder_of_before_there_were_knocks_gets_the_one_key_that_can_be_made_anew(folder: Path) -> None:
    (folder / "knock.pem").unlink()
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(KeysRefused, match="waymark keys create"):
        load_keys(folder)

    made = [add_missing(folder), add_missing(folder)]
    ring = load_keys(folder)

    assert made == [True, False]
    assert raw_public(ring.knock_key) not in {ring.root_public, ring.seal_key.public}
    assert list(mode_faults(folder)) == []
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_nothing_is_added_where_there_are_no_keys(tmp_path: Path) -> None:
    assert not add_missing(tmp_path)
    assert list(tmp_path.iterdir()) == []
