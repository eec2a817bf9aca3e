"""Tablets with full queues, made beforehand, that all begin to send at once: the load of `bench monday`."""

import asyncio
import os
import secrets
import time
from typing import Final
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from msgspec import Struct

from waymark.cli.load import LATER, answered, waits_s
from waymark_sync.codec import to_base64url
from waymark_sync.protocol import (
    ITEMS_MAX,
    PULL_LIMIT_MAX,
    Envelope,
    Header,
    PushRequest,
    PushResponse,
    QueueState,
    ServiceKey,
    pull_text,
)
from waymark_sync.report import SCHEMA_VERSION, Answers, Capture, LimitsAcknowledged, ReportBody, When
from waymark_sync.seal import new_key, raw_public, seal_item, sign

CORES_OF_OTHERS: Final = 2
AGAIN_S: Final = 1.0
GIVE_UP_S: Final = 180.0
AT: Final = "2026-11-20T09:00:00.000Z"
NARRATIVE: Final = "An invented report, for measuring alone. " * 20


class Tablet(Struct, frozen=True, kw_only=True):
    """Its requests are ready to be sent."""

    device_id: str
    sign_key: bytes
    """PKCS8."""
    sign_public: bytes
    seal_public: bytes
    item_ids: tuple[tuple[str, ...], ...]
    pushes: tuple[bytes, ...]


class Seen(Struct, frozen=True, kw_only=True):
    """What some tablets saw."""

    acknowledged: list[str]
    answers_s: list[float]
    stored_s: list[float]
    asked_to_wait: int
    drained_s: float


def made(service_key: ServiceKey, reports: int, batch: int = ITEMS_MAX) -> Tablet:
    """One that has sealed so many reports, and sends `batch` of them in a push."""
    device_id, epoch, key, seal_key = str(uuid4()), secrets.token_hex(8), new_key(), new_key()
    sealed: list[tuple[str, Envelope]] = []
    for seq in range(1, reports + 1):
        header = Header(
            kid=service_key.kid,
            device_id=device_id,
            epoch=epoch,
            seq=seq,
            item_id=str(uuid4()),
            schema_v=SCHEMA_VERSION,
        )
        body = msgspec.json.encode(report_body(header.item_id))
        envelope = seal_item(header, body, service_key=service_key.public, device_key=key)
        sealed.append((header.item_id, envelope))
    chunks = [sealed[n : n + batch] for n in range(0, reports, batch)]
    queue = QueueState(epoch=epoch, max_seq=reports, queued=reports, oldest_age_s=3 * 86_400)
    return Tablet(
        device_id=device_id,
        sign_key=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        sign_public=raw_public(key),
        seal_public=raw_public(seal_key),
        item_ids=tuple(tuple(item_id for item_id, _ in chunk) for chunk in chunks),
        pushes=tuple(
            msgspec.msgpack.encode(
                PushRequest(device_id=device_id, queue=queue, items=tuple(envelope for _, envelope in chunk))
            )
            for chunk in chunks
        ),
    )


def report_body(item_id: str) -> ReportBody:
    return ReportBody(
        item_id=item_id,
        form_version="1",
        policy_version="demo-2026-11",
        app_build="bench",
        capture=Capture(channel="centre_tablet"),
        centre_id="demo-harbour-library",
        ui_language="en",
        started_at=AT,
        completed_at=AT,
        answers=Answers(
            confidentiality_limits_ack=LimitsAcknowledged(at=AT, text_version="1"),
            reporter_role="victim",
            narrative_original=NARRATIVE,
            when=When(precision="day", start="2026-11-20"),
            sharing_choice="P1",
        ),
    )


def drain(port: int, tablets: list[Tablet]) -> Seen:
    """All at once, until everything has been acknowledged and each feed has been read."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[CORES_OF_OTHERS:] or cores)
    return asyncio.run(_drain(port, tablets))


async def _drain(port: int, tablets: list[Tablet]) -> Seen:
    began = time.perf_counter()
    sending = [_Sending(port, tablet) for tablet in tablets]
    await asyncio.gather(*(one.run() for one in sending))
    return Seen(
        acknowledged=[item_id for one in sending for item_id in one.acknowledged],
        answers_s=[answer for one in sending for answer in one.answers_s],
        stored_s=[answer for one in sending for answer in one.stored_s],
        asked_to_wait=sum(one.asked_to_wait for one in sending),
        drained_s=max(one.drained_at for one in sending) - began,
    )


class _Sending:
    """One tablet."""

    def __init__(self, port: int, tablet: Tablet) -> None:
        self._port, self._tablet = port, tablet
        self._until = time.perf_counter() + GIVE_UP_S
        self._challenge = ""
        self.acknowledged: list[str] = []
        self.answers_s: list[float] = []
        self.stored_s: list[float] = []
        self.asked_to_wait = 0
        self.drained_at = 0.0

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            for item_ids, body in zip(self._tablet.item_ids, self._tablet.pushes, strict=True):
                await self._push(reader, writer, item_ids, body)
            self.drained_at = time.perf_counter()
            await self._ask(reader, writer, self._pull())
        finally:
            writer.close()

    async def _push(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        item_ids: tuple[str, ...],
        body: bytes,
    ) -> None:
        head = f"Content-Type: application/msgpack\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        request = self._head("POST", "/sync/v1/push") + head + body
        while time.perf_counter() < self._until:
            status, headers, answer = await self._ask(reader, writer, request)
            if status == 200:
                self.stored_s.append(self.answers_s[-1])
                told = msgspec.msgpack.decode(answer, type=PushResponse)
                self._challenge = told.challenge
                stored = {result.item_id for result in told.results if result.leaf is not None}
                self.acknowledged += [item_id for item_id in item_ids if item_id in stored]
                if told.backoff_s:
                    await asyncio.sleep(told.backoff_s)
                return
            self.asked_to_wait += status in LATER
            await asyncio.sleep(waits_s(headers) if status in LATER else AGAIN_S)

    def _pull(self) -> bytes:
        key = load_der_private_key(self._tablet.sign_key, password=None)
        text = pull_text(
            device_id=self._tablet.device_id, challenge=self._challenge, cursor="", limit=PULL_LIMIT_MAX
        )
        signature = to_base64url(sign(key, text))  # type: ignore[arg-type]
        return (
            self._head("GET", f"/sync/v1/pull?cursor=&limit={PULL_LIMIT_MAX}")
            + (
                f"Waymark-Device: {self._tablet.device_id}\r\nWaymark-Challenge: {self._challenge}\r\n"
                f"Waymark-Signature: {signature}\r\n\r\n"
            ).encode()
        )

    def _head(self, method: str, path: str) -> bytes:
        return f"{method} {path} HTTP/1.1\r\nHost: localhost:{self._port}\r\n".encode()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        started = time.perf_counter()
        writer.write(request)
        answer = await answered(reader)
        self.answers_s.append(time.perf_counter() - started)
        return answer
