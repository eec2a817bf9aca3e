"""What one device's pull and one desk's list cost, beside a thousand, a hundred thousand, a million reports.

One connection, one request after another, over loopback; the feed of twenty messages is read from its start
each time, and the list is the first page of a police force's, without a filter. The same database grows.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from waymark.cli.bench_fill import AT_ONCE, analyse, fill, make_readable
from waymark.cli.bench_server import Bench, BenchFailed, Running, bench_folder, databases, load_of_machine
from waymark.cli.demo_people import PASSWORD, people
from waymark.identity import actions as identity
from waymark.identity.passwords import hash_password
from waymark.intake.actions import ensure_lineage
from waymark.kernel.clock import now, stamp
from waymark.kernel.db import Connection, Engine, open_database
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.mailbox import actions as mailbox
from waymark.mailbox.records import Feed
from waymark.mailbox.rules import seal_message
from waymark_sync.codec import to_base64url
from waymark_sync.messages import AttentionBody
from waymark_sync.policy import load_pack
from waymark_sync.protocol import PULL_LIMIT_MAX, pull_text
from waymark_sync.seal import new_key, raw_public, sign

SIZES: Final = (1_000, 100_000, 1_000_000)
MESSAGES: Final = 20
PULLS: Final = 500
LISTS: Final = 200
DESK: Final = "northshire"


class Row(Struct, frozen=True, kw_only=True):
    engine: Engine
    stored: int
    p50_ms: float
    p99_ms: float
    list_p50_ms: float
    list_p95_ms: float
    rss_mb: float
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


class _Reader:
    """A device with a feed."""

    def __init__(self) -> None:
        self.id, self.key, self._seal_key = str(uuid4()), new_key(), new_key()

    @property
    def feed(self) -> Feed:
        return Feed(
            feed_id=self.id,
            kind="visitor",
            sign_key=raw_public(self.key),
            seal_key=raw_public(self._seal_key),
        )


def bench_pull(*, engines: Sequence[Engine], sizes: Sequence[int]) -> Results:
    """Raises BenchFailed."""
    rows = []
    with bench_folder() as bench:
        for engine in engines:
            with databases(engine, bench.folder / engine) as made:
                rows += _grown(bench, engine, made.made("grown"), sizes)
    return Results(results=rows)


def _grown(bench: Bench, engine: Engine, url: str, sizes: Sequence[int]) -> list[Row]:
    reader, rows, before = _Reader(), [], 0
    asyncio.run(_prepare(url, reader, bench.ring))
    for stored in sizes:
        asyncio.run(_fill(url, before + 1, stored, bench.vault))
        before, busy = stored, load_of_machine()
        data = Path(url.removeprefix("sqlite:///")).parent if engine == "sqlite" else bench.folder / "data"
        with bench.server(data, url) as running:
            pulls = _pulls(running, reader.id, reader.key)
            lists = _lists(running)
            memory = running.peak_mb
        rows.append(
            Row(
                engine=engine,
                stored=stored,
                p50_ms=_quantile(pulls, 50),
                p99_ms=_quantile(pulls, 99),
                list_p50_ms=_quantile(lists, 50),
                list_p95_ms=_quantile(lists, 95),
                rss_mb=memory,
                load_before=busy,
            )
        )
    return rows


def _quantile(seconds: list[float], percent: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[percent - 1] * 1000, 2)


async def _prepare(url: str, reader: _Reader, ring: KeyRing) -> None:
    database = await open_database(url)
    await database.write(_begin, reader, ring)
    await database.close()


def _begin(db: Connection, reader: _Reader, ring: KeyRing) -> None:
    ensure_lineage(db, now=now())
    identity.seed_demo(db, load_pack(), people(hash_password(PASSWORD)), now=now())
    mailbox.open_feed(db, reader.feed)
    for _ in range(MESSAGES):
        body = AttentionBody(item_id=str(uuid4()), at=stamp(now()), reason="quarantined")
        message = seal_message(reader.feed, kind="needs_attention", body=body)
        mailbox.post(db, message, keys=ring, now=now())


async def _fill(url: str, first: int, last: int, vault: Vault) -> None:
    database = await open_database(url)
    for start in range(first, last + 1, AT_ONCE):
        await database.write(fill, start, min(start + AT_ONCE - 1, last))
    await database.write(make_readable, vault)
    await database.write(analyse)
    await database.close()


def _pulls(running: Running, device_id: str, key: ec.EllipticCurvePrivateKey) -> list[float]:
    took_s: list[float] = []
    with httpx.Client(base_url=f"http://localhost:{running.port}", trust_env=False, timeout=30) as http:
        challenge = http.get("/sync/v1/pull").headers["waymark-challenge"]
        for _ in range(PULLS):
            text = pull_text(device_id=device_id, challenge=challenge, cursor="", limit=PULL_LIMIT_MAX)
            headers = {
                "waymark-device": device_id,
                "waymark-challenge": challenge,
                "waymark-signature": to_base64url(sign(key, text)),
            }
            began = time.perf_counter()
            answer = http.get(f"/sync/v1/pull?cursor=&limit={PULL_LIMIT_MAX}", headers=headers)
            took_s.append(time.perf_counter() - began)
            page = answer.json()
            if answer.status_code != 200 or len(page["messages"]) != MESSAGES:
                raise BenchFailed(f"a pull was answered {answer.status_code}")
            challenge = page["challenge"]
    return took_s


def _lists(running: Running) -> list[float]:
    took_s: list[float] = []
    origin = f"http://localhost:{running.port}"
    with httpx.Client(base_url=origin, headers=entered(origin), trust_env=False, timeout=60) as desk:
        for _ in range(LISTS):
            began = time.perf_counter()
            answer = desk.get("/desk/api/reports")
            took_s.append(time.perf_counter() - began)
            if answer.status_code != 200 or not answer.json()["reports"]:
                raise BenchFailed(f"the list was answered {answer.status_code}")
    return took_s


def entered(origin: str) -> dict[str, str]:
    """What the browser of somebody sends who has logged in."""
    headers = {"Origin": origin, "Waymark-Request": "1"}
    login = {"username": DESK, "password": PASSWORD}
    answer = httpx.post(
        f"{origin}/desk/api/session", json=login, headers=headers, trust_env=False, timeout=60
    )
    answer.raise_for_status()
    return {**headers, "Cookie": answer.headers["set-cookie"].partition(";")[0]}
