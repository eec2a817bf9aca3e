"""The service's keys: made once, never overwritten, readable by their owner alone.

The root signs the list of public keys that devices accept and is needed for nothing else: after `keys trust`
an operator may carry `root.pem` away. Everything here lies outside the database and outside its backups.
"""

import base64
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Struct

from waymark_sync.protocol import (
    LABEL_KEYS,
    SUITE_P256,
    KeySet,
    Receipt,
    Revocation,
    ServiceKey,
    SignedKeySet,
    receipt_text,
    revoke_text,
)
from waymark_sync.seal import new_key, raw_public, sign, signature_valid
from waymark_sync.trust import sealing_key

ROOT: Final = "root.pem"
ROOT_PUBLIC: Final = "root.pub"
KEY_SET: Final = "keyset.json"
INSTANCE: Final = "instance.id"
CHALLENGE: Final = "challenge.key"
KNOCK: Final = "knock.pem"
SEAL_PREFIX: Final = "seal-"
RECEIPT_PREFIX: Final = "receipt-"
VAULT_PREFIX: Final = "vault-"

INSTANCE_BYTES: Final = 16
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


class KeysRefused(Exception):
    """Keys are missing, incomplete, altered or readable by others. The message says what to do."""


class KeyRing:
    """What the running service needs of its keys. Holds private keys: never log, copy or print it."""

    def __init__(
        self,
        *,
        root_public: bytes,
        instance: bytes,
        signed: SignedKeySet,
        private: Mapping[str, ec.EllipticCurvePrivateKey],
        challenge_key: bytes,
        knock_key: ec.EllipticCurvePrivateKey,
    ) -> None:
        key_set = msgspec.msgpack.decode(signed.payload, type=KeySet)
        self.root_public = root_public
        self.instance = instance
        """Return codes are derived with it, so it outlives every key. Public."""
        self.issued_at = key_set.issued_at
        self.challenge_key = challenge_key
        self.knock_key = knock_key
        """Tells push services who knocks (RFC 8292). Devices subscribe to its public half."""
        self._signed, self._key_set = signed, key_set
        self._public = {key.kid: key for key in key_set.keys}
        self._private = private
        self._receipt_kid = _current(key_set, "receipt").kid

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(sorted(self._public))})"

    @property
    def seal_key(self) -> ServiceKey:
        """What a device seals to now, unless its report's centre has a key of its own."""
        return self.seal_key_of("")

    def seal_key_of(self, centre_id: str) -> ServiceKey:
        """Raises Untrusted where there is none at all."""
        return sealing_key(self._key_set, centre_id)

    def service_key(self, kid: str) -> ServiceKey | None:
        """The public half, current or not; None when this service never had such a key."""
        return self._public.get(kid)

    @property
    def seal_kids(self) -> tuple[str, ...]:
        """Of all keys that a device may have sealed to. What opens them is in the vault."""
        return tuple(sorted(kid for kid, key in self._public.items() if key.use == "seal"))

    def signed_key_set(self) -> SignedKeySet:
        return self._signed

    def sign_receipt(self, *, incarnation: str, restore_floor: int, at: int, root: bytes) -> Receipt:
        """at: server time in milliseconds."""
        receipt = Receipt(
            incarnation=incarnation,
            restore_floor=restore_floor,
            at=at,
            kid=self._receipt_kid,
            root=root,
            sig=bytes(64),
        )
        kid, sig = self.sign(receipt_text(receipt))
        return msgspec.structs.replace(receipt, kid=kid, sig=sig)

    def sign_revocation(
        self, *, device_id: str, scope: Literal["keys", "all"], nonce: str, at: int
    ) -> Revocation:
        """at: server time in milliseconds."""
        order = Revocation(
            device_id=device_id, scope=scope, nonce=nonce, at=at, kid=self._receipt_kid, sig=bytes(64)
        )
        kid, sig = self.sign(revoke_text(order))
        return msgspec.structs.replace(order, kid=kid, sig=sig)

    def sign(self, text: bytes) -> tuple[str, bytes]:
        """By the current receipt key: its kid and the signature. `text` starts with its purpose's label."""
        return self._receipt_kid, sign(self._private[self._receipt_kid], text)


class _KeySetFile(Struct, frozen=True, kw_only=True):
    """`keyset.json`: base64url without padding, as everywhere on the wire."""

    payload: str
    sig: str


def create_keys(folder: Path, *, issued_at: int, centres: Iterable[str] = ()) -> KeyRing:
    """Make every key at once, and one to seal to for each of these centres. Raises KeysRefused.

    issued_at: milliseconds since 1970 UTC. A folder that holds anything is refused: no key is overwritten.
    All files appear together or not at all: they are written to a folder beside this one, which is renamed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise KeysRefused(f"{folder} is not empty; keys are never overwritten")
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    draft = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    draft.mkdir(mode=FOLDER_MODE)
    try:
        for name, content in _fresh_files(issued_at, centres).items():
            write_durably(draft / name, content)
        sync_folder(draft)
        draft.rename(folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    return load_keys(folder)


def add_missing(folder: Path) -> bool:
    """Make the keys that this version needs and an earlier one did not. False: there was nothing to make.

    Only one that can be made anew without losing anything: devices subscribe again.
    """
    if not (folder / KEY_SET).is_file() or (folder / KNOCK).exists():
        return False
    write_durably(folder / KNOCK, pem(new_key()))
    sync_folder(folder)
    return True


def load_keys(folder: Path) -> KeyRing:
    """Raises KeysRefused. Checks modes, the root's signature and that each listed key is there."""
    if faults := tuple(mode_faults(folder)):
        raise KeysRefused("; ".join(faults))
    try:
        root_public = unbase64(_read(folder, ROOT_PUBLIC).decode("ascii"))
        signed = _read_key_set(folder, root_public)
        return KeyRing(
            root_public=root_public,
            instance=_instance(folder, root_public),
            signed=signed,
            private=_private_keys(folder, signed, "receipt"),
            challenge_key=_secret(folder, CHALLENGE),
            knock_key=_knock_key(folder),
        )
    except (ValueError, msgspec.DecodeError) as error:
        raise KeysRefused(
            f"a key file in {folder} cannot be read; restore the folder from your copy"
        ) from error


def load_kek(folder: Path) -> tuple[bytes, str]:
    """What wraps keys of the service's own, and its id. Raises KeysRefused."""
    file = next(iter(sorted(folder.glob(VAULT_PREFIX + "*.key"))), folder / f"{VAULT_PREFIX}*.key")
    try:
        return _secret(folder, file.name), file.stem.removeprefix(VAULT_PREFIX)
    except ValueError as error:
        raise KeysRefused(f"{file} cannot be read; restore it from your copy") from error


def load_seal_keys(folder: Path) -> Mapping[str, ec.EllipticCurvePrivateKey]:
    """What opens what devices have sealed, by key id: those that lie here. Raises KeysRefused."""
    try:
        root_public = unbase64(_read(folder, ROOT_PUBLIC).decode("ascii"))
        return _private_keys(folder, _read_key_set(folder, root_public), "seal", all_of_them=False)
    except ValueError as error:
        raise KeysRefused(f"a key file in {folder} cannot be read; restore it from your copy") from error


def mode_faults(folder: Path) -> Iterator[str]:
    """What is missing, or open to other accounts of the machine."""
    if not folder.is_dir():
        yield f"there are no keys in {folder}: run `waymark keys create`"
        return
    if folder.stat().st_mode & 0o077:
        yield f"other accounts can enter {folder}: run chmod 700 {folder}"
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_mode & 0o177:
            yield f"other accounts can read {path}: run chmod 600 {path}"


def trust_json(ring: KeyRing) -> bytes:
    """What the build of the pages pins: root's public key, instance, and the key set that the root signed."""
    signed = ring.signed_key_set()
    key_set = {"payload": base64url(signed.payload), "sig": base64url(signed.sig)}
    trust = {"root": base64url(ring.root_public), "instance": base64url(ring.instance), "keyset": key_set}
    return msgspec.json.format(msgspec.json.encode(trust), indent=2) + b"\n"


def fingerprint(public: bytes) -> str:
    """Sixteen hexadecimal digits that name a public key; used as `kid`."""
    return hashlib.sha256(public).hexdigest()[:16]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unbase64(text: str) -> bytes:
    """Raises ValueError."""
    stripped = text.strip()
    return base64.b64decode(stripped + "=" * (-len(stripped) % 4), altchars=b"-_", validate=True)


def _fresh_files(issued_at: int, centres: Iterable[str]) -> dict[str, bytes]:
    root, receipt = new_key(), new_key()
    # A device that knows nothing of centres' keys takes the first.
    seals = {centre_id: new_key() for centre_id in ("", *centres)}
    receipt_kid = fingerprint(raw_public(receipt))
    kek = secrets.token_bytes(32)
    keys = (
        *(service_key_for(private, centre_id) for centre_id, private in seals.items()),
        ServiceKey(kid=receipt_kid, use="receipt", suite=SUITE_P256, public=raw_public(receipt)),
    )
    key_set = signed_by(root, KeySet(issued_at=issued_at, keys=keys))
    return {
        ROOT: pem(root),
        ROOT_PUBLIC: base64url(raw_public(root)).encode("ascii") + b"\n",
        INSTANCE: base64url(_first_instance(raw_public(root))).encode("ascii") + b"\n",
        KEY_SET: key_set,
        **{f"{SEAL_PREFIX}{fingerprint(raw_public(seal))}.pem": pem(seal) for seal in seals.values()},
        f"{RECEIPT_PREFIX}{receipt_kid}.pem": pem(receipt),
        CHALLENGE: base64url(secrets.token_bytes(32)).encode("ascii") + b"\n",
        KNOCK: pem(new_key()),
        # Named by a hash of the key under a label, so that the name tells nothing.
        f"{VAULT_PREFIX}{fingerprint(b'waymark-kek' + kek)}.key": base64url(kek).encode("ascii") + b"\n",
    }


def service_key_for(private: ec.EllipticCurvePrivateKey, centre_id: str) -> ServiceKey:
    public = raw_public(private)
    return ServiceKey(
        kid=fingerprint(public), use="seal", suite=SUITE_P256, public=public, centre_id=centre_id
    )


def signed_by(root: ec.EllipticCurvePrivateKey, key_set: KeySet) -> bytes:
    payload = msgspec.msgpack.encode(key_set)
    file = _KeySetFile(payload=base64url(payload), sig=base64url(sign(root, LABEL_KEYS + payload)))
    return msgspec.json.encode(file) + b"\n"


def _instance(folder: Path, root_public: bytes) -> bytes:
    """Raises KeysRefused. From the root where there is no file: those keys were made before it was kept."""
    if not (folder / INSTANCE).exists():
        return _first_instance(root_public)
    instance = unbase64(_read(folder, INSTANCE).decode("ascii"))
    if len(instance) != INSTANCE_BYTES:
        raise KeysRefused(f"{folder / INSTANCE} holds no {INSTANCE_BYTES} bytes; restore it from your copy")
    return instance


def _first_instance(root_public: bytes) -> bytes:
    return hashlib.sha256(root_public).digest()[:INSTANCE_BYTES]


def _read_key_set(folder: Path, root_public: bytes) -> SignedKeySet:
    file = msgspec.json.decode(_read(folder, KEY_SET), type=_KeySetFile)
    signed = SignedKeySet(payload=unbase64(file.payload), sig=unbase64(file.sig))
    if not signature_valid(root_public, LABEL_KEYS + signed.payload, signed.sig):
        raise KeysRefused(f"{folder / KEY_SET} is not signed by {ROOT_PUBLIC}; restore both from your copy")
    return signed


def _private_keys(
    folder: Path, signed: SignedKeySet, use: Literal["seal", "receipt"], *, all_of_them: bool = True
) -> dict[str, ec.EllipticCurvePrivateKey]:
    """Those of the set for this use, retired ones included: a tablet may come back after months."""
    private = {}
    for key in msgspec.msgpack.decode(signed.payload, type=KeySet).keys:
        name = f"{SEAL_PREFIX if use == 'seal' else RECEIPT_PREFIX}{key.kid}.pem"
        if key.use != use or not (all_of_them or (folder / name).exists()):
            continue
        loaded = load_pem_private_key(_read(folder, name), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or raw_public(loaded) != key.public:
            raise KeysRefused(
                f"{folder / name} is not the key that {KEY_SET} lists; restore it from your copy"
            )
        private[key.kid] = loaded
    return private


def _knock_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    if not (folder / KNOCK).exists():
        raise KeysRefused(f"{folder / KNOCK} is missing: run `waymark keys create`, which makes it")
    loaded = load_pem_private_key(_read(folder, KNOCK), password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or not isinstance(loaded.curve, ec.SECP256R1):
        raise KeysRefused(f"{folder / KNOCK} is no P-256 key; restore it from your copy")
    return loaded


def _current(key_set: KeySet, use: str) -> ServiceKey:
    for key in key_set.keys:
        if key.use == use and key.state == "current":
            return key
    raise KeysRefused(f"{KEY_SET} lists no current {use} key")


def _secret(folder: Path, name: str) -> bytes:
    secret = unbase64(_read(folder, name).decode("ascii"))
    if len(secret) != 32:
        raise KeysRefused(f"{folder / name} does not hold 32 bytes; restore it from your copy")
    return secret


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise KeysRefused(f"{folder / name} cannot be read; restore it from your copy of the keys") from error


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def put(path: Path, content: bytes) -> None:
    """In place of what is there, in one step: after a power cut there is the old or the new."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    write_durably(draft, content)
    draft.replace(path)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """With those above it, for this account alone, and on the disk when this returns, whoever made it."""
    missing = [each for each in folder.parents if not each.exists()]
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    for each in (folder, *missing):
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
