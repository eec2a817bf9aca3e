"""What comes back to a device: its feed, fetched page by page, kept as it came, opened with its own key."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

from msgspec import Struct

from waymark_sync.answers import NOT_THE_SERVICE, Failure, failure_of, no_answer
from waymark_sync.codec import JSON, MSGPACK, WireError, decode, from_base64url, to_base64url
from waymark_sync.core_parts import OpenedReceipt
from waymark_sync.device import Device
from waymark_sync.keyring import Keyring
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox import Outbox, StoredMessage
from waymark_sync.protocol import PULL_LIMIT_MAX, PullResponse, Revocation, message_info, pull_text
from waymark_sync.seal import CannotOpen, open_sealed, sign, unpad
from waymark_sync.transport import NoAnswer, Reply, Transport
from waymark_sync.trust import covers, messages_valid, receipt_valid


class Pulled(Struct, frozen=True, kw_only=True):
    """One page. `more`: the feed goes on."""

    received: int = 0
    more: bool = False
    failure: Failure | None = None


class Inbox:
    """One device's feed."""

    def __init__(self, *, outbox: Outbox, device: Device, transport: Transport, keyring: Keyring) -> None:
        self._outbox, self._device = outbox, device
        self._transport, self._keyring = transport, keyring
        self.order: Revocation | None = None
        """That came with the last refusal. Its signature was not looked at."""

    def of(self, device: Device) -> None:
        """The same device, with other keys."""
        self._device = device

    def pull_once(self) -> Pulled:
        """Fetch one page and keep it together with its cursor; then take over the receipts it brings.

        A page with one message that the service did not sign counts as no answer, and moves nothing.
        """
        page = self.page()
        if isinstance(page, Failure):
            return Pulled(failure=page)
        self._outbox.adopt_incarnation(page.incarnation)
        self._outbox.keep_page(self._device.device_id, page)
        self._outbox.keep_state("challenge", page.challenge)
        for found in tuple(self.receipts()):
            if self._ours(found):
                self._outbox.record_receipt(found.body, sha256=found.row.sha256)
                self._outbox.mark_applied(found.message_id)
        return Pulled(received=len(page.messages), more=page.more)

    def page(self) -> PullResponse | Failure:
        """Fetch one page, and verify every message of it. Keeps nothing."""
        reply = self._answer()
        if isinstance(reply, Failure):
            return reply
        try:
            page = decode(reply.body, reply.headers.get("content-type", ""), PullResponse)
        except WireError:
            return NOT_THE_SERVICE
        return page if self._signed(page) else NOT_THE_SERVICE

    def receipts(self) -> Iterator[OpenedReceipt]:
        """Receipts in the feed that were not taken over yet, of reports held here. Their signatures hold."""
        keys = self._keyring.keys()
        for message in self._outbox.messages(self._device.device_id):
            if message.kind != "receipt" or message.applied or keys is None:
                continue
            try:
                told = decode(self.open(message) or b"", JSON, ReceiptBody)
            except WireError:
                continue
            row = self._outbox.item(told.item_id)
            if row is not None and receipt_valid(told.receipt, keys):
                yield OpenedReceipt(message_id=message.id, body=told, row=row)

    def opened(self) -> Iterator[tuple[StoredMessage, bytes]]:
        """Every message with its JSON, in order. One that does not open is left out here, and kept."""
        for message in self._outbox.messages(self._device.device_id):
            body = self.open(message)
            if body is not None:
                yield message, body

    def open(self, message: StoredMessage) -> bytes | None:
        """None for what was not sealed to this device, under this id and kind."""
        info = message_info(feed_id=message.feed_id, message_id=message.id, kind=message.kind)
        for key in (self._device.seal_key, *self._device.earlier_seal_keys):
            try:
                return unpad(open_sealed(message.sealed, private_key=key, info=info))
            except CannotOpen:
                continue
        return None

    def _answer(self) -> Reply | Failure:
        """A challenge grows old; the refusal brings a fresh one, which is tried once."""
        try:
            reply = self._ask(self._outbox.state("challenge") or "none")
            self.order = _order(reply)
            fresh = reply.headers.get("waymark-challenge")
            if reply.status == 401 and fresh:
                reply = self._ask(fresh)
                self.order = self.order or _order(reply)
        except NoAnswer as error:
            return no_answer(sent=error.sent)
        return failure_of(reply.status, reply.headers) or reply

    def _ask(self, challenge: str) -> Reply:
        feed_id = self._device.device_id
        cursor = self._outbox.cursor(feed_id)
        text = pull_text(device_id=feed_id, challenge=challenge, cursor=cursor, limit=PULL_LIMIT_MAX)
        headers = {
            "accept": MSGPACK,
            "waymark-device": feed_id,
            "waymark-challenge": challenge,
            "waymark-signature": to_base64url(sign(self._device.sign_key, text)),
        }
        query = urlencode({"cursor": cursor, "limit": PULL_LIMIT_MAX})
        return self._transport.get(f"/sync/v1/pull?{query}", headers)

    def _signed(self, page: PullResponse) -> bool:
        return self._keyring.says(partial(messages_valid, self._device.device_id, page.messages))

    def _ours(self, found: OpenedReceipt) -> bool:
        """Of this lineage, and of these very bytes."""
        told, row = found.body, found.row
        return told.receipt.incarnation == self._outbox.state("incarnation") and covers(
            told.receipt, told.result, item_id=row.item_id, sha256=row.sha256
        )


def _order(reply: Reply) -> Revocation | None:
    """Of a feed that is closed: its device cannot prove any more who it is, and is told all the same."""
    told = reply.headers.get("waymark-revoke") if reply.status == 401 else None
    try:
        return decode(from_base64url(told), MSGPACK, Revocation) if told else None
    except WireError:
        return None
