"""Which invented reports carry photos, and of what. Pure: nothing is drawn here (see `demo_draw`)."""

import random
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct

Scene = Literal["wall", "window", "letter", "screen", "car"]

SHARE: Final = 0.4
"""Of the reports of something that can be photographed: about twenty of three hundred."""
DETAILS_KEPT_SHARE: Final = 0.3
_OF_EVENT: Final[Mapping[str, Scene]] = {
    "graffiti": "wall",
    "damage_property": "window",
    "hate_mail": "letter",
    "social_media": "screen",
    "vehicle_damage": "car",
}
_CAPTIONS: Final[Mapping[Scene, tuple[str, ...]]] = {
    "wall": ("The wall this morning", "The same wall from the other side", "Closer, before it was cleaned"),
    "window": ("Our front window", "From inside the room", "What lay on the floor"),
    "letter": ("The note that was left", "The back of it", "The envelope"),
    "screen": ("What was sent to me", "The next one", "It went on in the evening"),
    "car": ("The door of our car", "From closer", "The other side"),
}
"""As an English reporter writes them; the others add none."""


class Photo(Struct, frozen=True, kw_only=True):
    """One photo to be drawn. The same one gives the same picture."""

    scene: Scene
    seed: str
    caption: str = ""
    details_kept: bool = False
    """It says where and when it was taken. Otherwise the device has taken that out before sealing."""


def photos_of(item_id: str, events: Iterable[str], *, language: str) -> tuple[Photo, ...]:
    """Depends on nothing but its arguments: however many reports are planned, this one keeps its photos."""
    scene = next((_OF_EVENT[event] for event in events if event in _OF_EVENT), None)
    chance = random.Random(f"photos {item_id}")  # noqa: S311 - a story, not a secret
    if scene is None or chance.random() >= SHARE:
        return ()
    count = chance.choices((1, 2, 3), (5, 3, 2))[0]
    return photos_in(
        scene,
        item_id,
        count=count,
        captioned=language == "en",
        details_kept=chance.random() < DETAILS_KEPT_SHARE,
    )


def photos_in(
    scene: Scene, item_id: str, *, count: int, captioned: bool = True, details_kept: bool = False
) -> tuple[Photo, ...]:
    return tuple(
        Photo(
            scene=scene,
            seed=f"{item_id} {number}",
            caption=_CAPTIONS[scene][number] if captioned else "",
            details_kept=details_kept,
        )
        for number in range(count)
    )
