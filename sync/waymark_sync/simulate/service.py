"""The service of a story: the rules are those of `intake_rules`, the disk is `Disk`, and it may be killed."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from waymark_sync import codec, intake_rules
from waymark_sync.codec import MSGPACK, ItemFault
from waymark_sync.intake_rules import Cursor, Known
from waymark_sync.protocol import (
    STORED,
    Envelope,
    Header,
    ItemResult,
    Leaf,
    ManifestRequest,
    ManifestResponse,
    PullResponse,
    PushResponse,
    Receipt,
    Retained,
    Revocation,
    Verdict,
    leaf_bytes,
)
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.disk import Disk, Feed, Upload
from waymark_sync.simulate.faults import Ablation
from waymark_sync.transport import Reply

if TYPE_CHECKING:
    from waymark_sync.simulate.ledger import Ledger

CAPS = intake_rules.caps_hash(())
PAGE = 4  # few messages a page, so that feeds are read in pages
EMPTY = Reply(status=500, headers={}, body=b"")


class Service:
    def __init__(self, ledger: "Ledger", ablation: Ablation | None) -> None:
        self.disk, self.ledger, self.ablation = Disk(), ledger, ablation
        self.now_ms: Callable[[], int] = lambda: 0
        self.kids, self.issued_at = ["r1"], 1
        self.poison: set[str] = set()
        self.revoked: set[str] = set()
        self.items_max = 64
        self.checkpoint = self.disk.copy()
        """What the database file holds when its log is missing."""
        self.head_outside = 0
        """Noted beside the database, so that a database that has gone back is noticed at the start."""

    # Push.

    def push(self, body: bytes) -> Reply:
        try:
            frame = codec.decode_push(body, MSGPACK)
        except codec.TooLarge:
            return _status(413)
        except codec.WireError:
            return _status(400)
        if len(frame.items) > self.items_max:
            return _status(413)
        if self.poison and any(_id(sent) in self.poison for sent in frame.items):
            return _status(400 if self.ablation == "batch_4xx" else 500)
        taken = [self._take(index, sent) for index, sent in enumerate(frame.items)]
        if self.ablation == "batch_4xx" and any(result.verdict == "rejected" for result, _ in taken):
            return _status(400)
        feed = self.disk.feeds.get(frame.request.device_id)
        results, receipt = self._proven(taken)
        self.head_outside = max(self.head_outside, self.disk.head)
        return _ok(
            PushResponse(
                incarnation=self.disk.incarnation,
                server_time=1,
                restore_floor=self.disk.floor,
                downstream=bool(feed and feed.posted),
                challenge="c",
                results=results,
                receipt=receipt,
                keys_issued_at=self.issued_at,
                revoke=self._order(frame.request.device_id),
            )
        )

    def _order(self, device_id: str) -> Revocation | None:
        return stand_ins.order(device_id, kid=self.kids[-1]) if device_id in self.revoked else None

    def _take(self, index: int, sent: Envelope | ItemFault) -> tuple[ItemResult, Envelope | None]:
        if isinstance(sent, ItemFault):
            return ItemResult(item_id=sent.item_id, index=index, verdict="rejected", reason=sent.reason), None
        header, fault = intake_rules.read_header(sent.header), intake_rules.structural_fault(sent)
        if header is None or fault is not None:
            item_id = header.item_id if header else ""
            return ItemResult(item_id=item_id, index=index, verdict="rejected", reason=fault), None
        number = (header.device_id, header.epoch, header.seq)
        said = intake_rules.verdict(
            sha256=sent.sha256,
            item_id=header.item_id,
            by_id=self.disk.by_id.get(header.item_id),
            by_seq=self.disk.by_number.get(number),
        )
        pos = self._keep(header, sent, said)
        self.ledger.said(header, sent.sha256, said, self.disk)
        return ItemResult(item_id=header.item_id, index=index, verdict=said, pos=pos), sent

    def _keep(self, header: Header, sent: Envelope, said: Verdict) -> int:
        disk, key = self.disk, (header.item_id, sent.sha256)
        if said == "duplicate":
            return disk.by_id[header.item_id].pos
        if said == "conflict":
            if key not in disk.conflicts:
                disk.conflicts[key] = disk.allot(*key)
                self.ledger.committed(disk.incarnation, disk.conflicts[key])
            return disk.conflicts[key].pos
        known = disk.allot(*key)
        disk.by_id[header.item_id] = known
        disk.by_number[header.device_id, header.epoch, header.seq] = known
        disk.feed_of[header.item_id] = header.device_id
        for listed in header.att:
            disk.announced[listed.att_id] = header.item_id
        self.ledger.committed(disk.incarnation, known)
        return known.pos

    def _proven(
        self, taken: list[tuple[ItemResult, Envelope | None]]
    ) -> tuple[tuple[ItemResult, ...], Receipt | None]:
        stored = [(result, sent) for result, sent in taken if sent is not None and result.verdict in STORED]
        if not stored:
            return tuple(result for result, _ in taken), None
        leaves = [
            leaf_bytes(one.item_id, sent.sha256, one.pos or 0, one.verdict, sent.sig) for one, sent in stored
        ]
        _, paths = intake_rules.merkle_proofs(leaves)
        proven: list[ItemResult] = []
        for result, _ in taken:
            if result.verdict in STORED:
                at = sum(one.pos is not None for one in proven)
                leaf = Leaf(index=at, size=len(leaves), path=paths[at])
                result = ItemResult(
                    item_id=result.item_id,
                    index=result.index,
                    verdict=result.verdict,
                    pos=result.pos,
                    leaf=leaf,
                )
            proven.append(result)
        return tuple(proven), self.receipt(leaves)

    def receipt(self, leaves: list[bytes]) -> Receipt:
        return stand_ins.signed_receipt(
            leaves,
            kid=self.kids[-1],
            incarnation=self.disk.incarnation,
            restore_floor=self.disk.floor,
            at=1,
        )

    # What a device asks and reads.

    def manifest(self, body: bytes) -> Reply:
        try:
            asked = codec.decode(body, MSGPACK, ManifestRequest)
        except codec.WireError:
            return _status(400)
        lacking = self._missing(asked.retained)
        leaves = intake_rules.manifest_leaves(asked.retained, lacking)
        receipt = self.receipt(leaves) if leaves else None
        return _ok(ManifestResponse(incarnation=self.disk.incarnation, missing=lacking, receipt=receipt))

    def _missing(self, retained: tuple[Retained, ...]) -> tuple[str, ...]:
        if self.ablation == "max_seq_check":
            return self.ledger.beyond_max_seq(retained, self.disk)
        known: Iterable[Known] = [known for one in retained for known in self.disk.known_under(one.id)]
        return intake_rules.missing(retained, known)

    def pull(self, feed_id: str, told: str) -> Reply:
        feed = self.disk.feeds.get(feed_id)
        if feed is None or feed_id in self.revoked:
            return _status(401)
        cursor = intake_rules.decode_cursor(told)
        good = cursor is not None and self._good(cursor, feed)
        start, chain = (cursor.pos, cursor.chain) if cursor and good else (0, intake_rules.CHAIN_START)
        after = [one for one in feed.posted if one.pos > start]
        page = after[:PAGE]
        if page:
            start, chain = page[-1].pos, page[-1].chain
        made = Cursor(incarnation=self.disk.incarnation, pos=start, chain=chain, caps=CAPS)
        return _ok(
            PullResponse(
                incarnation=self.disk.incarnation,
                cursor=intake_rules.encode_cursor(made),
                more=len(after) > len(page),
                messages=tuple(one.message for one in page),
                challenge="c",
                reset=bool(told) and not good,
            )
        )

    def _good(self, cursor: Cursor, feed: Feed) -> bool:
        if self.ablation == "unchecked_cursor":
            return cursor.incarnation == self.disk.incarnation
        return intake_rules.cursor_good(
            cursor, incarnation=self.disk.incarnation, chain_at_pos=feed.chain_at(cursor.pos), caps=CAPS
        )

    # What an operator does.

    def rotate(self) -> None:
        """A new receipt key; what the old one signed is still verified."""
        self.issued_at += 1
        self.kids.append(f"r{self.issued_at}")

    def expire_uploads(self) -> bool:
        """What was sent in part is thrown away."""
        partial = [name for name, upload in self.disk.uploads.items() if upload.pos is None and upload.held]
        for name in partial:
            upload = self.disk.uploads[name]
            self.disk.uploads[name] = Upload(upload.item_id, upload.size, upload.sha256)
        return bool(partial)


def _status(status: int) -> Reply:
    return Reply(status=status, headers={}, body=b"{}")


def _ok(message: object) -> Reply:
    return Reply(status=200, headers={"content-type": MSGPACK}, body=codec.encode(message, MSGPACK))


def _id(sent: Envelope | ItemFault) -> str:
    if isinstance(sent, ItemFault):
        return sent.item_id
    header = intake_rules.read_header(sent.header)
    return header.item_id if header else ""
