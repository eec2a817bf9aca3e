"""A service in memory, with a network in front of it that fails as told. Its rules are the real ones."""

import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from waymark_sync import codec, intake_rules, messages, protocol
from waymark_sync.codec import MSGPACK, ItemFault
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import (
    EnrolRequest,
    EnrolResponse,
    Envelope,
    ItemResult,
    KeySet,
    Leaf,
    ManifestRequest,
    ManifestResponse,
    Message,
    PullResponse,
    PushResponse,
    QueueState,
    Receipt,
    ServiceKey,
    SignedKeySet,
)
from waymark_sync.rekeying import Rekey, Rekeyed, rekey_text, rekeyed_text, steps_from
from waymark_sync.seal import new_key, pad, raw_public, seal, sign, signature_valid
from waymark_sync.transport import NoAnswer, Reply

ROOT, SEAL_KEY, RECEIPT_KEY = new_key(), new_key(), new_key()  # P-256 keys are slow to make by the thousand


def key_set(*, issued_at: int = 1, receipt_kid: str = "r1") -> SignedKeySet:
    keys = KeySet(
        issued_at=issued_at,
        keys=(
            ServiceKey(kid="s1", use="seal", suite=1, public=raw_public(SEAL_KEY)),
            ServiceKey(kid=receipt_kid, use="receipt", suite=1, public=raw_public(RECEIPT_KEY)),
        ),
    )
    payload = msgspec.msgpack.encode(keys)
    return SignedKeySet(payload=payload, sig=sign(ROOT, protocol.LABEL_KEYS + payload))


class Service:
    """`faults` are taken one by one, one per request: lost, reply_lost, portal, cut, or a status."""

    def __init__(self) -> None:
        self.incarnation = str(uuid4())
        self.restore_floor = 0
        self.pos = 0
        self.stored: dict[str, tuple[Known, Envelope]] = {}
        self.conflicts: dict[bytes, int] = {}
        self.feeds: dict[str, list[Message]] = {}
        self.faults: list[str | int] = []
        self.poison: set[str] = set()
        self.requests: list[tuple[str, int]] = []
        self.told: QueueState | None = None
        """How the last push said that its device stands."""
        self.keys = key_set()
        self.signers: dict[str, bytes] = {}
        self.challenge = "c-1"
        self.keys_issued_at = 1
        self.items_max = protocol.ITEMS_MAX
        self.manifests = "signed"
        self.alert: protocol.Alert | None = None
        self.revoke: protocol.Revocation | None = None
        self.erased = set[str]()
        self.in_service: protocol.InService | None = None
        self.refused_pull: dict[str, str] | None = None
        self.asks_new_keys = False
        self.sealers: dict[str, bytes] = {}
        self.shown: list[int] = []
        """How many steps each push has brought."""

    def snapshot(self) -> dict[str, Any]:
        return deepcopy(
            {
                name: getattr(self, name)
                for name in ("pos", "stored", "conflicts", "feeds", "signers", "sealers")
            }
        )

    def restore(self, backup: dict[str, Any], *, announced: bool = True) -> None:
        self.__dict__.update(deepcopy(backup))
        if announced:
            self.incarnation = str(uuid4())

    def say(self, feed_id: str, public: bytes, kind: str, body: object) -> Message:
        feed, message_id = self.feeds.setdefault(feed_id, []), str(uuid4())
        info = protocol.message_info(feed_id=feed_id, message_id=message_id, kind=kind)
        sealed = seal(pad(codec.encode(body, codec.JSON)), public_key=public, info=info)
        blank = Message(
            id=message_id, pos=len(feed) + 1, kind=kind, sealed=sealed, kid=self.receipt_kid, sig=bytes(64)
        )
        text = protocol.message_text(feed_id, blank)
        feed.append(msgspec.structs.replace(blank, sig=sign(RECEIPT_KEY, text)))
        return feed[-1]

    @property
    def receipt_kid(self) -> str:
        return "r1" if self.keys_issued_at == 1 else "r2"

    # The network.

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        answer = {"/sync/v1/push": self._push, "/sync/v1/manifest": self._manifest}.get(path, self._enrol)
        return self._through(path, lambda: answer(body, headers["content-type"]))

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/sync/v1/keys":
            return _ok(self.keys)
        return self._through(path, lambda: self._pull(path, headers))

    def _through(self, path: str, answer: Callable[[], Reply]) -> Reply:
        fault = self.faults.pop(0) if self.faults else None
        if fault == "lost":
            raise NoAnswer(sent=False)
        if isinstance(fault, int):
            return Reply(status=fault, headers={"retry-after": "120"}, body=b"{}")
        if fault == "portal":
            return Reply(status=200, headers={"content-type": "text/html"}, body=b"<title>Free Wi-Fi</title>")
        reply = answer()
        if fault == "reply_lost":
            raise NoAnswer(sent=True)
        if fault == "cut":
            return Reply(status=reply.status, headers=reply.headers, body=reply.body[:-9])
        return reply

    # The service.

    def _push(self, body: bytes, content_type: str) -> Reply:
        try:
            frame = codec.decode_push(body, content_type)
        except codec.TooLarge:
            return Reply(status=413, headers={}, body=b"{}")
        except codec.WireError:
            return Reply(status=400, headers={}, body=b"{}")
        self.requests.append((frame.request.device_id, len(frame.items)))
        self.told = frame.request.queue
        if len(frame.items) > self.items_max:
            return Reply(status=413, headers={}, body=b"{}")
        ids = {each.item_id if isinstance(each, ItemFault) else _id(each) for each in frame.items}
        if ids & self.poison:
            return Reply(status=500, headers={}, body=b"{}")
        answer = self._commit(frame.items)
        self.shown.append(len(frame.request.rekey))
        word = self._take_keys(frame.request)
        return _ok(msgspec.structs.replace(answer, rekey=self.asks_new_keys, rekeyed=word))

    def _take_keys(self, request: protocol.PushRequest) -> Rekeyed | None:
        steps, device_id = request.rekey, request.device_id
        way = steps_from(steps, self.signers.get(device_id, b""))
        if way is None or not all(self._step_holds(device_id, step) for step in way):
            return None
        for step in way:
            self.signers[device_id], self.sealers[device_id] = step.sign_key, step.seal_key
            self.asks_new_keys = False
        blank = Rekeyed(
            device_id=device_id, sign_key=steps[-1].sign_key, at=1, kid=self.receipt_kid, sig=bytes(64)
        )
        return msgspec.structs.replace(blank, sig=sign(RECEIPT_KEY, rekeyed_text(blank)))

    def _step_holds(self, device_id: str, step: Rekey) -> bool:
        text = rekey_text(device_id, step)
        return signature_valid(step.old_sign_key, text, step.old_sig) and signature_valid(
            step.sign_key, text, step.new_sig
        )

    def _manifest(self, body: bytes, content_type: str) -> Reply:
        if self.manifests == "none":
            return Reply(status=404, headers={}, body=b"{}")
        asked = codec.decode(body, content_type, ManifestRequest)
        lacking = intake_rules.missing(asked.retained, (known for known, _ in self.stored.values()))
        leaves = intake_rules.manifest_leaves(asked.retained, lacking)
        receipt = self._receipt(leaves) if leaves else None
        if receipt is not None and self.manifests == "unsigned":
            receipt = msgspec.structs.replace(receipt, sig=bytes(64))
        return _ok(ManifestResponse(incarnation=self.incarnation, missing=lacking, receipt=receipt))

    def _commit(self, items: tuple[Envelope | ItemFault, ...]) -> PushResponse:
        results = [self._take(index, each) for index, each in enumerate(items)]
        leaves = [
            protocol.leaf_bytes(result.item_id, each.sha256, result.pos, result.verdict, each.sig)
            for each, result in zip(items, results, strict=True)
            if isinstance(each, Envelope) and result.pos is not None
        ]
        proven, at = [], 0
        for result in results:
            if result.pos is not None:
                leaf = Leaf(index=at, size=len(leaves), path=intake_rules.merkle_path(leaves, at))
                result, at = msgspec.structs.replace(result, leaf=leaf), at + 1
            proven.append(result)
        return PushResponse(
            incarnation=self.incarnation,
            server_time=1,
            restore_floor=self.restore_floor,
            downstream=False,
            challenge=self.challenge,
            results=tuple(proven),
            receipt=self._receipt(leaves) if leaves else None,
            alert=self.alert,
            revoke=self.revoke,
            in_service=self.in_service,
            keys_issued_at=self.keys_issued_at,
        )

    def _take(self, index: int, each: Envelope | ItemFault) -> ItemResult:
        if isinstance(each, ItemFault):
            return ItemResult(item_id=each.item_id, index=index, verdict="rejected", reason=each.reason)
        header = intake_rules.read_header(each.header)
        fault = intake_rules.structural_fault(each)
        if header is None or fault is not None:
            found = header.item_id if header else ""
            return ItemResult(item_id=found, index=index, verdict="rejected", reason=fault)
        by_id = self.stored.get(header.item_id)
        number = (header.device_id, header.epoch, header.seq)
        by_seq = next((known for known, sent in self.stored.values() if _number(sent) == number), None)
        said = intake_rules.verdict(
            sha256=each.sha256, item_id=header.item_id, by_id=by_id[0] if by_id else None, by_seq=by_seq
        )
        gone = header.item_id in self.erased
        return ItemResult(
            item_id=header.item_id, index=index, verdict=said, pos=self._keep(each, said), gone=gone
        )

    def _keep(self, sent: Envelope, said: str) -> int:
        if said == "duplicate":
            return self.stored[_id(sent)][0].pos
        if said == "conflict" and sent.sha256 in self.conflicts:
            return self.conflicts[sent.sha256]
        self.pos += 1
        if said == "conflict":
            self.conflicts[sent.sha256] = self.pos
        else:
            known = Known(item_id=_id(sent), sha256=sent.sha256, pos=self.pos)
            self.stored[_id(sent)] = (known, sent)
        return self.pos

    def _receipt(self, leaves: list[bytes]) -> Receipt:
        blank = Receipt(
            incarnation=self.incarnation,
            restore_floor=self.restore_floor,
            at=1,
            kid=self.receipt_kid,
            root=intake_rules.merkle_root(leaves),
            sig=bytes(64),
        )
        return msgspec.structs.replace(blank, sig=sign(RECEIPT_KEY, protocol.receipt_text(blank)))

    def receipt_for(self, item_id: str) -> messages.ReceiptBody:
        """As the opener posts it: a tree of one leaf."""
        known, sent = self.stored[item_id]
        leaf = protocol.leaf_bytes(item_id, sent.sha256, known.pos, "accepted")
        result = ItemResult(
            item_id=item_id, index=0, verdict="accepted", pos=known.pos, leaf=Leaf(index=0, size=1, path=())
        )
        return messages.ReceiptBody(item_id=item_id, result=result, receipt=self._receipt([leaf]))

    def _pull(self, path: str, headers: Mapping[str, str]) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        feed_id, limit, told = headers["waymark-device"], int(query["limit"]), query.get("cursor", "")
        text = protocol.pull_text(
            device_id=feed_id, challenge=headers["waymark-challenge"], cursor=told, limit=limit
        )
        good = signature_valid(
            self.signers.get(feed_id, b""), text, codec.from_base64url(headers["waymark-signature"])
        )
        if self.refused_pull is not None:
            return Reply(status=401, headers=self.refused_pull, body=b"{}")
        if not good or headers["waymark-challenge"] != self.challenge:
            return Reply(status=401, headers={"waymark-challenge": self.challenge}, body=b"{}")
        return _ok(self._page(feed_id, told, limit))

    def _page(self, feed_id: str, told: str, limit: int) -> PullResponse:
        feed, caps = self.feeds.get(feed_id, []), intake_rules.caps_hash(())
        chains = [intake_rules.CHAIN_START]
        for message in feed:
            chains.append(intake_rules.next_chain(chains[-1], message.id, message.sealed))
        cursor = intake_rules.decode_cursor(told)
        at = chains[cursor.pos] if cursor and cursor.pos < len(chains) else None
        good = cursor is not None and intake_rules.cursor_good(
            cursor, incarnation=self.incarnation, chain_at_pos=at, caps=caps
        )
        start = cursor.pos if cursor is not None and good else 0
        page = tuple(feed[start : start + min(limit, 2)])
        end = start + len(page)
        return PullResponse(
            incarnation=self.incarnation,
            cursor=intake_rules.encode_cursor(
                intake_rules.Cursor(incarnation=self.incarnation, pos=end, chain=chains[end], caps=caps)
            ),
            more=end < len(feed),
            messages=page,
            challenge=self.challenge,
            reset=bool(told) and not good,
        )

    def _enrol(self, body: bytes, content_type: str) -> Reply:
        asked = codec.decode(body, content_type, EnrolRequest)
        text = protocol.LABEL_ENROL + b"7KQ2M9XD4F" + asked.seal_key
        if not signature_valid(asked.sign_key, text, asked.sig):
            return Reply(status=404, headers={}, body=b'{"code": "code_unknown"}')
        device_id = str(uuid4())
        self.signers[device_id] = asked.sign_key
        return _ok(EnrolResponse(device_id=device_id, centre_id="harbour", centre_name="Harbour Library"))


def opened(sent: Envelope, key: ec.EllipticCurvePrivateKey = SEAL_KEY) -> bytes:
    from waymark_sync.seal import open_item

    return open_item(sent.header, sent.sealed, private_key=key)


def digest(sent: Envelope) -> bytes:
    return hashlib.sha256(sent.header + sent.sealed).digest()


def _id(sent: Envelope) -> str:
    header = intake_rules.read_header(sent.header)
    return header.item_id if header else ""


def _number(sent: Envelope) -> tuple[str, str, int]:
    header = protocol.decode_header(sent.header)
    return header.device_id, header.epoch, header.seq


def _ok(message: object) -> Reply:
    return Reply(status=200, headers={"content-type": MSGPACK}, body=codec.encode(message, MSGPACK))
