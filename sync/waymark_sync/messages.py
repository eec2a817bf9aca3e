"""What lies inside a sealed message of a feed, as JSON, and what a return code opens.

A device applies each message once, by its id, and keeps a kind that it does not know.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from waymark_sync.protocol import AttState, ItemResult, PullResponse, Receipt, Sha256, Uuid

CLOSED_CODE = "closed."
"""Before a code: the report is closed, unless a later `status` says otherwise."""


class AckBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Kinds `ack`, `status`, `message`: a person has read the report and says something."""

    item_id: Uuid
    at: str
    """UTC, `2026-01-02T03:04:05.678Z`."""
    from_name: str
    """The organisation that answers, as the reporter knows it."""
    text: str = ""
    asks: bool = False
    """`message`: an answer is hoped for. Nobody has to give one."""
    code: str = ""
    """`status`: what was decided, by the policy pack's code; after CLOSED_CODE, why it was closed."""


class SignpostedService(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A service as it was when it was suggested: readable without the directory."""

    id: str
    name: str
    description: str = ""
    phone: str = ""
    url: str = ""
    why: tuple[str, ...] = ()
    """Reasons by code, as the matching gives them."""


class SignpostBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Kind `signpost`: the services that somebody who has read the report suggests. Replaces any earlier."""

    item_id: Uuid
    at: str
    from_name: str
    services: tuple[SignpostedService, ...]
    text: str = ""


class SeenBy(Struct, frozen=True, kw_only=True):
    """Somebody has opened the report. Never a name."""

    role: str
    organisation: str
    on: str
    """The day, `2026-01-02`, UTC."""


class AccessBody(Struct, frozen=True, kw_only=True):
    """Kind `access`: who may read the report and who has, where that is safe to say. Replaces earlier."""

    item_id: Uuid
    at: str
    police: tuple[str, ...]
    """Groups of answers that the police may read now."""
    seen: tuple[SeenBy, ...]


class ReceiptBody(Struct, frozen=True, kw_only=True):
    """Kind `receipt`: the receipt of an item whose answer may have been lost on the way."""

    item_id: Uuid
    result: ItemResult
    receipt: Receipt


class AttachmentBody(Struct, frozen=True, kw_only=True):
    """Kind `attachment`: one attachment is complete; its receipt, should the answer have been lost."""

    item_id: Uuid
    state: AttState


class AttentionBody(Struct, frozen=True, kw_only=True):
    """Kind `needs_attention`: the item is safe, but could not be read; a person looks at it."""

    item_id: Uuid
    at: str
    reason: str


class Proof(Struct, frozen=True, kw_only=True):
    """Proof of reporting, as a file or as text: that these bytes were durable at that time, and no more.

    It tells nothing of the report. The human reference derives from `item_id`.
    """

    format: Literal["waymark-proof/1"] = "waymark-proof/1"
    item_id: Uuid
    sha256: Sha256
    result: ItemResult
    receipt: Receipt
    sig: Annotated[bytes, Meta(max_length=64)] = b""
    """The item's, where the receipt was the answer to its push; else empty."""


class ReturnResponse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report's mailbox, opened with its return code: a page of its feed, and the proof."""

    feed_id: Uuid
    """Messages are opened and verified under this feed."""
    proof: Proof
    page: PullResponse
    pad: str = ""
    """Spaces up to a bucket: how long an answer is says little."""
