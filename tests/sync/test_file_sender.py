"""A file through a network that breaks: sent from where the service stands, believed when proven."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from waymark_sync import trust
from waymark_sync.codec import JSON, decode, encode
from waymark_sync.codec import from_base64url as raw
from waymark_sync.file_sender import PreparedFile, prepare_file, read_from, send_file
from waymark_sync.files import open_file, sealed_size
from waymark_sync.intake_rules import merkle_root
from waymark_sync.protocol import (
    Attachment,
    AttStart,
    AttState,
    KeySet,
    Leaf,
    Receipt,
    ServiceKey,
    leaf_bytes,
    receipt_text,
)
from waymark_sync.seal import new_key, raw_public, sign
from waymark_sync.transport import NoAnswer, Reply

Vectors = Callable[[str], Any]

KEY = new_key()
KEYS = KeySet(issued_at=1, keys=(ServiceKey(kid="r1", use="receipt", suite=1, public=raw_public(KEY)),))
PLAIN = bytes(i % 251 for i in range(700_000))


class Service:
    """The resource in memory."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.held = b""
        self.pieces: list[int] = []
        self.away = False
        self.lost: set[int] = set()
        """Numbers of pieces that arrive and whose answer does not."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        self._break()
        assert decode(body, headers["content-type"], AttStart).att_id == self.attachment.att_id
        return self._told(200)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        raise AssertionError("files are not asked for")

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        self._break()
        assert path == f"/sync/v1/att/{self.attachment.att_id}"
        digest = b64encode(hashlib.sha256(body).digest()).decode()
        assert headers["content-digest"] == f"sha-256=:{digest}:"
        offset = int(headers["upload-offset"])
        if offset != len(self.held):
            return self._told(409)
        self.held += body
        self.pieces.append(len(body))
        if len(self.pieces) in self.lost:
            raise NoAnswer(sent=True)
        whole = len(self.held) == self.attachment.size
        if whole and hashlib.sha256(self.held).digest() != self.attachment.sha256:
            self.held = b""
            return self._told(409)
        return self._told(200)

    def _break(self) -> None:
        if self.away:
            raise NoAnswer(sent=False)

    def _told(self, status: int) -> Reply:
        body = encode(state(self.attachment, len(self.held)), JSON)
        return Reply(status=status, headers={"content-type": JSON}, body=body)


def state(attachment: Attachment, offset: int, *, signed_by: Any = KEY) -> AttState:
    told = AttState(att_id=attachment.att_id, offset=offset, size=attachment.size, pos=7)
    if offset < attachment.size:
        return told
    root = merkle_root([leaf_bytes(attachment.att_id, attachment.sha256, 7, "complete")])
    blank = Receipt(incarnation=str(uuid4()), restore_floor=0, at=1, kid="r1", root=root, sig=bytes(64))
    receipt = msgspec.structs.replace(blank, sig=sign(signed_by, receipt_text(blank)))
    leaf = Leaf(index=0, size=1, path=())
    return msgspec.structs.replace(told, complete=True, leaf=leaf, receipt=receipt)


@pytest.fixture(scope="module")
def file() -> PreparedFile:
    return prepare_file(PLAIN, media_type="image/jpeg", caption="A wall")


def send(service: Service, file: PreparedFile) -> Any:
    return send_file(
        service, read_from(file.sealed), file.attachment, item_id=str(uuid4()), keys=KEYS, piece_bytes=100_000
    )


def test_what_is_prepared_opens_with_what_the_report_holds(file: PreparedFile) -> None:
    inside = file.inside

    opened = b"".join(open_file([file.sealed], key=raw(inside.key), att_id=inside.att_id))

    assert opened == PLAIN
    assert (inside.size, file.attachment.size) == (len(PLAIN), sealed_size(len(PLAIN)))
    assert (inside.att_id, inside.caption, inside.hidden_details) == (
        file.attachment.att_id,
        "A wall",
        "removed",
    )


def test_two_files_share_neither_key_nor_id() -> None:
    one, two = (prepare_file(b"same", media_type="image/png").inside for _ in range(2))

    assert one.key != two.key
    assert one.att_id != two.att_id


def test_it_is_sent_in_pieces_and_proven(file: PreparedFile) -> None:
    service = Service(file.attachment)

    sent = send(service, file)

    assert sent.failure is None
    assert sent.complete is not None
    assert service.held == file.sealed
    assert set(service.pieces[:-1]) == {100_000}


def test_it_goes_on_where_it_broke_off(file: PreparedFile) -> None:
    service = Service(file.attachment)
    service.lost = {3}

    broken = send(service, file)
    sent = send(service, file)

    assert (broken.failure.kind, broken.complete) == ("silent", None)
    assert sent.complete is not None
    assert sum(service.pieces) == len(file.sealed), "a piece was sent twice"


def test_a_complete_file_is_not_sent_again(file: PreparedFile) -> None:
    service = Service(file.attachment)
    send(service, file)
    before = list(service.pieces)

    assert send(service, file).complete is not None
    assert service.pieces == before


def test_without_a_network_it_waits(file: PreparedFile) -> None:
    service = Service(file.attachment)
    service.away = True

    assert send(service, file).failure.kind == "unreachable"


def test_bytes_that_have_gone_bad_here_are_not_sent_for_ever(file: PreparedFile) -> None:
    service = Service(file.attachment)
    spoilt = msgspec.structs.replace(file, sealed=file.sealed[:-1] + bytes([file.sealed[-1] ^ 1]))

    sent = send(service, spoilt)

    assert (sent.failure.reason, sent.complete) == ("no_progress", None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "unreachable"), (503, "later"), (507, "later"), (500, "fault"), (302, "unreachable")],
)
def test_a_refusal_is_a_failure_for_later(file: PreparedFile, status: int, kind: str) -> None:
    class Refusing(Service):
        def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
            return Reply(status=status, headers={"retry-after": "9"}, body=b"")

    assert send(Refusing(file.attachment), file).failure.kind == kind


def test_a_page_that_says_yes_to_everything_is_not_the_service(file: PreparedFile) -> None:
    class Portal(Service):
        def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
            size = self.attachment.size
            lie = AttState(att_id=self.attachment.att_id, offset=size, size=size, complete=True, pos=1)
            return Reply(status=200, headers={}, body=encode(lie, JSON))

    sent = send(Portal(file.attachment), file)

    assert (sent.complete, sent.failure.reason) == (None, "not_the_service")


def test_a_receipt_that_a_stranger_signed_is_not_believed(file: PreparedFile) -> None:
    class Forger(Service):
        def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
            told = state(self.attachment, self.attachment.size, signed_by=new_key())
            return Reply(status=200, headers={}, body=encode(told, JSON))

    sent = send(Forger(file.attachment), file)

    assert (sent.complete, sent.failure.reason) == (None, "not_the_service")


def test_a_receipt_of_another_file_is_not_believed(file: PreparedFile) -> None:
    other = prepare_file(PLAIN, media_type="image/jpeg").attachment

    class Swapped(Service):
        def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
            told = msgspec.structs.replace(state(other, other.size), att_id=self.attachment.att_id)
            return Reply(status=200, headers={}, body=encode(told, JSON))

    sent = send(Swapped(file.attachment), file)

    assert (sent.complete, sent.failure.reason) == (None, "not_the_service")


def test_the_last_answer_lost_is_asked_for_and_not_sent_again(file: PreparedFile) -> None:
    service = Service(file.attachment)
    last = -(-len(file.sealed) // 100_000)
    service.lost = {last}

    broken = send(service, file)
    sent = send(service, file)

    assert (broken.failure.kind, broken.complete) == ("silent", None)
    assert sent.complete is not None
    assert len(service.pieces) == last


def test_a_piece_that_came_altered_is_sent_again(file: PreparedFile) -> None:
    class Noisy(Service):
        noise = 2

        def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
            if len(self.pieces) == 3 and self.noise:
                self.noise -= 1
                return Reply(status=400, headers={}, body=b'{"code":"digest_wrong"}')
            return super().patch(path, body, headers)

    service = Noisy(file.attachment)
    answers = [send(service, file) for _ in range(3)]

    assert [answer.failure and answer.failure.kind for answer in answers] == ["fault", "fault", None]
    assert service.held == file.sealed
    assert answers[-1].complete is not None


def test_a_file_that_the_service_lost_is_sent_from_where_it_stands(file: PreparedFile) -> None:
    """After a restore its disk may hold less than it once acknowledged."""
    service = Service(file.attachment)
    service.lost = {5}
    send(service, file)
    service.held = service.held[:150_000]

    assert send(service, file).complete is not None
    assert service.held == file.sealed


def test_which_answers_are_believed(vectors: Vectors) -> None:
    file = vectors("attachment")
    keys = decode(msgspec.json.encode(file["keys"]), JSON, KeySet)
    told = file["complete"]
    good = decode(msgspec.json.encode(told["state"]), JSON, AttState)
    attachment = Attachment(att_id=told["att_id"], size=good.size, sha256=raw(told["sha256"]))

    assert trust.covers_file(good, attachment, keys) is True
    for case in told["invalid"]:
        state = decode(msgspec.json.encode(case["state"]), JSON, AttState)
        assert not trust.covers_file(state, attachment, keys), case["name"]
    assert trust.covers_file(good, attachment, KEYS) is not True
