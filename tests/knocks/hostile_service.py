"""Push services that misbehave, on loopback: they drip, never stop, send bombs. And one with TLS."""

import asyncio
import datetime
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpcore
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from msgspec import Struct

from waymark.kernel import clock
from waymark_sync.seal import new_key

BOMB = zlib.compress(b"\0" * 20_000_000, wbits=31)

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Running(Struct):
    """A service, and what it saw."""

    port: int = 0
    requests: int = 0
    sent: int = 0
    server_names: list[str] = []

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"


@asynccontextmanager
async def running(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Running]:
    seen = Running()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            seen.requests += 1
            await answer(_Counting(writer, seen))
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: seen.server_names.append(name or "")
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        await server.wait_closed()


class _Counting(asyncio.StreamWriter):
    def __init__(self, writer: asyncio.StreamWriter, seen: Running) -> None:
        self._inner, self._seen = writer, seen

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._inner.write(data)
        self._seen.sent += len(data)

    async def drain(self) -> None:
        await self._inner.drain()

    def __del__(self) -> None:
        pass


async def accept(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Always one byte more, so that no timeout between two bytes ever strikes."""
    for byte in b"HTTP/1.1 201 Created\r\nX-Slow: " + b"a" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100000000000\r\n\r\n")
    while True:
        writer.write(b"a" * 65_536)
        await writer.drain()


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\n")
    while True:
        writer.write(b"X-More: " + b"a" * 1_000 + b"\r\n")
        await writer.drain()


async def bomb(writer: asyncio.StreamWriter) -> None:
    """A thousand times as large once it is unpacked."""
    packed = BOMB
    writer.write(
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    )
    writer.write(packed)
    await writer.drain()


async def no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.org ESMTP\r\n")
    await writer.drain()


async def split_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 429 Slow\r\nRetry-After: 5\r\n\tX: 9\r\nRetry-After: 7\r\n\r\n")
    await writer.drain()


def certificate(name: str, folder: Path) -> ssl.SSLContext:
    """Of a server that calls itself `name`; `trusting` reads the same files."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(clock.now() - datetime.timedelta(days=1))
        .not_valid_after(clock.now() + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


class Edge(httpcore.AsyncNetworkBackend):
    """The network's edge: notes where a connection was to go, and leads it to `port` of this machine."""

    def __init__(self, port: int) -> None:
        self.connected: list[str] = []
        self._port = port
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, **options: object) -> httpcore.AsyncNetworkStream:
        self.connected.append(f"{host}:{port}")
        return await self._real.connect_tcp("127.0.0.1", self._port, **options)  # type: ignore[arg-type]

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


def transport(edge: Edge, trusted: Path | None) -> httpx.AsyncHTTPTransport:
    """The real one over another edge, so that TLS is really spoken."""
    context = ssl.create_default_context(cafile=trusted)
    made = httpx.AsyncHTTPTransport(verify=context)
    made._pool = httpcore.AsyncConnectionPool(ssl_context=context, network_backend=edge)
    return made
