"""Files that somebody sends to hurt whoever opens them, each small. Their names say what they would do."""

import io
import struct
import zlib
from itertools import pairwise
from typing import Final
from zipfile import ZipFile

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from support.files import a_photo, noise
from support.kinds import MPEG_FRAME, PDF, a_sound, boxed, docx, odt, ogg, packed, webm

RAN: Final = "canaryran7thorn"
"""The title of a page on which a script of an attacker has run."""
SCRIPT: Final = f"document.title='{RAN}';fetch('/{RAN}');new Image().src='/{RAN}'".encode()
PAGE: Final = b"<!doctype html><html><body><script>" + SCRIPT + b"</script></body></html>"
SVG: Final = b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"" + SCRIPT + b'"/>'
HIDDEN: Final = "canaryhidden4moss"
"""Stands where a photo hides what its owner does not see."""


def corpus() -> dict[str, bytes]:
    return {**_pages(), **_pictures(), **_papers(), **_programs(), **_sounds()}


def _pages() -> dict[str, bytes]:
    return {
        "a page": PAGE,
        "a page after spaces": b"\r\n\t  " + PAGE,
        "a page after a mark of order": b"\xef\xbb\xbf" + PAGE,
        "a page in UTF-16": b"\xff\xfe" + PAGE.decode().encode("utf-16-le"),
        "a page after a comment": b"<!-- " + b"x" * 5_000 + b" -->" + PAGE,
        "a page that says it is XML": b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>"
        + PAGE,
        "a page in an e-mail": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + PAGE,
        "a page without an opening": b"hello <script>" + SCRIPT + b"</script>",
        "a page behind words": b"They came at ten.\n" * 400 + PAGE,
        "a page behind a NUL": b"\x00" + PAGE,
        "a drawing": SVG,
        "a drawing after a declaration": b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x 'y'>]>" + SVG,
        "a drawing with a page inside": SVG[:-2] + b"><foreignObject>" + PAGE + b"</foreignObject></svg>",
        "a packed drawing": zlib.compress(SVG, wbits=31),
        "a style": b"@import '/" + RAN.encode() + b"'; body{background:url(/" + RAN.encode() + b")}",
        "a script": SCRIPT,
        "outside entities": b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
        "a thousand million laughs": b"<!DOCTYPE l [<!ENTITY a 'ha'>" + _laughs() + b"]><l>&z;</l>",
    }


def _laughs() -> bytes:
    names = "abcdefghij"
    lines = (f"<!ENTITY {after} '{f'&{before};' * 10}'>" for before, after in pairwise(names))
    return "".join(lines).encode()


def _pictures() -> dict[str, bytes]:
    text = PngInfo()
    text.add_text("Comment", HIDDEN)
    text.add_itxt("XML:com.adobe.xmp", f"<x>{HIDDEN}</x>")
    png = io.BytesIO()
    Image.new("RGB", (40, 40)).save(png, "PNG", pnginfo=text)
    photo = a_photo(64, 48)
    gif = io.BytesIO()
    frames = [Image.new("P", (20, 20), n) for n in range(40)]
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    return {
        "a photo with a page behind": photo + PAGE,
        "a photo with a page in its comment": a_photo(64, 48, comment=PAGE),
        "a photo with a ZIP behind": photo + packed({"a.html": PAGE}),
        "a photo with its place": a_photo(64, 48, exif=_exif()),
        "a photo with a profile": a_photo(64, 48, icc_profile=HIDDEN.encode() * 20),
        "a drawing of points with hidden words": png.getvalue(),
        "half a photo": photo[: len(photo) // 2],
        "a photo of 65500 by 65500": _claims(photo),
        "points without end": _png_of(2**31 - 1, 2**31 - 1),
        "points of no width": _png_of(0, 10),
        "a page that begins like a GIF": b"GIF89a/*" + PAGE,
        "a film of forty pictures": gif.getvalue(),
        "noise behind a photo's first bytes": b"\xff\xd8\xff\xe0" + noise(60_000),
        "noise behind a HEIC's first bytes": b"\x00\x00\x00\x18ftypheic" + noise(60_000),
        "an icon": b"\x00\x00\x01\x00\x01\x00" + noise(600),
        "a TIFF": b"II*\x00" + noise(600),
        "a bitmap": b"BM" + noise(600),
        "a PostScript picture": b"%!PS-Adobe-3.0 EPSF-3.0\n(canary) run\n",
    }


def _exif() -> bytes:
    made = Image.Exif()
    made[0x010F] = HIDDEN
    made[0x8825] = {1: "N", 2: (51.0, 30.0, 26.0), 3: "W", 4: (0.0, 7.0, 39.0)}
    return made.tobytes()


def _claims(photo: bytes) -> bytes:
    jpeg = bytearray(photo)
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    return bytes(jpeg)


def _png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, inside: bytes) -> bytes:
        return struct.pack(">I", len(inside)) + kind + inside + struct.pack(">I", zlib.crc32(kind + inside))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def _papers() -> dict[str, bytes]:
    runs = b"/OpenAction<</S/JavaScript/JS(app.launchURL('/" + RAN.encode() + b"'))>>"
    return {
        "a PDF that runs": PDF.replace(b"/Type/Catalog", b"/Type/Catalog" + runs),
        "a PDF that starts a program": PDF.replace(
            b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/Launch/F(cmd)>>"
        ),
        "a PDF with a page before it": PAGE + PDF,
        "a PDF with a page behind it": PDF + PAGE,
        "a PDF that is a ZIP, too": PDF + packed({"a.exe": b"MZ"}),
        "a letter with programs": docx(word__vbaProject__bin=b"x"),
        "a letter that fetches": docx(word___rels__settings__xml=b"<R Target='http://127.0.0.1/x.dotm'/>"),
        "an OpenDocument with programs": odt(**{"Basic/script-lc.xml": b"x"}),
        "a sheet with programs": packed({"[Content_Types].xml": b"", "xl/vbaProject.bin": b"x"}),
        "a sheet of formulas": b"=cmd|'/c calc'!A1,+1,-1,@SUM(1)\n=HYPERLINK(\"http://127.0.0.1\")\n",
        "rich text with an object": b"{\\rtf1{\\object\\objdata 01}}",
        "a ZIP whose names climb": _climbs(),
        "a ZIP in a ZIP": packed({"a.zip": packed({"b.zip": packed({"c": bytes(100_000)})})}),
        "words that turn around": "invoice \u202egpj.exe \u2066hidden\u2069".encode(),
        "words that write a head": b"a\r\nContent-Type: text/html\r\n\r\n" + PAGE[:0] + b"<b>x</b>",
        "words that paint a terminal": b"hello \x1b]0;" + RAN.encode() + b"\x07 \x1b[2J",
    }


def _climbs() -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr("../../../../tmp/canaryclimbs", b"x")
    return made.getvalue()


def _programs() -> dict[str, bytes]:
    return {
        "a program": b"MZ\x90\x00" + noise(2_000),
        "a program of another system": b"\x7fELF" + noise(2_000),
        "a program of a third": b"\xcf\xfa\xed\xfe" + noise(2_000),
        "a script for a shell": b"#!/bin/sh\ntouch /tmp/canaryshell\n",
        "a link of a desktop": b"[InternetShortcut]\nURL=file:///etc/passwd\n",
        "an application of pages": b"<hta:application/><script>" + SCRIPT + b"</script>",
        "a WebAssembly": b"\x00asm\x01\x00\x00\x00",
        "what every scanner knows": b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$"
        + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
        "nothing at all": b"\x00",
    }


def _sounds() -> dict[str, bytes]:
    tagged = b"ID3\x04\x00\x00\x00\x00\x00\x10" + PAGE[:16]
    return {
        "a sound with a page behind": a_sound(0.1) + PAGE,
        "a sound with a page in its tags": tagged + MPEG_FRAME * 20,
        "a film with a page behind": boxed(b"isom") + PAGE,
        "a recorded film with a page behind": webm(b"V_VP9", b"A_OPUS") + PAGE,
        "a stream with a page behind": ogg(b"OpusHead") + PAGE,
    }
