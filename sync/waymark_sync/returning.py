"""Come back to a report with its return code, from any device: read what was answered, and the proof.

Nothing of it is kept. What the service did not sign counts as no answer, as everywhere else.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from msgspec import Struct

from waymark_sync.answers import NOT_THE_SERVICE, Failure, failure_of, no_answer
from waymark_sync.codec import MSGPACK, WireError, decode, to_base64url
from waymark_sync.keyring import Keyring
from waymark_sync.messages import Proof, ReturnResponse
from waymark_sync.protocol import KeySet, Message, message_info
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import CannotOpen, open_sealed, unpad
from waymark_sync.transport import NoAnswer, Transport
from waymark_sync.trust import messages_valid, proof_valid

PAGES_MAX = 100  # of about forty messages: no conversation comes near
UNKNOWN = Failure(kind="fault", reason="return_unknown")


class Mailbox(Struct, frozen=True, kw_only=True):
    """One report's mailbox, as the service has it now."""

    feed_id: str
    proof: Proof
    messages: tuple[Message, ...]

    def opened(self, code: ReturnSecrets) -> Iterator[tuple[Message, bytes]]:
        """Every message with its JSON, in order. What is not for this code is left out."""
        for message in self.messages:
            info = message_info(feed_id=self.feed_id, message_id=message.id, kind=message.kind)
            try:
                yield message, unpad(open_sealed(message.sealed, private_key=code.reply, info=info))
            except CannotOpen:
                continue


def open_mailbox(code: ReturnSecrets, *, transport: Transport, keyring: Keyring) -> Mailbox | Failure:
    """UNKNOWN when no report answers to the code: it is wrong, or the report has not arrived yet."""
    first = _page(code, "", transport=transport, keyring=keyring)
    if isinstance(first, Failure):
        return first
    page, found = first.page, list(first.page.messages)
    for _ in range(PAGES_MAX):
        if not page.more:
            break
        answer = _page(code, page.cursor, transport=transport, keyring=keyring)
        if isinstance(answer, Failure):
            return answer
        page = answer.page
        found = [*([] if page.reset else found), *page.messages]
    return Mailbox(feed_id=first.feed_id, proof=first.proof, messages=tuple(found))


def _page(
    code: ReturnSecrets, cursor: str, *, transport: Transport, keyring: Keyring
) -> ReturnResponse | Failure:
    answer = _ask(code, cursor, transport=transport)
    if isinstance(answer, ReturnResponse) and not _signed(answer, keyring):
        return NOT_THE_SERVICE
    return answer


def _ask(code: ReturnSecrets, cursor: str, *, transport: Transport) -> ReturnResponse | Failure:
    headers = {
        "accept": MSGPACK,
        "waymark-locator": to_base64url(code.locator),
        "waymark-authenticator": to_base64url(code.authenticator),
    }
    try:
        reply = transport.get(f"/sync/v1/return?{urlencode({'cursor': cursor})}", headers)
    except NoAnswer as error:
        return no_answer(sent=error.sent)
    if reply.status == 404 and b'"return_unknown"' in reply.body:
        return UNKNOWN
    if failure := failure_of(reply.status, reply.headers):
        return failure
    try:
        return decode(reply.body, reply.headers.get("content-type", ""), ReturnResponse)
    except WireError:
        return NOT_THE_SERVICE


def _signed(answer: ReturnResponse, keyring: Keyring) -> bool:
    keys = keyring.keys()
    holds = _holds(answer, keys) if keys else False
    if holds is None:
        renewed = keyring.renewed()
        holds = renewed is not None and _holds(answer, renewed)
    return bool(holds)


def _holds(answer: ReturnResponse, keys: KeySet) -> bool | None:
    """None when a newer key set may tell."""
    proof = proof_valid(answer.proof, keys)
    messages = messages_valid(answer.feed_id, answer.page.messages, keys)
    if proof is False or messages is False:
        return False
    return None if proof is None or messages is None else True
