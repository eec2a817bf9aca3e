"""What a file is, by its bytes alone: names and declared types are only what somebody has called it.

What is not on these lists is kept sealed and handed to nobody. Used by `derive`, in its own process.
"""

from io import BytesIO
from struct import unpack_from
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import puremagic

HEAD_BYTES: Final = 4_096
"""What a kind is told by. What comes after it is the decoder's business alone."""

PICTURES: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
"""With what Pillow calls each."""
TEXT: Final = "text/plain"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT: Final = "application/vnd.oasis.opendocument.text"
ENDINGS: Final = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "application/pdf": "pdf",
    TEXT: "txt",
    DOCX: "docx",
    ODT: "odt",
}
"""Of each kind whose original may be handed out, how a downloaded file's name ends."""

UNPACKED_BYTES_MAX: Final = 268_435_456
ENTRIES_MAX: Final = 5_000

_HEIF_BRANDS: Final = (b"mif1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"msf1")
_AUDIO_BRANDS: Final = (b"M4A ", b"M4B ")
_VIDEO_BRANDS: Final = (b"iso", b"mp4", b"avc1", b"dash", b"MSNV", b"M4V", b"3gp", b"3g2", b"f4v")
_WEBM_VIDEO: Final = (b"V_VP8", b"V_VP9", b"V_AV1")
_MARKUP: Final = ("<", "#!", "%!", "{\\rtf")
"""A browser, a shell or an office program takes this for its own, whatever it is called."""
_LINE_CONTROLS: Final = frozenset("\t\n\r\f")


class Unsafe(Exception):
    """A document that holds programs, or unpacks to more than a letter ever is."""


def kind_of(head: bytes) -> str | None:
    """Of a picture, a sound, a film or a PDF. None: a document or text perhaps, perhaps nothing known."""
    head = head[:HEAD_BYTES]
    own = _boxed(head) or _sounding(head)
    if own is not None:
        return own
    if head.startswith(b"%PDF-1.") or head.startswith(b"%PDF-2."):
        return "application/pdf"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _webm(head)
    try:
        found = [match.mime_type for match in puremagic.magic_string(head)]
    except (puremagic.PureError, ValueError):
        found = []
    return next((kind for kind in found if kind in PICTURES), None)


def document_in(plain: bytes) -> str | None:
    """A letter of an office program, by its table of contents: nothing is unpacked.

    Raises Unsafe, BadZipFile.
    """
    if not plain.startswith(b"PK\x03\x04"):
        return None
    with ZipFile(BytesIO(plain)) as packed:
        entries = packed.infolist()
    if not entries or min(entry.header_offset for entry in entries) != 0:
        return None
    _harmless(entries)
    names = {entry.filename for entry in entries}
    if {"[Content_Types].xml", "word/document.xml"} <= names:
        return DOCX
    return ODT if _says_odt(plain, entries[0]) else None


def text_in(plain: bytes) -> str | None:
    """Words and nothing else: no markup, no control characters."""
    try:
        text = plain.decode("utf-16" if plain[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not text.strip() or text.lstrip().startswith(_MARKUP):
        return None
    if any((sign < " " and sign not in _LINE_CONTROLS) or sign == "\x7f" for sign in text):
        return None
    return text


def _boxed(head: bytes) -> str | None:
    """MP4, QuickTime and HEIF begin with the name of their brand."""
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand in _HEIF_BRANDS:
        return "image/heic"
    if brand == b"qt  ":
        return "video/quicktime"
    if brand in _AUDIO_BRANDS:
        return "audio/mp4"
    return "video/mp4" if brand.startswith(_VIDEO_BRANDS) else None


def _sounding(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[:4] == b"OggS":
        return "audio/ogg" if b"OpusHead" in head[:64] or b"\x01vorbis" in head[:64] else None
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    if head.startswith(b"ID3") and len(head) > 10 and head[3] in (2, 3, 4):
        return "audio/mpeg"
    if len(head) >= 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 0xF < 13:
        return "audio/aac"
    return "audio/mpeg" if _two_frames(head) else None


def _two_frames(head: bytes) -> bool:
    """MPEG layer III: one frame's two bytes may be chance, a second where the first one ends is not."""
    length = _frame_bytes(head, 0)
    return length > 0 and (_frame_bytes(head, length) > 0)


def _frame_bytes(head: bytes, at: int) -> int:
    """0 where no frame begins."""
    if len(head) < at + 4:
        return 0
    word = int.from_bytes(head[at : at + 4], "big")
    version, layer, rate, frequency = word >> 19 & 3, word >> 17 & 3, word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or version == 1 or layer != 1 or rate in (0, 15) or frequency == 3:
        return 0
    first = version == 3
    kilobits = (
        (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
        if first
        else (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    )[rate]
    hertz = (44_100, 48_000, 32_000)[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if first else 72) * kilobits * 1_000 // hertz + (word >> 9 & 1)


def _webm(head: bytes) -> str | None:
    if b"\x42\x82\x84webm" not in head[:80]:
        return None
    if any(codec in head for codec in _WEBM_VIDEO):
        return "video/webm"
    return "audio/webm" if b"A_OPUS" in head or b"A_VORBIS" in head else None


def _harmless(entries: list[ZipInfo]) -> None:
    """Raises Unsafe. By what the table says: whoever lies in it makes a file that does not unpack."""
    names = [entry.filename.lower() for entry in entries]
    holds_programs = any("vbaproject" in name or name.startswith("basic/") for name in names)
    too_much = sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX or len(entries) > ENTRIES_MAX
    if holds_programs or too_much or len(set(names)) != len(names):
        raise Unsafe


def _says_odt(plain: bytes, first: ZipInfo) -> bool:
    if first.filename != "mimetype" or first.compress_type != ZIP_STORED or first.header_offset != 0:
        return False
    (names, extra) = unpack_from("<HH", plain, 26)
    at = 30 + names + extra
    return plain[at : at + first.file_size] == ODT.encode()
