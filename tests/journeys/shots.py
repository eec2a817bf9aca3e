"""Photo files as phones make them: upright only by their own word, with hidden details, see-through."""

from pathlib import Path

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from pillow_heif import register_heif_opener

RED, BLUE = (200, 30, 30), (30, 60, 200)
LIES_ON_ITS_SIDE = 6
"""EXIF: to be turned by a quarter to the right."""


def on_its_side(file: Path, *, secret: str = "") -> Path:
    """A JPEG of 600 by 800, red above and blue below, stored lying; with a place, a maker and a comment."""
    upright = Image.new("RGB", (600, 800), BLUE)
    upright.paste(RED, (0, 0, 600, 400))
    exif = Image.Exif()
    exif[Base.Orientation] = LIES_ON_ITS_SIDE
    exif[Base.Make] = secret or "Quince"
    exif[Base.ImageDescription] = secret
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (51.0, 30.0, 26.0)})
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif, comment=secret.encode())
    return file


def see_through(file: Path) -> Path:
    """A PNG of 300 by 200 with nothing in it but a red half."""
    picture = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    picture.paste((*RED, 255), (0, 0, 150, 200))
    picture.save(file, "PNG")
    return file


def heic(file: Path) -> Path:
    """What some phones make and some browsers cannot draw."""
    register_heif_opener()
    Image.new("RGB", (320, 240), RED).save(file, "HEIF")
    return file


def looks(picture: Image.Image, at: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    """Whether the picture has about this colour there. `at`: parts of its width and height."""
    seen = picture.convert("RGB").getpixel((int(at[0] * picture.width), int(at[1] * picture.height)))
    assert isinstance(seen, tuple)
    return all(abs(one - other) < 40 for one, other in zip(seen, colour, strict=True))
