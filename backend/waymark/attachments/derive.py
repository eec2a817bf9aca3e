"""Makes what may be looked at, from bytes that nobody trusts: a picture, or words. A program: `python -I -m`.

Reads a file from standard input; writes one line, then what it made, to standard output. Before the first
byte is read this process has given up opening anything: no file, no socket, no pipe; and has no way to look
into or end another process. It has little memory and little time, and nothing of the old file but its colours
reaches the new one. A sound or a film is named and passed by: nothing here could take out what it hides.
"""

import resource
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from typing import IO, Final, NoReturn
from zipfile import BadZipFile, ZipFile

import pillow_heif
from PIL import Image, ImageOps, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from waymark.attachments.kinds import HEAD_BYTES, PICTURES, TEXT, Unsafe, document_in, kind_of, text_in
from waymark.kernel.confined import confine
from waymark.kernel.memory import keep_to_itself

MEMORY_BYTES: Final = 512 * 1_048_576
CPU_S: Final = 10
PIXELS_MAX: Final = 40_000_000
"""More than most phones' photos have. Decoded, that is 120 MB."""
SIDE_MAX: Final = 1_600
QUALITY: Final = 82
FILE_BYTES_MAX: Final = 52_428_800
READ_BYTES: Final = 262_144
TEXT_BYTES_MAX: Final = 262_144
"""Of words that are shown. The original holds the rest."""
LOADED: Final = (MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Pillow loads these when it first meets such a file; by then nothing can be loaded any more."""


class Refused(Exception):
    """`args[0]` is one of `records.Reason`."""


def main() -> None:
    limit_resources()
    get_ready()
    give_up_opening()
    confine()
    try:
        word, made = look(sys.stdin.buffer)
    except Refused as refused:
        end(str(refused).encode())
    except MemoryError:
        end(b"too_costly")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        end(b"too_many_pixels")
    except Exception:  # noqa: BLE001 - whatever a decoder says of a stranger's bytes, they are at fault
        end(b"damaged")
    end(word, made)


def look(file: IO[bytes]) -> tuple[bytes, bytes]:
    """What was made, and it. Reads to the end: whoever writes has then seen every byte proven."""
    head = file.read(HEAD_BYTES)
    kind = kind_of(head)
    if kind is not None and kind not in PICTURES:
        while file.read(READ_BYTES):
            pass
        return f"original_only {kind}".encode(), b""
    plain = head + file.read(FILE_BYTES_MAX + 1 - len(head))
    if kind is not None:
        return b"made image/jpeg", derive(plain, kind)
    return _document(plain)


def _document(plain: bytes) -> tuple[bytes, bytes]:
    """Raises Refused, BadZipFile."""
    try:
        packed = document_in(plain)
    except Unsafe:
        raise Refused("unsafe") from None
    if packed is not None:
        return f"original_only {packed}".encode(), b""
    text = text_in(plain)
    if text is None:
        raise Refused("kind_not_shown")
    shown = text.encode()[:TEXT_BYTES_MAX].decode(errors="ignore")
    return f"made {TEXT}".encode(), shown.encode()


def limit_resources() -> None:
    """Raises OSError, ValueError: then nothing is read."""
    # A core would hold the photo in the clear.
    keep_to_itself()
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
    ):
        # Whoever started the service may have set less, and less than that cannot be raised.
        set_before = resource.getrlimit(limit)[1]
        lowest = most if set_before == resource.RLIM_INFINITY else min(most, set_before)
        resource.setrlimit(limit, (lowest, lowest))


def get_ready() -> None:
    """Everything that is loaded late is loaded now: by using each decoder once."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.preinit()
    for kind, name in PICTURES.items():
        if name == "HEIF":
            continue
        sample = BytesIO()
        Image.new("RGB", (8, 8)).save(sample, name)
        derive(sample.getvalue(), kind)
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("sample", "")
    with suppress(Refused, BadZipFile):
        _document(packed.getvalue())
    kind_of(b"")


def give_up_opening() -> None:
    """No descriptor may be had from now on, not even in the place of one that is closed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def derive(plain: bytes, kind: str) -> bytes:
    """A JPEG of at most SIDE_MAX a side, upright, with nothing but pixels. Raises Refused, and anything."""
    with Image.open(BytesIO(plain), formats=[PICTURES[kind]]) as source:
        if source.width * source.height > PIXELS_MAX:
            raise Refused("too_many_pixels")
        source.draft("RGB", (SIDE_MAX, SIDE_MAX))
        small = _without_palette(source)
        small.thumbnail((SIDE_MAX, SIDE_MAX))
        upright = ImageOps.exif_transpose(small)
    canvas = Image.new("RGB", upright.size, "white")
    canvas.paste(upright.convert("RGB"), mask=upright.getchannel("A") if "A" in upright.mode else None)
    made = BytesIO()
    canvas.save(made, "JPEG", quality=QUALITY, optimize=True)
    return made.getvalue()


def end(word: bytes, made: bytes = b"") -> NoReturn:
    sys.stdout.buffer.write(word + b"\n" + made)
    sys.stdout.buffer.flush()
    sys.exit(0)


def _without_palette(source: Image.Image) -> Image.Image:
    """In a mode that can be made smaller without guessing at colours between two of a palette."""
    if source.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in source.info:
        return source.convert("RGBA")
    source.load()
    return source if source.mode in ("RGB", "RGBA", "L") else source.convert("RGB")


if __name__ == "__main__":
    main()
