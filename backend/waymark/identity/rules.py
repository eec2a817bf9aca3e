"""When a session ends, when an account rests, and what a one-time code looks like."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from waymark.identity.records import Attempts, EnrolmentCode, Revoked, Role, Session, User
from waymark.kernel.clock import milliseconds, stamp
from waymark.kernel.keys import KeyRing
from waymark_sync.orders import in_service_text
from waymark_sync.protocol import LABEL_ENROL, EnrolRequest, InService, Revocation
from waymark_sync.seal import point, signature_valid

IDLE_STAFF: Final = timedelta(minutes=15)
IDLE_CENTRE: Final = timedelta(hours=8)  # a volunteer's shift; the screen itself locks sooner
LOCK_SHARED: Final = timedelta(minutes=5)
"""Without a request. The page itself locks after three minutes without a touch, if its timers run."""
ABSOLUTE: Final = timedelta(hours=10)
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a session is remembered: a write for each request would cost a commit."""

FRESH: Final = timedelta(minutes=5)
"""For so long after showing that it is them may somebody do what is dangerous."""

WINDOW: Final = timedelta(minutes=15)
LOGIN_TRIES: Final = 5
LOGIN_TRIES_ALL: Final = 100  # all accounts together: a slow guess at many accounts is a guess, too
ENROL_TRIES: Final = 100  # wrong ones: of 50 bits, guessing one code in its fifteen minutes is hopeless

CODE_LENGTH: Final = 10
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32."""
CODE_LIFE: Final = timedelta(minutes=15)
_HEARD: Final = str.maketrans("OIL", "011", " -")


def new_token() -> str:
    """256 random bits for a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: whoever reads the table cannot log in with it."""
    return hashlib.sha256(b"waymark-session/1\n" + token.encode()).hexdigest()


def idle_limit(role: Role) -> timedelta:
    return IDLE_CENTRE if role == "centre_worker" else IDLE_STAFF


def member(user: User, *, now: datetime) -> bool:
    """Is this person today what their membership says, of an organisation that there is?"""
    return user.member_from <= stamp(now) and (user.member_until is None or stamp(now) < user.member_until)


def session_good(session: Session, *, now: datetime) -> bool:
    """Not ended, not too old, not unused for too long, and of somebody who is something here today."""
    return (
        session.revoked_at is None
        and member(session.user, now=now)
        and stamp(now) < session.expires_at
        and stamp(now - idle_limit(session.role)) < session.last_seen_at
    )


def locked(session: Session, *, now: datetime) -> bool:
    """Is nothing to be shown until somebody has shown who they are?"""
    return session.locked_at is not None or (
        session.shared and session.last_seen_at <= stamp(now - LOCK_SHARED)
    )


def end_of(session: Session) -> datetime:
    """When nothing will be shown any more, should it not be used again."""
    limit = min(LOCK_SHARED, idle_limit(session.role)) if session.shared else idle_limit(session.role)
    return min(
        datetime.fromisoformat(session.last_seen_at) + limit, datetime.fromisoformat(session.expires_at)
    )


def lately(verified_at: str, *, now: datetime) -> bool:
    """Has this person shown within FRESH that it is them?"""
    return verified_at > stamp(now - FRESH)


def seen_stale(session: Session, *, now: datetime) -> bool:
    return session.last_seen_at < stamp(now - SEEN_EVERY)


def bucket(kind: str, name: str = "") -> str:
    """What attempts are counted under. Hashed: a mistyped user name may be a password."""
    return f"{kind}:{hashlib.sha256(name.strip().casefold().encode()).hexdigest()[:32]}"


def wait_s(attempts: Attempts, *, tries: int, now: datetime) -> int:
    """Seconds until the next try is heard; 0: this one is."""
    if attempts.failure_count <= tries:
        return 0
    since = datetime.fromisoformat(attempts.since)
    return max(1, int((since + WINDOW - now).total_seconds()))


def new_code() -> str:
    """`XXXX-XXXX-XX` in an alphabet without I, L, O and U: to be read here and typed there."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def plain_code(typed: str) -> str:
    """As it is signed: upper case, without spaces and hyphens."""
    return typed.upper().translate(str.maketrans("", "", " -"))


def code_hash(typed: str) -> str:
    """O counts as 0, I and L as 1: people mistake them."""
    code = typed.upper().translate(_HEARD)
    return hashlib.sha256(b"waymark-enrolment/1\n" + code.encode()).hexdigest()


def code_usable(code: EnrolmentCode, *, now: datetime) -> bool:
    return code.used_at is None and stamp(now) < code.expires_at


def proof_good(request: EnrolRequest) -> bool:
    """Does whoever enrols hold the key that they name, and are both keys points of the curve?"""
    try:
        point(request.seal_key)
    except ValueError:
        return False
    text = LABEL_ENROL + plain_code(request.code).encode() + request.seal_key
    return signature_valid(request.sign_key, text, request.sig)


def order_of(revoked: Revoked, ring: KeyRing) -> Revocation:
    """What the device is told, signed."""
    at = milliseconds(datetime.fromisoformat(revoked.at))
    return ring.sign_revocation(device_id=revoked.device_id, scope=revoked.scope, nonce=revoked.nonce, at=at)


def word_of(device_id: str, ring: KeyRing, *, at: int) -> InService:
    """That it is in service, signed: without it, it locks itself after a time. at: milliseconds."""
    blank = InService(device_id=device_id, at=at, kid="", sig=bytes(64))
    kid, sig = ring.sign(in_service_text(blank))
    return replace(blank, kid=kid, sig=sig)
