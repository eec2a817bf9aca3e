"""What `derive` makes of honest photos, and of files that were made to hurt whoever opens them."""

import errno
import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from support.files import a_photo, noise
from waymark.attachments.decoding import Decoder, NoPicture, Stopped
from waymark.attachments.derive import SIDE_MAX

CANARIES = {
    "exif": b"canary-exif-camera-8812",
    "gps": b"canary-gps-51.5072",
    "xmp": b"canary-xmp-4401",
    "icc": b"canary-icc-7730",
    "comment": b"canary-comment-9925",
    "trailer": b"canary-trailer-1177",
}


def made_of(plain: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(Decoder().look([plain]).content))
    picture.load()
    return picture


def reason_of(plain: bytes) -> str:
    with pytest.raises(NoPicture) as none:
        Decoder().look([plain])
    return none.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_each_kind_becomes_a_jpeg(kind: str) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()

    picture = made_of(a_photo(kind=kind))

    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (640, 480))


@pytest.mark.parametrize(
    ("size", "shown"), [((4000, 3000), (1600, 1200)), ((1000, 5000), (320, 1600)), ((1, 1), (1, 1))]
)
def test_it_is_made_smaller_and_never_larger(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert made_of(a_photo(*size)).size == shown
    assert max(shown) <= SIDE_MAX


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_way_of_writing_colours_is_read(mode: str) -> None:
    made = io.BytesIO()
    kind = "TIFF" if mode == "CMYK" else "PNG"
    picture = (
        Image.new("I;16", (40, 30)) if mode == "I;16" else Image.new("RGB", (40, 30), "red").convert(mode)
    )
    picture.save(made, "JPEG" if mode == "CMYK" else kind)

    assert made_of(made.getvalue()).mode == "RGB"


def test_what_is_transparent_is_shown_on_white() -> None:
    made = io.BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(made, "PNG")

    assert made_of(made.getvalue()).getpixel((20, 15)) == (255, 255, 255)


def test_it_stands_upright() -> None:
    picture = Image.new("RGB", (400, 200), "blue")
    picture.paste("red", (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it: the red half is then on top
    made = io.BytesIO()
    picture.save(made, "JPEG", exif=exif, quality=95)

    shown = made_of(made.getvalue())

    assert shown.size == (200, 400)
    red, _, blue = shown.getpixel((100, 50))
    assert red > 200 > blue


def a_telling_photo() -> bytes:
    """A JPEG with everything in it that a phone or a program may add."""
    exif = Image.Exif()
    exif[0x0110] = CANARIES["exif"].decode()
    exif.get_ifd(0x8825)[29] = CANARIES["gps"].decode()
    made = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(
        made,
        "JPEG",
        exif=exif,
        comment=CANARIES["comment"],
        icc_profile=bytes(128) + CANARIES["icc"],
        xmp=b"<x:xmpmeta>" + CANARIES["xmp"] + b"</x:xmpmeta>",
    )
    return made.getvalue() + CANARIES["trailer"]


def test_nothing_of_the_old_file_but_its_colours_is_in_the_picture() -> None:
    plain = a_telling_photo()
    assert not [name for name, words in CANARIES.items() if words not in plain]

    made = Decoder().look([plain]).content

    assert not [name for name, words in CANARIES.items() if words in made]
    shown = Image.open(io.BytesIO(made))
    assert not shown.getexif()
    assert not {"comment", "icc_profile", "exif", "xmp"} & set(shown.info)


def test_a_zip_behind_a_photo_is_left_behind() -> None:
    zipped = io.BytesIO()
    with ZipFile(zipped, "w") as archive:
        archive.writestr("canary-in-zip.html", "<script>alert(1)</script>" * 10)

    made = Decoder().look([a_photo() + zipped.getvalue()]).content

    assert b"canary-in-zip" not in made
    assert b"PK\x03\x04" not in made


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"\x00\x00\x00\x20ftypavif" + bytes(100),
        b"II*\x00" + bytes(100),
        b"BM" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
    ],
    ids=lambda plain: repr(plain[:14]),
)
def test_other_kinds_are_kept_and_not_shown(plain: bytes) -> None:
    assert reason_of(plain) == "kind_not_shown"


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x10\x00\x00WEBPVP8 "]
)
def test_a_page_that_calls_itself_a_photo_is_damaged(start: bytes) -> None:
    assert reason_of(start + b"<html><script>alert(1)</script>" * 20) in ("damaged", "kind_not_shown")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_half_a_photo_is_damaged(kind: str) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    whole = a_photo(kind=kind)

    assert reason_of(whole[: len(whole) // 2]) == "damaged"


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *chunks: bytes, idat: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


def bombs() -> dict[str, bytes]:
    much = zlib.compress(bytes(200_000_000), 9)
    text = PngInfo()
    for number in range(200):
        text.add_text(f"k{number}", "x" * 900_000, zip=True)
    with_text = io.BytesIO()
    Image.new("RGB", (10, 10)).save(with_text, "PNG", pnginfo=text)
    flat = io.BytesIO()
    Image.new("L", (13_000, 13_000)).save(flat, "PNG")
    huge = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(huge, "PNG")
    jpeg = bytearray(a_photo(64, 64))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    return {
        "a flat square of 169 million points": flat.getvalue(),
        "a flat square of 900 million points": huge.getvalue(),
        "a header of four thousand million by as many": png(2**31 - 1, 2**31 - 1),
        "a header of no width": png(0, 10),
        "a profile that unpacks to 200 MB": png(10, 10, chunk(b"iCCP", b"p\0\0" + much), idat=much),
        "texts that unpack to 180 MB": with_text.getvalue(),
        "one text that unpacks to 200 MB": png(10, 10, chunk(b"zTXt", b"k\0\0" + much)),
        "points that unpack to 200 MB": png(6_000, 6_000, idat=much),
        "a photo that claims 65500 by 65500": bytes(jpeg),
        "noise behind a photo's first bytes": b"\xff\xd8\xff\xe0" + noise(5_000_000),
        "noise behind a HEIC's first bytes": b"\x00\x00\x00\x18ftypheic" + noise(1_000_000),
    }


BOMBS = bombs()


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_was_made_to_hurt_costs_little(name: str) -> None:
    """Shown or not, the answer is an answer; and whoever opened it had 512 MB and ten seconds."""
    began = time.monotonic()
    try:
        made: bytes | str = Decoder().look([BOMBS[name]]).content
    except NoPicture as none:
        made = none.reason

    assert isinstance(made, bytes) or made in ("damaged", "too_many_pixels", "too_costly")
    assert time.monotonic() - began < 30


SANDBOX = """
import ctypes, os, signal, socket, sys, threading
from waymark.attachments import derive
derive.CPU_S = 1
derive.limit_resources()
derive.get_ready()
{give_up}
sys.stdin.buffer.read()
try:
    {tried}
except (OSError, MemoryError) as error:
    print(type(error).__name__, getattr(error, "errno", None))
else:
    print("done")
"""
GIVE_UP = "derive.give_up_opening()"


def intruder(folder: Path, tried: str, *, give_up: str = GIVE_UP) -> tuple[str, ...]:
    """A command that does something else where `derive` opens files."""
    script = folder / "intruder.py"
    script.write_text(SANDBOX.format(tried=tried, give_up=give_up))
    return (sys.executable, "-I", "-B", str(script))


def said_by(command: tuple[str, ...]) -> str:
    done = subprocess.run(command, input=b"x", capture_output=True, env={}, cwd="/", check=False)
    return done.stdout.decode().strip()


TOO_MANY_FILES = f"OSError {errno.EMFILE}"
OPENING = (
    "socket.socket()",
    "socket.socket(socket.AF_UNIX)",
    "socket.socketpair()",
    "os.close(0); socket.socket()",
    "open('/etc/passwd')",
    "os.open('/', os.O_RDONLY)",
    "os.pipe()",
)


@pytest.mark.parametrize("tried", OPENING)
def test_whoever_takes_over_the_decoder_can_open_nothing(tmp_path: Path, tried: str) -> None:
    assert said_by(intruder(tmp_path, tried)) == TOO_MANY_FILES
    assert said_by(intruder(tmp_path, tried, give_up="")) == "done"


# By number where Python has no word for it: x86-64, and what Linux calls every newer machine's.
ASKING = """
def ask(newer, intel, *more):
    number = {"x86_64": intel, "aarch64": newer}[os.uname().machine]
    # Each as a long: of a plain int, only the lower half is certain to reach the kernel.
    if ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *map(ctypes.c_long, more)) < 0:
        raise OSError(ctypes.get_errno(), "")
"""
OTHERS = (
    "os.kill(os.getppid(), 0)",
    "os.kill(0, 0)",
    "signal.pidfd_send_signal(0, 0)",
    "ask(117, 101, 16, os.getppid(), 0, 0)",  # ptrace, to attach
    "ask(270, 310, os.getppid(), 0, 0, 0, 0, 0)",  # process_vm_readv
    "ask(271, 311, os.getppid(), 0, 0, 0, 0, 0)",  # process_vm_writev
    "ask(434, 434, os.getppid(), 0)",  # pidfd_open
    "ask(425, 425, 1, 0)",  # io_uring_setup
    "os.fork()",
    "os.execv(sys.executable, [sys.executable])",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.open('/', os.O_RDONLY)",
    "socket.socket()",
    "ask(261, 302, os.getppid(), 7, 0, 0)",  # prlimit64
)
REACHED_OTHERWISE = (OTHERS[0], OTHERS[4], OTHERS[-1])


@pytest.mark.parametrize("tried", OTHERS)
def test_whoever_takes_over_the_decoder_can_do_nothing_to_others(tmp_path: Path, tried: str) -> None:
    """The service's memory holds the keys, and both run under one account."""
    said = said_by(intruder(tmp_path, tried, give_up=f"{GIVE_UP}\n{ASKING}\nderive.confine()"))

    assert said == f"PermissionError {errno.EPERM}"


@pytest.mark.parametrize("tried", REACHED_OTHERWISE)
def test_the_service_lies_open_to_a_decoder_that_is_not_confined(tmp_path: Path, tried: str) -> None:
    """Or the test above would show nothing."""
    assert said_by(intruder(tmp_path, tried, give_up=f"{GIVE_UP}\n{ASKING}")) == "done"


def test_the_decoder_may_begin_threads(tmp_path: Path) -> None:
    begin = "thread = threading.Thread(target=str); thread.start(); thread.join()"

    assert said_by(intruder(tmp_path, begin, give_up=f"{GIVE_UP}; derive.confine()")) == "done"


def test_a_decoder_that_cannot_be_confined_reads_nothing(tmp_path: Path) -> None:
    script = tmp_path / "elsewhere.py"
    script.write_text(
        "import os, types\n"
        "from waymark.attachments import derive\n"
        "from waymark.kernel import confined\n"
        "confined.os = types.SimpleNamespace(uname=lambda: types.SimpleNamespace(machine='other'))\n"
        "derive.main()\n"
    )

    with pytest.raises(NoPicture) as none:
        Decoder(command=(sys.executable, "-I", "-B", str(script))).look([a_photo()])

    assert none.value.reason == "failed"


def test_whoever_takes_over_the_decoder_has_little_memory(tmp_path: Path) -> None:
    assert said_by(intruder(tmp_path, "bytearray(500_000_000)")) == "MemoryError None"


def test_whoever_takes_over_the_decoder_leaves_no_core(tmp_path: Path) -> None:
    told = "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE)[:1])"

    assert said_by(intruder(tmp_path, f"import resource; {told}")).split("\n")[0] == "0 0"


def test_whoever_burns_time_is_ended(tmp_path: Path) -> None:
    with pytest.raises(NoPicture) as none:
        Decoder(command=intruder(tmp_path, "while True: pass")).look([b"x"])

    assert none.value.reason == "too_costly"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import time; time.sleep(60)", "too_costly"),
        ("import sys; sys.stdin.buffer.read(); import time; time.sleep(60)", "too_costly"),
        ("raise SystemExit(3)", "failed"),
        ("import sys; sys.stdin.buffer.read(); print('made\\n<html>')", "failed"),
        ("import sys; sys.stdin.buffer.read(); print('something else')", "failed"),
        ("import sys; sys.stdin.buffer.read(); sys.stdout.write('x' * 50_000_000)", "failed"),
        ("import os; os.abort()", "failed"),
    ],
)
def test_an_answer_of_another_form_is_not_believed(program: str, reason: str) -> None:
    decoder = Decoder(command=(sys.executable, "-I", "-c", program), wall_s=1.0)

    with pytest.raises(NoPicture) as none:
        decoder.look([noise(1_000_000)])

    assert none.value.reason == reason


def test_it_ends_when_the_service_ends() -> None:
    decoder = Decoder(command=(sys.executable, "-I", "-c", "import time; time.sleep(60)"))
    decoder.stop()

    with pytest.raises(Stopped):
        decoder.look([noise(1_000_000)])


def test_the_environment_does_not_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYMARK_DATABASE_URL", "postgresql://user:canary@host/name")
    looking = "import os, sys; sys.stdin.buffer.read(); print('damaged' if 'WAYMARK_DATABASE_URL' not in"

    with pytest.raises(NoPicture) as none:
        Decoder(command=(sys.executable, "-c", f"{looking} os.environ else 'failed')")).look([b"x"])

    assert none.value.reason == "damaged"
