"""Who has signed an item: the phone or the tablet that its header names, or somebody else. Pure."""

from typing import Final

from waymark.intake.records import Sender, State, WaitingItem
from waymark.mailbox.records import Feed
from waymark_sync.protocol import LABEL_ITEM, Header
from waymark_sync.seal import point, signature_valid

SIGNATURE_WRONG: Final = "signature_wrong"
KEY_GIVEN_UP: Final = "key_given_up"
"""By a tablet's earlier key, under a number that it had not given out when it gave the key up."""


class Withheld(Exception):
    """This item cannot be opened here and now."""

    def __init__(self, state: State, code: str, place: str | None = None) -> None:
        super().__init__(code)
        self.state: State = state
        self.code = code
        self.place = place


def proven_feed(item: WaitingItem, header: Header, sender: Sender) -> Feed | None:
    """The feed of whoever signed. None for a visitor who gave no key to answer to."""
    feed = _visitor_feed(header, sender) if header.public_key else sender.device
    sign_key = header.public_key or (feed.sign_key if feed else None)
    if sign_key is None:
        raise Withheld("quarantined", "device_revoked" if sender.revoked else "device_unknown")
    if not signature_valid(sign_key, LABEL_ITEM + item.sha256, item.sig):
        _proven_by_earlier(item, header, sender)
    return feed


def _proven_by_earlier(item: WaitingItem, header: Header, sender: Sender) -> None:
    """A report may have waited on its tablet for longer than the key that signed it was the tablet's."""
    text = LABEL_ITEM + item.sha256
    key = next((one for one in sender.earlier if signature_valid(one.sign_key, text, item.sig)), None)
    if key is None or header.public_key:
        raise Withheld("quarantined", SIGNATURE_WRONG)
    if header.epoch != key.epoch or header.seq > key.seq:
        raise Withheld("quarantined", KEY_GIVEN_UP)


def _visitor_feed(header: Header, sender: Sender) -> Feed | None:
    if sender.device is not None or sender.revoked:
        raise Withheld("quarantined", "device_is_enrolled")
    if header.public_key is None or header.reply_key is None or not on_curve(header.reply_key):
        return None
    feed = Feed(
        feed_id=header.device_id, kind="visitor", sign_key=header.public_key, seal_key=header.reply_key
    )
    if sender.feed is not None and sender.feed != feed:
        raise Withheld("quarantined", "feed_key_differs")
    return feed


def on_curve(key: bytes) -> bool:
    try:
        point(key)
    except ValueError:
        return False
    return True
