"""Draws the photos of a demonstration: plainly made up, marked all over, and copied from nowhere."""

import random
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image, ImageDraw, ImageFont

from waymark.cli.demo_photos import Photo, Scene

SIZE: Final = (800, 600)
MARKED: Final = "DEMONSTRATION"
QUALITY: Final = 80
_MARK_ANGLE: Final = 28
_TAKEN: Final = "2026:01:01 12:00:00"
_NORTH, _EAST = (56.0, 30.0, 0.0), (3.0, 10.0, 0.0)  # the middle of the North Sea: nobody lives there

Draw = ImageDraw.ImageDraw
Chance = random.Random
Colour = tuple[int, int, int]


def photo(planned: Photo, *, size: tuple[int, int] = SIZE) -> bytes:
    """As a phone hands it over: with the place inside, where the reporter kept the hidden details."""
    chance = random.Random(planned.seed)  # noqa: S311 - a picture, not a secret
    canvas = Image.new("RGB", SIZE, "white")
    _SCENES[planned.scene](ImageDraw.Draw(canvas), chance)
    mark = _mark()
    canvas.paste(mark, (0, 0), mark)
    made = BytesIO()
    canvas.resize(size).save(
        made, "JPEG", quality=QUALITY, exif=_hidden_details() if planned.details_kept else Image.Exif()
    )
    return made.getvalue()


@cache
def _mark() -> Image.Image:
    """See-through words that cross the whole picture."""
    width, height = SIZE
    layer = Image.new("RGBA", (2 * width, 2 * height))
    draw, font = ImageDraw.Draw(layer), ImageFont.load_default(64)
    for row in range(12):
        text = f"{MARKED}     " * 4
        draw.text(
            (-(row % 2) * 240, row * 190), text, font=font, fill=(255, 255, 255, 150), stroke_width=2,
            stroke_fill=(0, 0, 0, 90),
        )  # fmt: skip
    turned = layer.rotate(_MARK_ANGLE)
    left, top = width // 2, height // 2
    return turned.crop((left, top, left + width, top + height))


def _hidden_details() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = MARKED
    exif[ExifTags.Base.Model] = "Not a camera"
    exif[ExifTags.Base.DateTime] = _TAKEN
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", _NORTH
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", _EAST
    return exif


def _wall(draw: Draw, chance: Chance) -> None:
    """Bricks, and strokes of paint that are no letters."""
    draw.rectangle((0, 0, *SIZE), fill=(150, 146, 140))
    for row in range(16):
        for column in range(-1, 9):
            left, top = column * 100 + (row % 2) * 50, row * 38
            brick = _near((158, 84, 64), chance, by=18)
            draw.rectangle((left + 3, top + 3, left + 97, top + 35), fill=brick)
    for _ in range(4):
        paint = chance.choice(((20, 20, 24), (196, 30, 40), (230, 230, 226)))
        _stroke(draw, chance, paint, width=chance.randrange(12, 22))


def _window(draw: Draw, chance: Chance) -> None:
    """A pane with a hole, and cracks that run from it."""
    draw.rectangle((0, 0, *SIZE), fill=_near((188, 176, 160), chance))
    draw.rectangle((130, 60, 670, 540), fill=(238, 238, 232))
    draw.rectangle((160, 90, 640, 510), fill=_near((126, 160, 186), chance))
    across, down = chance.randrange(280, 520), chance.randrange(200, 400)
    for _ in range(18):
        far = (across + chance.randrange(-380, 380), down + chance.randrange(-320, 320))
        near = (min(640, max(160, far[0])), min(510, max(90, far[1])))
        draw.line((across, down, *near), fill=(240, 246, 250), width=chance.randrange(1, 4))
    hole = [(across + chance.randrange(-70, 70), down + chance.randrange(-60, 60)) for _ in range(9)]
    draw.polygon(hole, fill=(34, 40, 48))
    draw.line((400, 90, 400, 510), fill=(238, 238, 232), width=16)


def _letter(draw: Draw, chance: Chance) -> None:
    """A sheet on a table, with lines of scribble that say nothing."""
    draw.rectangle((0, 0, *SIZE), fill=_near((112, 82, 58), chance))
    lean = chance.randrange(-30, 30)
    draw.polygon(
        ((180 + lean, 40), (620 + lean, 70), (620 - lean, 570), (180 - lean, 540)), fill=(244, 240, 226)
    )
    for line in range(9):
        at, down = 220.0, 130 + line * 42
        points = [(at, float(down))]
        while at < chance.randrange(480, 580):
            at += chance.randrange(5, 13)
            points.append((at, down + chance.uniform(-12, 12)))
        draw.line(points, fill=(36, 40, 92), width=3, joint="curve")


def _screen(draw: Draw, chance: Chance) -> None:
    """A phone with messages whose words are bars."""
    draw.rectangle((0, 0, *SIZE), fill=_near((74, 78, 86), chance))
    draw.rounded_rectangle((250, 15, 550, 585), 36, fill=(18, 18, 20))
    draw.rectangle((266, 60, 534, 540), fill=(236, 238, 242))
    down = 75
    while down < 470:
        left, lines = chance.choice((276, 316)), chance.randrange(1, 4)
        bubble = (left, down, left + 208, down + 22 + lines * 18)
        draw.rounded_rectangle(bubble, 14, fill=(255, 255, 255) if left == 276 else (198, 222, 246))
        for line in range(lines):
            bar = (left + 14, down + 14 + line * 18, left + chance.randrange(90, 194), down + 22 + line * 18)
            draw.rectangle(bar, fill=(120, 124, 132))
        down += 40 + lines * 18


def _car(draw: Draw, chance: Chance) -> None:
    """Two doors of a car, scratched."""
    draw.rectangle((0, 0, *SIZE), fill=(120, 122, 124))
    paint = _near(chance.choice(((40, 74, 130), (150, 30, 34), (198, 200, 204))), chance)
    draw.rounded_rectangle((-60, 190, 860, 520), 60, fill=paint)
    draw.polygon(((90, 190), (200, 70), (620, 70), (740, 190)), fill=(60, 72, 84))
    for door in (110, 410, 700):
        draw.line((door, 190, door, 500), fill=(24, 24, 28), width=4)
    for handle in (330, 620):
        draw.rounded_rectangle((handle, 240, handle + 56, 256), 7, fill=(24, 24, 28))
    for _ in range(5):
        _stroke(draw, chance, (226, 226, 222), width=3)


def _stroke(draw: Draw, chance: Chance, colour: Colour, *, width: int) -> None:
    at = [chance.randrange(120, 640), chance.randrange(200, 400)]
    points = [(at[0], at[1])]
    for _ in range(chance.randrange(5, 10)):
        at = [at[0] + chance.randrange(-110, 130), at[1] + chance.randrange(-90, 90)]
        points.append((at[0], at[1]))
    draw.line(points, fill=colour, width=width, joint="curve")


def _near(colour: Colour, chance: Chance, *, by: int = 12) -> Colour:
    red, green, blue = (part + chance.randrange(-by, by + 1) for part in colour)
    return red, green, blue


_SCENES: Final[Mapping[Scene, Callable[[Draw, Chance], None]]] = {
    "wall": _wall,
    "window": _window,
    "letter": _letter,
    "screen": _screen,
    "car": _car,
}
