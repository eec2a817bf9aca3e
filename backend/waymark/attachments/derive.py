"""Makes a picture that may be looked at, from bytes that nobody trusts. A program: `python -I -m`.

Reads a file from standard input; writes one word, then the new picture, to standard output. Before the first
byte is read this process has given up opening anything: no file, no socket, no pipe; and has no way to look
into or end another process. It has little memory and little time, and nothing of the old file but its colours
reaches the new one.
"""

import resource
import sys
import warnings
from io import BytesIO
from typing import Final, NoReturn

import pillow_heif
import puremagic
from PIL import Image, ImageOps, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from waymark.attachments.confined import confine

MEMORY_BYTES: Final = 512 * 1_048_576
CPU_S: Final = 10
PIXELS_MAX: Final = 40_000_000
"""More than most phones' photos have. Decoded, that is 120 MB."""
SIDE_MAX: Final = 1_600
QUALITY: Final = 82
FILE_BYTES_MAX: Final = 26_214_400
HEAD_BYTES: Final = 2_048
"""What a kind is told by. What comes after it is the decoder's business alone."""

KINDS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
HEIF_BRANDS: Final = (b"ftypmif1", b"ftypheic", b"ftypheix")
"""Some phones name the container first, which the list of magic numbers does not know."""
LOADED: Final = (MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Pillow loads these when it first meets such a file; by then nothing can be loaded any more."""


class Refused(Exception):
    """`args[0]` is one of `records.Reason`."""


def main() -> None:
    limit_resources()
    get_ready()
    give_up_opening()
    confine()
    plain = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
    try:
        made = derive(plain)
    except Refused as refused:
        end(str(refused).encode())
    except MemoryError:
        end(b"too_costly")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        end(b"too_many_pixels")
    except Exception:  # noqa: BLE001 - whatever a decoder says of a stranger's bytes, they are at fault
        end(b"damaged")
    end(b"made", made)


def limit_resources() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # A core would hold the photo in the clear. 1 also keeps it from a program that collects cores.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def get_ready() -> None:
    """Everything that is loaded late is loaded now: by using each decoder once."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.preinit()
    for kind in sorted(set(KINDS.values()) - {"HEIF"}):
        sample = BytesIO()
        Image.new("RGB", (8, 8)).save(sample, kind)
        derive(sample.getvalue())


def give_up_opening() -> None:
    """No descriptor may be had from now on, not even in the place of one that is closed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def derive(plain: bytes) -> bytes:
    """A JPEG of at most SIDE_MAX a side, upright, with nothing but pixels. Raises Refused, and anything."""
    with Image.open(BytesIO(plain), formats=[kind_of(plain)]) as source:
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


def kind_of(plain: bytes) -> str:
    """By its first bytes, whatever it was called. Raises Refused."""
    head = plain[:HEAD_BYTES]
    if head[4:12] in HEIF_BRANDS:
        return "HEIF"
    try:
        found = [match.mime_type for match in puremagic.magic_string(head)]
    except (puremagic.PureError, ValueError):
        found = []
    for kind in found:
        if kind in KINDS:
            return KINDS[kind]
    raise Refused("kind_not_shown")


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
