"""Small honest files of each kind, and files that pretend: written here, byte by byte."""

import io
import math
import struct
import wave
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

MPEG_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
"""Layer III, 128 kbit/s, 44.1 kHz: 417 bytes."""
ODT = b"application/vnd.oasis.opendocument.text"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def a_sound(seconds: float = 0.5, hertz: int = 8_000) -> bytes:
    """A tone, as WAV."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(hertz)
        tone = (int(9_000 * math.sin(2 * math.pi * 440 * at / hertz)) for at in range(int(seconds * hertz)))
        sound.writeframes(b"".join(struct.pack("<h", each) for each in tone))
    return made.getvalue()


def boxed(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"isommp42" + bytes(200)


def ogg(codec: bytes) -> bytes:
    return b"OggS" + bytes(24) + codec + bytes(60)


def webm(*codecs: bytes) -> bytes:
    return b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(40) + b"".join(codecs) + bytes(200)


def packed(entries: dict[str, bytes], *, first: bytes | None = None, compress: int = ZIP_DEFLATED) -> bytes:
    """A ZIP; `first` is the stored `mimetype` of an OpenDocument."""
    made = io.BytesIO()
    with ZipFile(made, "w", compress) as archive:
        if first is not None:
            archive.writestr("mimetype", first, compress_type=ZIP_STORED)
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def docx(**more: bytes) -> bytes:
    inside = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
    return packed(inside | {name.replace("__", "/"): content for name, content in more.items()})


def odt(**more: bytes) -> bytes:
    return packed({"content.xml": b"<office/>"} | more, first=ODT)


def a_bomb() -> bytes:
    """A letter of 300 kB that says it unpacks to 300 MB, and does."""
    return docx(**{"word__media__a.xml": bytes(300_000_000)})
